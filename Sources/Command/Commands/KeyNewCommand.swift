import ArgumentParser
import Bytes
import Cryptography
import Format
import Profiles
import Repository

/// `lifeboat key new`: a new writer, keeper or restorer.
///
/// JSON: one `key` with `role`, `path`, `protected`, `publicKey`, `writer` (the id; null for other roles), `components`.
struct KeyNewCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Make a key file and admit it.",
    discussion:
      "A writer is enrolled with a keeper key; keepers and restorers are admitted with the root key, which the "
      + "first restorer's key file holds.")

  @Argument(help: "writer, keeper or restorer.")
  var role: String

  @Option(help: "The new key file.", completion: .file())
  var out: String

  @Option(
    name: .customLong("component"),
    help:
      "A component that the writer may write; may be repeated. Default: all that no other writer is granted by name.")
  var components: [String] = []

  @Option(help: "What to call the writer. Default: the name of this host.")
  var label: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var protection: NewPassphraseOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }

  func run(in context: RunContext) throws(Failure) {
    guard let role = Role(rawValue: role) else {
      throw Failure(.usage, "\(role) is no role", at: "command line", next: "Choose writer, keeper or restorer.")
    }
    guard role == .writer || (components.isEmpty && label == nil) else {
      throw Failure(
        .usage, "--component and --label are for writers", at: "command line", next: "Leave them out.")
    }
    try ComponentNames.check(components, allowsEvery: true)
    let address = try repository.address(in: context, for: role == .writer ? [.keeper] : [.restorer]) {
      () throws(Failure) in nil
    }
    try KeyFileStorage.checkFree(out)
    let passphrase = protection.isWanted ? try protection.source(in: context).fetch() : nil
    let granted = components.isEmpty ? [Enrolment.everyComponent] : components
    let key = try address.withRepository(in: context) { (repository) throws(Failure) in
      func save(_ key: KeyFile) throws(Failure) { try KeyFileStorage.create(key, at: out, protectedBy: passphrase) }
      if role == .writer {
        return try NewWriter.enrol(
          in: repository, components: granted, label: label ?? InitCommand.hostName(), save: save)
      }
      return try NewAuthority.admit(role, in: repository, save: save)
    }
    let fields: [(String, JSONText)] = [
      ("role", .text(role.rawValue)), ("path", .text(out)), ("protected", .truth(passphrase != nil)),
      ("publicKey", .text(key.signing.publicKey.hex)), ("writer", key.writer.map { .text($0.id.hex) } ?? .nothing),
      ("components", .list(role == .writer ? granted.map { .text($0) } : [])),
    ]
    let title = key.writer.map { "writer \($0.id.hex.prefix(8))" } ?? role.rawValue
    context.say(
      Statement("key", fields, ["\(out): the key of a new \(title), public key \(key.signing.publicKey.fingerprint)"]))
  }
}
