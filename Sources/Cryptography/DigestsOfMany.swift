import Bytes
import CBlake2

/// BLAKE2b-256 without a key of many short messages at once, such as the rows of a table.
///
/// A message of at most 128 bytes is one block, and blocks of different messages do not wait for each other.
package final class DigestBatch {
  /// How many messages are taken before they must be hashed.
  package static let capacity = 512

  private static let lanes = blake2_lanes()
  private let places: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  private let lengths: UnsafeMutablePointer<Int>
  private let digests: UnsafeMutablePointer<UInt8>
  /// How many messages wait.
  package private(set) var count = 0

  /// An empty batch.
  package init() {
    places = .allocate(capacity: DigestBatch.capacity)
    lengths = .allocate(capacity: DigestBatch.capacity)
    digests = .allocate(capacity: DigestBatch.capacity * Name.count)
  }

  deinit {
    places.deallocate()
    lengths.deallocate()
    digests.deallocate()
  }

  /// Whether the next message needs a call of `hash` first.
  package var isFull: Bool { count == DigestBatch.capacity }

  /// Takes a message, whose bytes must stay where they are until `hash`.
  package func add(_ start: UnsafeRawPointer, count length: Int) {
    precondition(count < DigestBatch.capacity)
    places[count] = start.assumingMemoryBound(to: UInt8.self)
    lengths[count] = length
    count += 1
  }

  /// Hashes what waits: lends the digests end to end, 32 bytes each, in the order of the messages.
  package func hash(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard count > 0 else { return }
    if DigestBatch.lanes > 1 {
      blake2_many(DigestBatch.lanes, places, lengths, count, nil, digests)
    } else {
      for index in 0..<count {
        var stream = HashStream()
        stream.update(UnsafeRawBufferPointer(start: places[index], count: lengths[index]))
        stream.finish().write(to: UnsafeMutableRawBufferPointer(start: digests + index * Name.count, count: Name.count))
      }
    }
    let done = count
    count = 0
    body(UnsafeRawBufferPointer(start: digests, count: done * Name.count))
  }
}
