package import Bytes
import Chunking
import Cryptography
package import Format
import Pipeline
package import Store

/// Makes repositories: genesis statement, rescue kit, the first writer.
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
  /// - Throws: `storeExists` if there is a repository already.
  package static func create(
    in store: any Store, components: [String], label: String
  ) throws(Failure) -> Keys {
    let objects = ObjectStore(store)
    guard try objects.list(ObjectPath.authorityFolder).isEmpty else {
      throw Failure(
        .storeExists, "there is a repository already", at: store.description,
        next: "Use it with its keys, or name an empty place.")
    }
    let rootKey = SigningKey()
    let keeperKey = SigningKey()
    let restorerKey = SigningKey()
    let meta = X25519Identity()
    let data = X25519Identity()
    let statement = AuthorityStatement(
      genesisOf: Identifier.random(), root: rootKey.publicKey,
      epoch: Epoch(epoch: 1, data: [data.recipient.text], meta: [meta.recipient.text]),
      keepers: [keeperKey.publicKey], restorers: [restorerKey.publicKey], rescue: RescueKit.digests)
    for file in RescueKit.files { try putRescue(file, in: store) }
    let head = try Authority.put(statement, by: rootKey, in: objects)
    let pin = KeyFile.Pin(number: 0, statement: head)
    func key(_ role: Role, _ signing: SigningKey, data: [X25519Identity] = [], root: SigningKey? = nil) -> KeyFile {
      KeyFile(
        role: role, repository: statement.repository, root: rootKey.publicKey, authority: pin,
        rescue: statement.rescue.reader, location: store.description, signing: signing, meta: [meta], data: data,
        rootKey: root)
    }
    let keeper = key(.keeper, keeperKey)
    let repository = try OpenRepository(store, key: keeper, state: nil)
    let writer = try NewWriter.enrol(in: repository, components: components, label: label)
    return Keys(restorer: key(.restorer, restorerKey, data: [data], root: rootKey), keeper: keeper, writer: writer)
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

/// Puts statements of authority.
enum Authority {
  /// Signs a statement with the root key and puts it; returns its object name.
  static func put(
    _ statement: AuthorityStatement, by rootKey: SigningKey, in objects: ObjectStore
  ) throws(Failure) -> Name {
    let header = Envelope.Header(
      kind: .authority, repository: statement.repository, writer: .zero, authority: statement.number,
      time: WallClock.now())
    let bytes = Envelope.seal(header, body: statement.body, by: rootKey)
    let name = ObjectDigest.name(of: bytes)
    try objects.put(.authority(number: statement.number, name), bytes)
    return name
  }
}
