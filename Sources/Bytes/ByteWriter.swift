/// Builds a persisted layout: little-endian integers, raw bytes, length-prefixed bytes.
package struct ByteWriter {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  /// An empty writer with room for `capacity` bytes.
  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Appends a little-endian integer in its natural width.
  package mutating func integer(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends bytes as they are.
  package mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }

  /// Appends the 32 bytes of a name.
  package mutating func name(_ value: Name) {
    // No array between: names are written for every chunk.
    withUnsafeBytes(of: (value.a.bigEndian, value.b.bigEndian, value.c.bigEndian, value.d.bigEndian)) {
      bytes.append(contentsOf: $0)
    }
  }

  /// Appends the 16 bytes of an identifier.
  package mutating func identifier(_ value: Identifier) {
    withUnsafeBytes(of: (value.high.bigEndian, value.low.bigEndian)) { bytes.append(contentsOf: $0) }
  }

  /// Appends a 16-bit count and then the bytes; at most 65 535 of them.
  package mutating func short(_ value: [UInt8]) {
    precondition(value.count <= Int(UInt16.max))
    integer(UInt16(value.count))
    raw(value)
  }

  /// Appends a 32-bit count and then the bytes.
  package mutating func long(_ value: [UInt8]) {
    integer(UInt32(value.count))
    raw(value)
  }
}
