package import Bytes
package import Cryptography
package import Format
import Pipeline
package import Store

/// A repository whose authority was verified against a key file. What can be done with it depends on the key's role:
/// ask for `writerAccess`, `metaAccess` or `restorerAccess`.
package struct OpenRepository: Sendable {
  package let objects: ObjectStore
  package let key: KeyFile
  package let authority: AuthorityChain
  package let state: HostState?

  /// Verifies the authority chain. Nothing is believed because the store says so.
  ///
  /// - Parameters:
  ///   - store: where the repository lies
  ///   - key: the key file at hand
  ///   - state: what this host remembers; nil to trust the key file's pin alone
  package init(_ store: any Store, key: KeyFile, state: HostState?) throws(Failure) {
    objects = ObjectStore(store)
    self.key = key
    self.state = state
    let pin = try state?.pin(atLeast: key.authority) ?? key.authority
    authority = try AuthorityChain.load(from: objects, repository: key.repository, root: key.root, pin: pin)
    try state?.remember(authority)
  }

  /// A repository whose authority is known without a look at the store, because it is being made.
  init(objects: ObjectStore, key: KeyFile, authority: AuthorityChain) {
    self.objects = objects
    self.key = key
    self.authority = authority
    state = nil
  }

  /// The repository's id.
  package var id: Identifier { key.repository }

  /// The header of an object that this key signs now.
  package func header(_ kind: Envelope.Kind, writer: Identifier) -> Envelope.Header {
    Envelope.Header(
      kind: kind, repository: id, writer: writer, authority: authority.statement.number, time: WallClock.now())
  }

  /// Opens a sealed envelope: bytes against the name, seal, signature, and nothing hidden by the store.
  package func openSealed(
    _ path: ObjectPath, kind: Envelope.Kind, writer: Identifier, with identities: [AgeIdentity]
  ) throws(Failure) -> Envelope {
    let bytes = try objects.read(path)
    do throws(Failure) {
      let plain = try Age.open(bytes, with: identities)
      let envelope = try Envelope.open(plain, kind: kind, repository: id, writer: writer)
      try authority.checkNothingHidden(envelope, at: path)
      return envelope
    } catch {
      throw error.place.isEmpty ? error.within(path.path) : error
    }
  }

  /// Seals an envelope and puts it; returns where it lies.
  package func putSealed(
    _ kind: Envelope.Kind, writer: Identifier, body: [UInt8], to recipients: [AgeRecipient],
    at place: (Name) -> ObjectPath
  ) throws(Failure) -> ObjectPath {
    let envelope = Envelope.seal(header(kind, writer: writer), body: body, by: key.signing)
    let bytes = try Age.seal(envelope, to: recipients)
    let path = place(ObjectDigest.name(of: bytes))
    try objects.put(path, bytes)
    return path
  }

  /// A failure that says which key file is needed.
  package func wrongRole(to purpose: String, needs roles: [Role]) -> Failure {
    let needed = roles.map(\.rawValue).joined(separator: " or ")
    return Failure(
      .keyWrongRole, "a \(key.role.rawValue) key cannot \(purpose)",
      next: "Give a \(needed) key with --key.")
  }
}
