/// Sixteen random bytes that identify a repository, a writer or an installation; 32 hexadecimal digits in paths.
package struct Identifier: Hashable, Comparable, Sendable {
  /// The length of an identifier in bytes.
  package static let count = 16
  /// All zero bits: stands for "none" in persisted layouts.
  package static let zero = Identifier(high: 0, low: 0)

  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A fresh identifier from the system's random number generator.
  package static func random() -> Identifier {
    var generator = SystemRandomNumberGenerator()
    return Identifier(high: generator.next(), low: generator.next())
  }

  /// Reads an identifier from exactly 16 bytes; nil for any other count.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Identifier.count else { return nil }
    let words = bytes.reduce(into: (UInt64(0), UInt64(0))) { words, byte in
      words.0 = words.0 << 8 | words.1 >> 56
      words.1 = words.1 << 8 | UInt64(byte)
    }
    self.init(high: words.0, low: words.1)
  }

  /// Reads 32 lower-case hexadecimal digits; nil for anything else.
  package init?(hex: String) {
    guard hex.utf8.count == 32, let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }

  /// The 16 bytes.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
  }

  /// 32 lower-case hexadecimal digits.
  package var hex: String { Hex.encode(bytes) }

  package static func < (left: Identifier, right: Identifier) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}

extension Identifier: CustomStringConvertible {
  package var description: String { hex }
}
