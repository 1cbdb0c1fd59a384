import ArgumentParser
import Bytes
import Cryptography
import Format
import Profiles
import Repository

/// `lifeboat key list`: every key that counts, and those that were closed.
///
/// JSON: one `key` for each with `role` (`root`, `restorer`, `keeper`, `writer`), `publicKey`, `closed`, `writer`, `label`,
/// `components`, `revision`, which are null or empty for other roles, and `minisign`: of the restorer who asks, the public
/// key that verifies signed exports of the ledger.
struct KeyListCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the keys of a repository and what is granted to them.",
    discussion: "Needs a keeper or restorer key.")

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let address = try repository.address(in: context, for: [.keeper, .restorer]) { () throws(Failure) in nil }
    let access = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try MetaAccess(repository, to: "list keys")
    }
    let keys = KnownKey.all(access)
    if output.json {
      for key in keys { context.say(Statement("key", key.fields, [])) }
    } else {
      context.say(Statement("keys", [], KeyListCommand.lines(keys, access)))
    }
    for problem in access.problems {
      context.warn("writer \(problem.writer.hex.prefix(8)) does not count: \(problem.failure.description)")
    }
  }

  private static func lines(_ keys: [KnownKey], _ access: MetaAccess) -> [String] {
    let statement = access.repository.authority.statement
    var table = Table([
      ("ROLE", .left), ("PUBLIC KEY", .left), ("WRITER", .left), ("LABEL", .left), ("COMPONENTS", .left),
      ("STATE", .left),
    ])
    for key in keys {
      let isOwn = key.publicKey == access.repository.key.signing.publicKey
      let state = [key.isClosed ? "closed" : "", isOwn ? "this key" : ""].filter { !$0.isEmpty }
      table.add([
        key.role, key.publicKey.fingerprint, key.writer.map { String($0.id.hex.prefix(8)) } ?? "-",
        key.writer?.enrolment.label ?? "-", key.writer?.enrolment.components.joined(separator: ", ") ?? "-",
        state.isEmpty ? "-" : state.joined(separator: ", "),
      ])
    }
    let evidence = keys.compactMap(\.minisign).first.map {
      ["", "Evidence that this key signs (drill export --sign) is verified by minisign -V -P \($0)"]
    }
    return [
      "Repository \(statement.repository.hex), authority statement \(statement.number) (\(statement.change))", "",
    ]
      + table.lines + (evidence ?? [])
  }
}

/// A public key of a repository with what it is for.
struct KnownKey {
  let role: String
  let publicKey: PublicKey
  let isClosed: Bool
  let writer: EnrolledWriter?
  /// The public key of its signatures beside exports, where it is the restorer's own.
  let minisign: String?

  /// Root, restorers, keepers, writers.
  static func all(_ access: MetaAccess) -> [KnownKey] {
    let statement = access.repository.authority.statement
    let own = access.repository.key.signing
    let evidence = statement.isRestorer(own.publicKey) ? LedgerFile.Evidence(own).minisign : nil
    func key(_ role: String, _ key: PublicKey, _ writer: EnrolledWriter? = nil) -> KnownKey {
      KnownKey(
        role: role, publicKey: key, isClosed: statement.closed.contains(key), writer: writer,
        minisign: role == Role.restorer.rawValue && key == own.publicKey ? evidence : nil)
    }
    return [key("root", statement.root)] + statement.restorers.map { key("restorer", $0) }
      + statement.keepers.map { key("keeper", $0) } + access.writers.map { key("writer", $0.enrolment.sign, $0) }
  }

  var fields: [(String, JSONText)] {
    [
      ("role", .text(role)), ("publicKey", .text(publicKey.hex)), ("closed", .truth(isClosed)),
      ("writer", writer.map { .text($0.id.hex) } ?? .nothing),
      ("label", writer.map { .text($0.enrolment.label) } ?? .nothing),
      ("components", .list(writer?.enrolment.components.map { .text($0) } ?? [])),
      ("revision", writer.map { .count($0.enrolment.revision) } ?? .nothing),
      ("minisign", minisign.map { .text($0) } ?? .nothing),
    ]
  }
}
