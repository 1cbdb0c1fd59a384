import Bytes
import Cryptography
import Format
import Store

/// Compares the bytes of whole objects with the digest that they must have, in bounded memory.
enum WholeObject {
  /// What is read at a time: large enough that the wait for an answer costs little, small enough for many threads.
  private static let piece = 4 << 20

  /// The size of an object whose bytes have this SHA-256; nil if they have another one, or there is no such object.
  ///
  /// - Throws: what the store throws; never `storeMissing`
  static func intactSize(of path: StorePath, digest: Name, in store: any Store) throws(Failure) -> UInt64? {
    var found = ObjectDigest()
    var size: UInt64 = 0
    var buffer = Buffer(capacity: piece)
    do throws(Failure) {
      while size <= UInt64(Limits.object) {
        let range = size..<(size + UInt64(piece))
        buffer.count = try buffer.withCapacity { (room) throws(Failure) in try store.read(path, range, into: room) }
        buffer.withBytes { found.update($0) }
        size += UInt64(buffer.count)
        if buffer.count < piece { return found.finish() == digest ? size : nil }
      }
      return nil
    } catch {
      if error.code == .storeMissing { return nil }
      throw error
    }
  }
}
