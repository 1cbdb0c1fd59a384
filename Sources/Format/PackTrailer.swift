package import Bytes

/// The last 16 bytes of a pack: where its directory begins.
package struct PackTrailer: Sendable, Equatable {
  /// The length of a trailer in bytes.
  package static let length = 16
  private static let magic = Array("lbpack-1".utf8)

  /// Bytes of the directory's age file, which ends where the trailer begins.
  package let directoryLength: UInt32

  package init(directoryLength: UInt32) { self.directoryLength = directoryLength }

  /// The 16 bytes.
  package var bytes: [UInt8] {
    var writer = ByteWriter(capacity: PackTrailer.length)
    writer.raw(PackTrailer.magic)
    writer.integer(directoryLength)
    writer.integer(UInt32(0))
    return writer.bytes
  }

  /// Reads the trailer of a pack of `packSize` bytes.
  package init(_ bytes: some Collection<UInt8>, packSize: UInt64) throws(Failure) {
    var reader = ByteReader(bytes, of: "pack trailer")
    guard try reader.take(8).elementsEqual(PackTrailer.magic) else { throw reader.mismatch("magic") }
    directoryLength = try reader.integer(UInt32.self)
    guard try reader.integer(UInt32.self) == 0 else { throw reader.mismatch("reserved bytes") }
    try reader.end()
    guard Int(directoryLength) <= Limits.directory, UInt64(directoryLength) + 16 <= packSize else {
      throw reader.mismatch("directory of \(directoryLength) bytes")
    }
  }
}
