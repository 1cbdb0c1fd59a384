import ArgumentParser
import Bytes
import Engine
import Format
import Profiles
import Repository

/// `lifeboat profile show`. JSON: one `profile` with `path`, `component`, `values` and `origins`, objects with dotted
/// keys. With `--snapshot`: one `profile` with `snapshot`, `component`, `values`, `yaml`, `notRecorded` and `extended`.
struct ProfileShowCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the values of a profile that count, and where each comes from.",
    usage: """
      lifeboat profile show <component or profile>
      lifeboat profile show --snapshot latest [<component>] [--repository R --key K]
      """,
    discussion: """
      Secrets are shown as references, never as values.

      Every snapshot holds the profile that it was made with. With --snapshot it is printed as a file that a host where \
      nothing is left can use: lifeboat profile show --snapshot latest orders --repository R --key K > profiles/orders.yaml
      """)

  @Argument(help: "A component or the path of a profile.", completion: .file())
  var profile: String?

  @Option(help: "The profile of a snapshot: latest, latest-proven, or the beginning of its id.")
  var snapshot: String?

  @Option(help: "With --snapshot: of the writer whose id begins so, where several have the component.")
  var writer: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    if let snapshot { return try showSaved(try SelectionOptions.word(snapshot), in: context) }
    guard repository.repository == nil, repository.key == nil, repository.profile == nil, writer == nil,
      copies.copies.isEmpty
    else {
      throw Failure(
        .usage, "only the profile of a snapshot is read from a repository", at: "command line",
        next: "Add --snapshot latest, or leave the options of the repository out.")
    }
    guard let profile else {
      throw Failure(
        .usage, "no profile is named", at: "command line", next: "Name a component, or the path of its profile.")
    }
    try show(try Lookup.profile(profile), in: context)
  }

  private func show(_ path: String, in context: RunContext) throws(Failure) {
    let profile = try Profile.load(path)
    var table = Table([("KEY", .left), ("VALUE", .left), ("FROM", .left)])
    for entry in profile.description.entries { table.add([entry.key, entry.value.text, entry.origin]) }
    let origins = JSONText.object(profile.description.entries.map { ($0.key, .text($0.origin)) })
    context.say(
      Statement(
        "profile",
        [
          ("path", .text(path)), ("component", .text(profile.component)), ("values", profile.description.tree),
          ("origins", origins),
        ], table.lines + ProfileSummary(profile).lines))
  }

  private func showSaved(_ selection: Selection, in context: RunContext) throws(Failure) {
    let named = try NamedComponent(profile)
    let address = try repository.address(in: context, for: [.restorer, .keeper], hints: named.hints).asking(copies)
    let listed = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: "show snapshots")
      let history = try SnapshotHistory.load(access)
      let ledger = try Ledger.load(access)
      return try SnapshotChoice.make(selection, of: named.name, writer: writer, in: history, ledger: ledger).listed
    }
    let values = JSONValue.parse(listed.snapshot.profile)
    guard let values, let saved = SavedProfile(values) else {
      throw Failure(
        .damaged, "the snapshot holds no profile that can be read", at: "snapshot \(listed.name.hex.prefix(12))",
        next: "Take the profile of another snapshot; lifeboat show prints what is there.")
    }
    let body = saved.yaml.split(separator: "\n").map(String.init)
    context.say(
      Statement(
        "profile",
        [
          ("snapshot", .text(listed.name.hex)), ("component", .text(listed.snapshot.component)), ("values", values),
          ("yaml", .text(saved.yaml)), ("notRecorded", .list(saved.notRecorded.map { .text($0) })),
          ("extended", .list(saved.extended.map { .text($0) })),
        ], ProfileShowCommand.head(saved, of: listed) + body))
  }

  /// What a person should know of the file before it is used.
  private static func head(_ saved: SavedProfile, of listed: ListedSnapshot) -> [String] {
    let snapshot = listed.snapshot
    var lines = [
      "The profile of \(snapshot.component) as it was at \(LocalTime.text(snapshot.finished.value))"
        + ", from snapshot \(listed.name.hex.prefix(12)).",
      "Paths are those of the host that made the snapshot; secrets are references, and have to be there, too.",
    ]
    if !saved.extended.isEmpty { lines.append("Merged from it and \(saved.extended.joined(separator: ", ")).") }
    if saved.lacksRepository {
      lines.append("The backup was made without a profile: add repository and keys to use this one.")
    }
    lines += saved.notRecorded.map { "Not recorded, as it may be secret; put it back: \($0)" }
    return lines.map { "# \(SafeText.line($0))" }
  }
}
