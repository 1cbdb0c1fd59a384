/// The limits of format version 1 (FORMAT.md, section 11). Readers check them before they allocate.
package enum Limits {
  /// The longest chunk and the longest list blob, in plain bytes.
  package static let chunk = 4 << 20
  /// The longest pack and the longest index object, in stored bytes.
  package static let object = 64 << 20
  /// The longest directory of a pack, in stored bytes.
  package static let directory = 8 << 20
  /// The longest snapshot, in stored bytes.
  package static let snapshot = 4 << 20
  /// The longest envelope of any other kind, in stored bytes.
  package static let envelope = 1 << 20
  /// The highest level of a list.
  package static let listLevel: UInt8 = 6
  /// The longest chain of deltas.
  package static let deltaDepth: UInt8 = 32
  /// The size of a full pack.
  package static let fullPack = 16 << 20

  /// True for the ids and component names that a repository may hold: `[a-z0-9-]{1,64}`.
  package static func isComponentName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
  }
}
