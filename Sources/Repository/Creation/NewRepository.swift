package import Bytes
import Chunking
import Cryptography
package import Format
import Pipeline
package import Store

/// Makes repositories: rescue kit, the first writer, genesis statement.
package enum NewRepository {
  /// The three key files of a new repository.
  package struct Keys: Sendable {
    package let restorer: KeyFile
    package let keeper: KeyFile
    package let writer: KeyFile
  }

  /// Lays a repository into an empty store.
  ///
  /// - Parameters:
  ///   - store: where; must hold no authority yet
  ///   - components: what the first writer may write
  ///   - label: what people call the first writer
  ///   - save: keeps the keys, before anything is stored: a crash must not leave a repository without keys
  /// - Throws: `storeExists` if there is a repository already; what `save` throws, with nothing stored.
  package static func create(
    in store: any Store, components: [String], label: String,
    save: (Keys) throws(Failure) -> Void = { (_) throws(Failure) in }
  ) throws(Failure) -> Keys {
    let objects = ObjectStore(store)
    try requireNone(in: store)
    let rootKey = SigningKey()
    let (keeperKey, restorerKey) = (SigningKey(), SigningKey())
    let (meta, data) = (X25519Identity(), X25519Identity())
    let statement = AuthorityStatement(
      genesisOf: Identifier.random(), root: rootKey.publicKey,
      epoch: Epoch(epoch: 1, data: [data.recipient.text], meta: [meta.recipient.text]),
      keepers: [keeperKey.publicKey], restorers: [restorerKey.publicKey], rescue: RescueKit.digests)
    let genesis = SealedStatement(statement, by: rootKey)
    func key(_ role: Role, _ signing: SigningKey, data: [X25519Identity] = [], root: SigningKey? = nil) -> KeyFile {
      KeyFile(
        role: role, repository: statement.repository, root: rootKey.publicKey,
        authority: KeyFile.Pin(number: 0, statement: genesis.name), rescue: statement.rescue.reader,
        location: store.description, signing: signing, meta: [meta], data: data, rootKey: root)
    }
    let keeper = key(.keeper, keeperKey)
    let future = OpenRepository(
      objects: objects, key: keeper, authority: AuthorityChain(statement: statement, head: genesis.name))
    let writer = try NewWriter.draft(in: future, components: components, label: label)
    let keys = Keys(
      restorer: key(.restorer, restorerKey, data: [data], root: rootKey), keeper: keeper, writer: writer.key)
    try save(keys)
    for file in RescueKit.files { try putRescue(file, in: store) }
    try NewWriter.put(writer.enrolment, in: future)
    try genesis.put(in: objects)
    // Two that make a repository in one place at the same time must both notice it.
    guard try objects.list(ObjectPath.authorityFolder).count == 1 else { throw occupied(store) }
    return keys
  }

  /// Whether a store holds a repository, whole or not.
  package static func exists(in store: any Store) throws(Failure) -> Bool {
    try !ObjectStore(store).list(ObjectPath.authorityFolder).isEmpty
  }

  /// Throws `storeExists` if a store holds a repository, whole or not.
  package static func requireNone(in store: any Store) throws(Failure) {
    if try exists(in: store) { throw occupied(store) }
  }

  private static func occupied(_ store: any Store) -> Failure {
    Failure(
      .storeExists, "there is a repository already", at: store.description,
      next: "Use it with its keys, or name an empty place.")
  }

  /// Puts a file of the rescue kit; one that is there already has the same digest in its path.
  static func putRescue(_ file: (path: String, bytes: [UInt8]), in store: any Store) throws(Failure) {
    do throws(Failure) {
      try store.put(try StorePath(checking: file.path), file.bytes)
    } catch {
      if error.code != .storeExists { throw error }
    }
  }
}

/// A statement of authority, signed and ready to be stored.
struct SealedStatement {
  let number: UInt64
  /// Its object name.
  let name: Name
  private let bytes: [UInt8]

  init(_ statement: AuthorityStatement, by rootKey: SigningKey) {
    let header = Envelope.Header(
      kind: .authority, repository: statement.repository, writer: .zero, authority: statement.number,
      time: WallClock.now())
    bytes = Envelope.seal(header, body: statement.body, by: rootKey)
    name = ObjectDigest.name(of: bytes)
    number = statement.number
  }

  func put(in objects: ObjectStore) throws(Failure) { try objects.put(.authority(number: number, name), bytes) }
}
