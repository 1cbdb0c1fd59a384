package import Bytes

/// Packs that a prune found dead: readable until they are deleted, but no new snapshot may rely on them.
package struct Tombstone: Codable, Equatable, Sendable {
  package let packs: [Name]
  /// The snapshots that were heads when the prune looked.
  package let heads: [Name]

  package init(packs: [Name], heads: [Name]) {
    self.packs = packs
    self.heads = heads
  }

  /// The body of the tombstone's envelope.
  package var body: [UInt8] { JSONBody.encode(self) }

  /// Reads a body.
  package init(body: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(Tombstone.self, from: body, of: "tombstone")
  }
}
