import ArgumentParser
import Bytes
import Cryptography
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store

/// `lifeboat init`: makes a repository and its three key files.
///
/// JSON: `repository` with `id`, `location`; then one `key` for each file with `role`, `path`, `protected`.
struct InitCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a repository and its three key files.",
    discussion: """
      The key files are written before anything is stored, so that there is never a repository without keys. \
      Without --component the first writer may write every component that no other writer is granted.
      """)

  @Argument(
    help: "Where the repository is to be: an empty folder, one that does not exist, or s3://bucket/prefix.",
    completion: .directory)
  var location: String?

  @Option(name: .customLong("component"), help: "A component that the first writer may write; may be repeated.")
  var components: [String] = []

  @Option(help: "The folder for the key files; made if it isn't there.", completion: .directory)
  var keys = "keys"

  @Option(help: "What to call the first writer. Default: the name of this host.")
  var label: String?

  @Option(
    help: "The component or the path of the profile that says how the store is reached, and where it is.",
    completion: .file())
  var profile: String?

  @OptionGroup var protection: NewPassphraseOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }

  private static let roles: [Role] = [.restorer, .keeper, .writer]

  private func path(of role: Role) -> String { "\(keys)/\(role.rawValue).key" }

  func run(in context: RunContext) throws(Failure) {
    let wanted = components.isEmpty ? [Enrolment.everyComponent] : components
    try ComponentNames.check(components, allowsEvery: true)
    for role in InitCommand.roles { try KeyFileStorage.checkFree(path(of: role)) }
    let said = try profile.map { (word) throws(Failure) in AddressHints(try Profile.load(try Lookup.profile(word))) }
    let location = try location.map { (text) throws(Failure) in try StoreLocation(text) }
    guard location != nil || said != nil else {
      throw Failure(
        .usage, "nothing says where the repository is to be", at: "command line",
        next: "Give a folder, s3://bucket/prefix, or --profile.")
    }
    let address = try RepositoryOptions.stores(location, said).store
    let store = try StoreOpening.open(address, create: true, in: context.surroundings)
    // Asked before the passphrase: nobody should think of one in vain.
    try NewRepository.requireNone(in: store)
    let passphrase = protection.isWanted ? try protection.source(in: context).fetch() : nil
    try makeFolder()
    let made: NewRepository.Keys
    var written: [String] = []
    do throws(Failure) {
      made = try NewRepository.create(in: store, components: wanted, label: label ?? InitCommand.hostName()) {
        (made) throws(Failure) in
        try context.stop.check()
        for key in [made.restorer, made.keeper, made.writer] {
          try KeyFileStorage.create(key, at: path(of: key.role), protectedBy: passphrase)
          written.append(path(of: key.role))
        }
      }
    } catch {
      throw undo(error, written, in: store)
    }
    say(made, at: store.description, isProtected: passphrase != nil, context)
  }

  /// Takes the key files away again if it is certain that no repository needs them.
  private func undo(_ failure: Failure, _ written: [String], in store: any Store) -> Failure {
    if (try? NewRepository.exists(in: store)) == false {
      for path in written { unlink(path) }
      return failure
    }
    if written.isEmpty { return failure }
    return Failure(
      failure.code, "\(failure.what); the repository may be there, so its key files were kept", at: failure.place,
      next: "See whether lifeboat snapshots opens it with \(path(of: .keeper)).")
  }

  private func makeFolder() throws(Failure) {
    do throws(SystemError) {
      try DurableFile.createFolder(keys)
    } catch {
      throw error.failure(
        .targetRefused, "the folder for the key files cannot be made", next: "Name another with --keys.")
    }
  }

  private func say(_ made: NewRepository.Keys, at place: String, isProtected: Bool, _ context: RunContext) {
    let id = made.restorer.repository.hex
    context.say(
      Statement(
        "repository", [("id", .text(id)), ("location", .text(place))], ["Repository \(id) is ready in \(place).", ""]))
    for role in InitCommand.roles {
      let fields: [(String, JSONText)] = [
        ("role", .text(role.rawValue)), ("path", .text(path(of: role))), ("protected", .truth(isProtected)),
      ]
      context.say(Statement("key", fields, [path(of: role)] + InitCommand.advice(role).map { "  \($0)" }))
    }
    let lines = [
      "", "A first backup:",
      "  some-dump-tool | lifeboat backup --repository \(place) --key \(path(of: .writer)) --component \(components.first ?? "NAME") --stdin",
    ]
    if !output.json { context.say(Statement("advice", [], lines)) }
  }

  private static func advice(_ role: Role) -> [String] {
    switch role {
    case .restorer:
      [
        "Opens every backup. Keep it offline, in two places, apart from the repository.",
        "Without it nothing can be restored, by anyone.",
      ]
    case .keeper:
      [
        "Looks after the repository: enrols writers, lists, checks; cannot read a dump.",
        "Keep it on the machine that looks after the repository, never on a backup host.",
      ]
    case .writer:
      [
        "Makes backups and can read none. Belongs on the host that makes backups;",
        "if it is lost, enrol a new one with the keeper key (lifeboat key new writer).",
      ]
    }
  }

  static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "writer" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
