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
  /// The store with its copies, where there are any: what `objects` reads.
  package let fallback: FallbackStore?

  /// Verifies the authority chain. Nothing is believed because the store says so.
  ///
  /// - Parameters:
  ///   - store: where the repository lies
  ///   - key: the key file at hand
  ///   - state: what this host remembers; nil to trust the key file's pin alone
  ///   - copies: where to look for what is missing or damaged. Writers never look there: what they rely on must be in
  ///     the store itself
  ///   - notices: gets what was taken from copies, and which of them are of no use
  package init(
    _ store: any Store, key: KeyFile, state: HostState?, copies: [StoreCopy] = [],
    notices: @escaping NoticeSink = { _ in }
  ) throws(Failure) {
    let usable = copies.isEmpty || key.writer != nil ? [] : try CopyIdentity.usable(copies, of: store, notices)
    fallback = usable.isEmpty ? nil : FallbackStore(store, copies: usable, notices: notices)
    objects = ObjectStore(fallback ?? store)
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
    fallback = nil
  }

  private init(_ other: OpenRepository, in store: any Store) {
    objects = ObjectStore(store)
    key = other.key
    authority = other.authority
    state = other.state
    fallback = nil
  }

  /// The same without a look at any copy: what the store itself holds.
  package var withoutCopies: OpenRepository { fallback.map { OpenRepository(self, in: $0.primary) } ?? self }

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
    let plain = try unseal(path, with: identities)
    do throws(Failure) {
      let envelope = try Envelope.open(plain, kind: kind, repository: id, writer: writer)
      try authority.checkNothingHidden(envelope, at: path)
      return envelope
    } catch {
      throw error.place.isEmpty ? error.within(path.path) : error
    }
  }

  /// Takes the seal off an object: bytes against the name, and the seal, no signature.
  func unseal(_ path: ObjectPath, with identities: [AgeIdentity]) throws(Failure) -> [UInt8] {
    let bytes = try objects.read(path)
    do throws(Failure) {
      return try Age.open(bytes, with: identities)
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
