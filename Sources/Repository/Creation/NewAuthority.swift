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
  /// - Parameters:
  ///   - role: keeper or restorer
  ///   - repository: opened with the root key
  ///   - save: keeps the key, before it is admitted
  /// - Throws: `keyWrongRole` without the root key; what `save` throws, with nothing stored.
  package static func admit(
    _ role: Role, in repository: OpenRepository,
    save: (KeyFile) throws(Failure) -> Void = { (_) throws(Failure) in }
  ) throws(Failure) -> KeyFile {
    precondition(role != .writer)
    let signing = SigningKey()
    let sealed = try next("\(role.rawValue) added", in: repository) { statement in
      if role == .keeper {
        statement.keepers.append(signing.publicKey)
      } else {
        statement.restorers.append(signing.publicKey)
      }
    }
    let key = KeyFile(
      role: role, repository: repository.id, root: repository.key.root,
      authority: KeyFile.Pin(number: sealed.number, statement: sealed.name),
      rescue: repository.key.rescue, location: repository.objects.store.description, signing: signing,
      meta: repository.key.meta, data: role == .restorer ? repository.key.data : [])
    try save(key)
    try sealed.put(in: repository.objects)
    return key
  }

  /// Closes a signing key: nothing that it signs counts any more.
  package static func close(_ key: PublicKey, in repository: OpenRepository) throws(Failure) {
    let statement = repository.authority.statement
    guard key != statement.root else {
      throw Failure(.usage, "the root key cannot be closed", next: "Make a new repository if it was stolen.")
    }
    if statement.closed.contains(key) { return }
    try next("key closed", in: repository) { $0.closed.append(key) }.put(in: repository.objects)
  }

  private static func next(
    _ change: String, in repository: OpenRepository, _ body: (inout AuthorityStatement) -> Void
  ) throws(Failure) -> SealedStatement {
    guard let rootKey = repository.key.rootKey else {
      throw Failure(
        .keyWrongRole, "this key file does not hold the root key", next: "Use the first restorer's key file.")
    }
    var statement = repository.authority.statement
    statement.previous = repository.authority.head
    statement.number += 1
    statement.change = change
    body(&statement)
    return SealedStatement(statement, by: rootKey)
  }
}
