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
  package mutating func add(_ hash: Name) { hash.bytes.withUnsafeBytes { add(hashes: $0) } }

  /// Adds many hashes that lie end to end, 32 bytes each.
  package mutating func add(hashes: UnsafeRawBufferPointer) {
    var sum = words
    for start in stride(from: 0, to: hashes.count, by: Name.count) {
      func word(_ index: Int) -> UInt64 {
        UInt64(littleEndian: hashes.loadUnaligned(fromByteOffset: start + index * 8, as: UInt64.self))
      }
      var carry: UInt64 = 0
      sum.0 = MultisetChecksum.sum(sum.0, word(0), &carry)
      sum.1 = MultisetChecksum.sum(sum.1, word(1), &carry)
      sum.2 = MultisetChecksum.sum(sum.2, word(2), &carry)
      sum.3 = MultisetChecksum.sum(sum.3, word(3), &carry)
    }
    words = sum
    count += UInt64(hashes.count / Name.count)
  }

  /// Adds all that another checksum holds.
  package mutating func add(_ other: MultisetChecksum) {
    var carry: UInt64 = 0
    words.0 = MultisetChecksum.sum(words.0, other.words.0, &carry)
    words.1 = MultisetChecksum.sum(words.1, other.words.1, &carry)
    words.2 = MultisetChecksum.sum(words.2, other.words.2, &carry)
    words.3 = MultisetChecksum.sum(words.3, other.words.3, &carry)
    count += other.count
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
