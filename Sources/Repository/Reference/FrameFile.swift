import Bytes
import Cryptography
import Format
import Glibc
import Synchronization

/// What stands in front of a sealed frame in a file of the reference cache, in clear and bound to it by its seal:
/// how to decode it, and where its base lies.
struct FrameHeader: Sendable, Equatable {
  static let length = 64

  let flags: BlobFlags
  let plainLength: UInt32
  /// The base of a delta.
  let base: Base?

  struct Base: Sendable, Equatable {
    let name: Name
    let place: FramePlace
  }

  func write(to target: UnsafeMutableRawBufferPointer) {
    target[..<FrameHeader.length].initializeMemory(as: UInt8.self, repeating: 0)
    target.storeBytes(of: flags.rawValue, as: UInt8.self)
    target.storeBytes(of: plainLength.littleEndian, toByteOffset: 4, as: UInt32.self)
    guard let base else { return }
    base.name.write(to: UnsafeMutableRawBufferPointer(rebasing: target[8..<40]))
    target.storeBytes(of: base.place.offset.littleEndian, toByteOffset: 40, as: UInt64.self)
    target.storeBytes(of: base.place.file.littleEndian, toByteOffset: 48, as: UInt32.self)
    target.storeBytes(of: base.place.length.littleEndian, toByteOffset: 52, as: UInt32.self)
  }

  init(flags: BlobFlags, plainLength: UInt32, base: Base?) {
    self.flags = flags
    self.plainLength = plainLength
    self.base = base
  }

  /// Reads a header that the seal behind it vouches for; nil if it cannot be one.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= FrameHeader.length else { return nil }
    flags = BlobFlags(rawValue: bytes[0])
    plainLength = UInt32(littleEndian: bytes.load(fromByteOffset: 4, as: UInt32.self))
    guard flags.rawValue <= 3, plainLength <= Limits.chunk else { return nil }
    guard flags.contains(.delta) else {
      base = nil
      return
    }
    let place = FramePlace(
      file: UInt32(littleEndian: bytes.load(fromByteOffset: 48, as: UInt32.self)),
      length: UInt32(littleEndian: bytes.load(fromByteOffset: 52, as: UInt32.self)),
      offset: UInt64(littleEndian: bytes.load(fromByteOffset: 40, as: UInt64.self)))
    guard place.length <= FrameHeader.length + Limits.chunk + 1024 else { return nil }
    base = Base(name: Name(UnsafeRawBufferPointer(rebasing: bytes[8..<40])), place: place)
  }
}

/// The file that a run adds its frames to, from all its workers; bounded.
final class FrameFile: Sendable {
  let generation: UInt32
  private let file: Descriptor
  private let limit: UInt64
  private let end = Mutex<UInt64>(0)

  /// - Parameter limit: bytes that the file may come to
  init(_ file: consuming Descriptor, generation: UInt32, limit: UInt64) {
    self.file = file
    self.generation = generation
    self.limit = limit
  }

  /// Bytes in the file.
  var size: UInt64 { end.withLock { $0 } }

  /// Gives its room on the disk back.
  func discard() { ftruncate(file.number, 0) }

  /// Adds a record; nil if there is no room for it.
  func append(_ record: UnsafeRawBufferPointer) throws(SystemError) -> FramePlace? {
    let offset = end.withLock { end -> UInt64? in
      guard end + UInt64(record.count) <= limit else { return nil }
      defer { end += UInt64(record.count) }
      return end
    }
    guard let offset else { return nil }
    try file.write(record, at: offset)
    return FramePlace(file: generation, length: UInt32(record.count), offset: offset)
  }
}
