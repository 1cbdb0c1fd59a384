package import Bytes
package import Cryptography
package import Format
import Store

/// Admits keepers and restorers: new statements of authority, signed by the root key.
package enum NewAuthority {
  /// Makes a keeper or restorer key and admits it.
  ///
  /// The new key holds copies of the identities that its role needs, so that it opens what was sealed before.
  ///
  /// - Throws: `keyWrongRole` without the root key.
  package static func admit(_ role: Role, in repository: OpenRepository) throws(Failure) -> KeyFile {
    precondition(role != .writer)
    let signing = SigningKey()
    let head = try append("\(role.rawValue) added", in: repository) { statement in
      if role == .keeper {
        statement.keepers.append(signing.publicKey)
      } else {
        statement.restorers.append(signing.publicKey)
      }
    }
    return KeyFile(
      role: role, repository: repository.id, root: repository.key.root,
      authority: KeyFile.Pin(number: repository.authority.statement.number + 1, statement: head),
      rescue: repository.key.rescue, location: repository.objects.store.description, signing: signing,
      meta: repository.key.meta, data: role == .restorer ? repository.key.data : [])
  }

  /// Closes a signing key: nothing that it signs counts any more.
  package static func close(_ key: PublicKey, in repository: OpenRepository) throws(Failure) {
    let statement = repository.authority.statement
    guard key != statement.root else {
      throw Failure(.usage, "the root key cannot be closed", next: "Make a new repository if it was stolen.")
    }
    _ = try append("key closed", in: repository) { $0.closed.append(key) }
  }

  private static func append(
    _ change: String, in repository: OpenRepository, _ body: (inout AuthorityStatement) -> Void
  ) throws(Failure) -> Name {
    guard let rootKey = repository.key.rootKey else {
      throw Failure(
        .keyWrongRole, "this key file does not hold the root key", next: "Use the first restorer's key file.")
    }
    var statement = repository.authority.statement
    statement.previous = repository.authority.head
    statement.number += 1
    statement.change = change
    body(&statement)
    return try Authority.put(statement, by: rootKey, in: repository.objects)
  }
}
