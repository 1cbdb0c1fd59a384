package import Bytes

/// A checksum of many hashes that does not depend on their order: their sum as 256-bit numbers, modulo 2^256
/// (AdHash, Bellare and Micciancio 1997). It tells rows apart by accident and by wear, which is its task here; against
/// someone who may choose rows it is not made, for such sums can be solved for collisions with enough work.
package struct MultisetChecksum: Hashable, Sendable {
  /// Little-endian words.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  /// How many hashes were added.
  package private(set) var count: UInt64 = 0

  /// Of nothing: zero.
  package init() {}

  /// Adds one hash.
  package mutating func add(_ hash: Name) {
    let bytes = hash.bytes
    let (a, b, c, d) = bytes.withUnsafeBytes { raw in
      func word(_ index: Int) -> UInt64 {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
      return (word(0), word(1), word(2), word(3))
    }
    var carry: UInt64 = 0
    words.0 = MultisetChecksum.sum(words.0, a, &carry)
    words.1 = MultisetChecksum.sum(words.1, b, &carry)
    words.2 = MultisetChecksum.sum(words.2, c, &carry)
    words.3 = MultisetChecksum.sum(words.3, d, &carry)
    count += 1
  }

  /// The sum as 32 little-endian bytes.
  package var value: Name {
    var writer = ByteWriter(capacity: Name.count)
    for word in [words.0, words.1, words.2, words.3] { writer.integer(word) }
    return writer.bytes.withUnsafeBytes { Name($0) }
  }

  private static func sum(_ left: UInt64, _ right: UInt64, _ carry: inout UInt64) -> UInt64 {
    let (first, overflow) = left.addingReportingOverflow(right)
    let (second, again) = first.addingReportingOverflow(carry)
    carry = overflow || again ? 1 : 0
    return second
  }

  package static func == (left: MultisetChecksum, right: MultisetChecksum) -> Bool {
    left.words == right.words && left.count == right.count
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(count)
  }
}
