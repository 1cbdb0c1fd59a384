/// Thirty-two bytes that name something: an object (SHA-256 of its bytes), a blob (keyed BLAKE2b-256), a key.
///
/// Kept as four big-endian words, so that comparing words compares the bytes in order.
package struct Name: Hashable, Comparable, Sendable {
  /// The length of a name in bytes.
  package static let count = 32
  /// All zero bits: stands for "none" in persisted layouts.
  package static let zero = Name(0, 0, 0, 0)

  let a: UInt64
  let b: UInt64
  let c: UInt64
  let d: UInt64

  init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }

  /// Reads a name from the first 32 bytes, which must be there.
  package init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= Name.count)
    func word(_ offset: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    self.init(word(0), word(8), word(16), word(24))
  }

  /// Reads a name from exactly 32 bytes; nil for any other count.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Name.count else { return nil }
    self = Array(bytes).withUnsafeBytes { Name($0) }
  }

  /// Reads 64 lower-case hexadecimal digits; nil for anything else.
  package init?(hex: String) {
    guard hex.utf8.count == 64, let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Name.count) { buffer, count in
      write(to: UnsafeMutableRawBufferPointer(buffer))
      count = Name.count
    }
  }

  /// Writes the 32 bytes to the front of `target`, which must have room.
  package func write(to target: UnsafeMutableRawBufferPointer) {
    precondition(target.count >= Name.count)
    target.storeBytes(of: a.bigEndian, toByteOffset: 0, as: UInt64.self)
    target.storeBytes(of: b.bigEndian, toByteOffset: 8, as: UInt64.self)
    target.storeBytes(of: c.bigEndian, toByteOffset: 16, as: UInt64.self)
    target.storeBytes(of: d.bigEndian, toByteOffset: 24, as: UInt64.self)
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { Hex.encode(bytes) }

  /// The first 64 bits, evenly spread for any keyed or cryptographic name.
  package var prefix: UInt64 { a }

  package static func < (left: Name, right: Name) -> Bool {
    if left.a != right.a { return left.a < right.a }
    if left.b != right.b { return left.b < right.b }
    if left.c != right.c { return left.c < right.c }
    return left.d < right.d
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(a)
    hasher.combine(b)
  }
}

extension Name: CustomStringConvertible {
  package var description: String { hex }
}
