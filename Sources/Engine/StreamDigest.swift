import Bytes
import Cryptography

/// What a stream consists of, in 32 bytes: a hash over the names of its chunks in order.
///
/// The names are keyed hashes of the bytes, and a restore recomputes every one, so that equal digests mean equal
/// streams without hashing the bytes a second time.
struct StreamDigest: Sendable {
  private var names: [UInt8] = []
  private var folded: Name = .zero

  /// Appends a chunk.
  mutating func add(_ name: Name) {
    names.append(contentsOf: name.bytes)
    if names.count >= 65_536 { fold() }
  }

  /// The digest.
  mutating func finish() -> Name {
    fold()
    return folded
  }

  private mutating func fold() {
    var stream = HashStream()
    stream.update(folded.bytes)
    stream.update(names)
    folded = stream.finish()
    names.removeAll(keepingCapacity: true)
  }
}
