import ArgumentParser
import Bytes
import Cryptography
import Format
import Profiles
import Repository

/// `lifeboat key close`: nothing that a key signed counts any more.
///
/// JSON: one `closed` with `publicKey`.
struct KeyCloseCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Close a signing key: nothing that it signed counts any more.",
    discussion:
      "Needs the root key, which the first restorer's key file holds. Snapshots of a closed writer no longer count.")

  @Argument(help: "The public key, or its beginning, as lifeboat key list shows it.")
  var publicKey: String

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }

  func run(in context: RunContext) throws(Failure) {
    let address = try repository.address(in: context, for: [.restorer]) { () throws(Failure) in nil }
    let closed = try address.withRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: "close keys")
      let found = Set(
        KnownKey.all(access).map(\.publicKey).filter { !publicKey.isEmpty && $0.hex.hasPrefix(publicKey) })
      // A key that no listing knows any more can still be closed, but only by its full name.
      guard let key = found.first ?? PublicKey(hex: publicKey), found.count <= 1 else {
        throw Failure(
          .usage, found.isEmpty ? "no key begins with \(publicKey)" : "\(found.count) keys begin with \(publicKey)",
          at: "command line", next: "See lifeboat key list.")
      }
      try NewAuthority.close(key, in: repository)
      return key
    }
    context.say(
      Statement("closed", [("publicKey", .text(closed.hex))], ["\(closed.fingerprint) is closed"]))
  }
}
