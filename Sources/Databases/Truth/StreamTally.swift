package import Bytes
import Cryptography

/// The truth about the streams of a dump in a few bytes, however many there are. The engine adds each stream as it is
/// stored, and again as it is restored; equal tallies mean equal names, lengths and contents.
package struct StreamTally: Hashable, Sendable {
  /// How many bytes all streams have.
  package private(set) var bytes: UInt64 = 0
  private var checksum = MultisetChecksum()

  /// Of no stream.
  package init() {}

  init(count: UInt64, bytes: UInt64, checksum: Name) {
    self.bytes = bytes
    stored = (count, checksum)
  }

  /// What was read from a manifest, which can be compared but not added to.
  private var stored: (count: UInt64, checksum: Name)?

  /// Adds a stream by its name, length and the BLAKE2b-256 of its bytes.
  package mutating func add(name: [UInt8], length: UInt64, digest: Name) {
    precondition(stored == nil, "a tally from a manifest is finished")
    var writer = ByteWriter(capacity: name.count + 44)
    writer.long(name)
    writer.integer(length)
    writer.name(digest)
    var hash = HashStream()
    hash.update(writer.bytes)
    checksum.add(hash.finish())
    bytes += length
  }

  /// How many streams there are.
  package var count: UInt64 { stored?.count ?? checksum.count }

  /// The order-independent checksum over names, lengths and digests.
  package var value: Name { stored?.checksum ?? checksum.value }

  package static func == (left: StreamTally, right: StreamTally) -> Bool {
    left.count == right.count && left.bytes == right.bytes && left.value == right.value
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
