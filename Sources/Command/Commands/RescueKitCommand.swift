import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// `lifeboat rescue-kit`: one printable page a component, with all that a recovery on a bare machine needs.
///
/// JSON: one `kit` for each with `component`, `repository`, `root`, `primary` and `copies` (`location`, `endpoint`, `region`,
/// `certificates`), `keys` (`role`, `path`, `fingerprints`, `protected`), `credentials` (names of variables), `engine`,
/// `version`, `snapshot`, `taken`, `bytes`, `databases` (or null), `rto` and `rpo` (seconds or null), `reader` and `program`
/// (SHA-256), `ways` (`tool`, `packages`, `variables`: `name`, `line`, `about`; `steps`: `title`, `command`, `measured`:
/// `nanoseconds`, `when`, `verdict`, `record`, or null), `last` and `proven` (`sort`, `name`, `nanoseconds`, `when`, `verdict`,
/// `record`, or null), `printed`, `tool`, and `file`, where the page was written, or null.
struct RescueKitCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescue-kit", abstract: "Print the page by which a component is recovered on a bare machine.",
    discussion: """
      Where the data lies, which keys and packages are needed, the exact commands, with lifeboat and without it, and how \
      long each took when it was last rehearsed. A drill with the scenario bare-host or cold-tool runs these very \
      commands. No secret is on the page. Needs a keeper or restorer key; only a restorer's sees databases by name, and \
      the locales that they need. Without a component: one page for each.
      """)

  /// How the page looks.
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, html }

  @Argument(help: "The components, or the paths of their profiles.")
  var components: [String] = []

  @Option(help: "text, for a terminal and a printer; or html, one file that loads nothing.")
  var format: Format = .text

  @Option(help: "The file to write the pages to.", completion: .file())
  var to: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let program = try KitProgram.running().digest
    var kits: [RecoveryKit] = []
    for word in components.isEmpty ? [nil] : components.map({ Optional($0) }) {
      let named = try NamedComponent(word)
      let address = try repository.address(in: context, for: [.restorer, .keeper], hints: named.hints).asking(copies)
      kits += try address.withReadOnlyRepository(in: context) { (open) throws(Failure) in
        try KitReading(open, address, program: program, in: context).kits(of: named)
      }
    }
    if let to { try write(kits, to: to) }
    for (index, kit) in kits.enumerated() { say(kit, isFirst: index == 0, in: context) }
  }

  private func write(_ kits: [RecoveryKit], to path: String) throws(Failure) {
    let text = format == .html ? KitHTML.document(kits) : kits.map { KitText($0).text }.joined(separator: "\u{c}\n")
    let outcome = Array(text.utf8).withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try DurableFile.replace(path, bytes, mode: 0o644) }
    }
    do {
      try outcome.get()
    } catch {
      throw error.failure(.targetRefused, "the page can't be written", next: "Name a file in a folder of yours.")
    }
  }

  private func say(_ kit: RecoveryKit, isFirst: Bool, in context: RunContext) {
    var lines: [String] = []
    if let to {
      lines = ["\(kit.component): the page is in \(to)"]
    } else if format == .html {
      lines = KitHTML.document([kit]).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    } else {
      lines = (isFirst ? [] : ["", String(repeating: "=", count: 100), ""]) + KitText(kit).lines
    }
    context.say(
      Statement("kit", KitFields.of(kit) + [("file", to.map { .text($0) } ?? .nothing)], lines, isSummary: to != nil))
  }
}

/// Reads what the pages of a repository need.
struct KitReading {
  private let open: OpenRepository
  private let address: RepositoryAddress
  private let program: String
  private let context: RunContext

  init(_ open: OpenRepository, _ address: RepositoryAddress, program: String, in context: RunContext) {
    self.open = open
    self.address = address
    self.program = program
    self.context = context
  }

  /// The kit of one component, or of every one that has a whole snapshot.
  func kits(of named: NamedComponent) throws(Failure) -> [RecoveryKit] {
    let access = try MetaAccess(open, to: "print rescue kits")
    let history = try SnapshotHistory.load(access)
    let ledger = try Ledger.load(access)
    if named.name == nil { HistoryWarnings.say(history, access, in: context) }
    let all = Set(history.snapshots.filter(\.isComplete).map(\.snapshot.component)).sorted()
    guard named.name != nil || !all.isEmpty else {
      throw Failure(.usage, "there is no whole snapshot yet", next: "Make a backup first.")
    }
    var kits: [RecoveryKit] = []
    for name in named.name.map({ [$0] }) ?? all {
      let choice = try SnapshotChoice.make(.latest, of: name, in: history, ledger: ledger)
      let profile = try named.described() ?? KitReading.saved(choice.listed)
      var contents = KitContents(choice.listed)
      read(choice.listed, into: &contents)
      kits.append(RecoveryKit(name, contents, access, ledger, try surroundings(profile)))
    }
    return kits
  }

  /// What only a restorer sees makes a page better; that it can't be read is no reason to have none.
  private func read(_ listed: ListedSnapshot, into contents: inout KitContents) {
    guard !open.key.data.isEmpty else { return }
    do throws(Failure) {
      try contents.read(listed, try RestorerAccess(open, to: "print rescue kits"), stop: context.stop)
    } catch {
      context.warn("what \(listed.snapshot.component) holds can't be read: \(error.description)")
    }
  }

  /// The profile that travels with the snapshot; nil for a run that was described on a command line.
  private static func saved(_ listed: ListedSnapshot) -> Profile? {
    guard let values = JSONValue.parse(listed.snapshot.profile), let saved = SavedProfile(values) else { return nil }
    return try? Profile.parse(Array(saved.yaml.utf8), file: "/profile", folders: []) { _ in nil }
  }

  private func surroundings(_ profile: Profile?) throws(Failure) -> RecoveryKit.Surroundings {
    var store = address.store
    var copies = address.copies
    if let profile, let known = try? StoreAddress(CopySettings(location: profile.repository, store: profile.store)) {
      let others = profile.copies.compactMap { try? StoreAddress($0) }
      if known.location.isSame(as: store.location) {
        store.settings = store.settings.completed(by: known.settings)
        if copies.isEmpty { copies = others }
      } else if let used = others.first(where: { $0.location.isSame(as: store.location) }) {
        store.settings = store.settings.completed(by: used.settings)
      }
    }
    var places: [KitPlace] = []
    for copy in copies where !copy.location.isSame(as: store.location) {
      places.append(try KitPlace(copy, in: context.surroundings))
    }
    return RecoveryKit.Surroundings(
      primary: try KitPlace(store, in: context.surroundings), copies: places, keys: keys(profile),
      objectives: profile?.objectives ?? Objectives(), tool: Release.tool, program: program, printed: WallClock.now())
  }

  /// Where the profile expects key files, and the one that opened the repository.
  private func keys(_ profile: Profile?) -> [Role: String] {
    var keys: [Role: String] = [:]
    keys[.restorer] = profile?.keys.restorer
    keys[.keeper] = profile?.keys.keeper
    keys[.writer] = profile?.keys.writer
    if let raw = realpath(address.keyPath, nil) {
      keys[open.key.role] = String(cString: raw)
      free(raw)
    }
    return keys
  }
}
