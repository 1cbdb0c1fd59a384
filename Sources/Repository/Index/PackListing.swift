import Bytes
import Cryptography
import Format

/// The packs of a namespace as the store lists them, and those that a prune marked: what decides whether a new
/// snapshot may rely on a pack. Read when a run begins and again before it commits.
struct PackListing: Sendable {
  /// Sizes in bytes.
  private(set) var sizes: [Name: UInt64] = [:]
  /// Packs that a keeper's tombstone names.
  private(set) var tombstoned: Set<Name> = []
  /// Tombstones that do not open, verify or count; a prune looks at everything again before it deletes, so that
  /// passing them over is safe.
  private(set) var problems: [(path: ObjectPath, failure: Failure)] = []

  /// Lists packs first, then tombstones.
  init(of writer: Identifier, in repository: OpenRepository, with identities: [AgeIdentity]) throws(Failure) {
    for (object, size) in try repository.objects.list(ObjectPath.folder("packs", of: writer)) {
      sizes[object.name] = size
    }
    for (object, _) in try repository.objects.list(ObjectPath.folder("tombstones", of: writer)) {
      let envelope: Envelope
      do throws(Failure) {
        envelope = try repository.openSealed(object, kind: .tombstone, writer: writer, with: identities)
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        problems.append((object, error))
        continue
      }
      guard repository.authority.statement.isKeeper(envelope.signer) else {
        problems.append((object, Failure(.keyUntrusted, "this tombstone is not signed by a keeper", at: object.path)))
        continue
      }
      tombstoned.formUnion(try Tombstone(body: envelope.body).packs)
    }
  }
}
