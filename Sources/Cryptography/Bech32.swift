/// Bech32 (BIP-173) as age uses it: whole bytes, without the limit of 90 characters.
package enum Bech32 {
  private static let digits = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
  private static let generator: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
  private static let separator = UInt8(ascii: "1")
  private static let checksumCount = 6

  /// `prefix`, `1`, the data and a checksum, all in lower case.
  ///
  /// - Parameter prefix: what kind of data it is, in lower case
  package static func encode(prefix: String, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var values: [UInt8] = []
    values.reserveCapacity(bytes.count * 8 / 5 + 1 + checksumCount)
    defer { Sodium.wipe(&values) }
    regroup(bytes, from: 8, to: 5, into: &values)
    let checksum = checksum(prefix: prefix.utf8, values, count: values.count) ^ 1
    for index in 0..<checksumCount { values.append(UInt8((checksum >> UInt32(5 * (5 - index))) & 31)) }
    var text: [UInt8] = []
    text.reserveCapacity(prefix.utf8.count + 1 + values.count)
    text.append(contentsOf: prefix.utf8)
    text.append(separator)
    for value in values { text.append(digits[Int(value)]) }
    return text
  }

  /// Prefix (in lower case) and bytes; nil for mixed case, a wrong checksum, or bits left over that are not zero.
  ///
  /// The bytes may be secret: who gets them wipes them.
  package static func decode(_ text: some Collection<UInt8>) -> (prefix: String, bytes: [UInt8])? {
    var lower = [UInt8](repeating: 0, count: text.count)
    var values: [UInt8] = []
    values.reserveCapacity(text.count)
    defer {
      Sodium.wipe(&lower)
      Sodium.wipe(&values)
    }
    guard lowercase(text, into: &lower), let split = lower.lastIndex(of: separator), split > 0 else { return nil }
    for digit in lower[(split + 1)...] {
      guard let value = digits.firstIndex(of: digit) else { return nil }
      values.append(UInt8(value))
    }
    let count = values.count - checksumCount
    guard count >= 0, checksum(prefix: lower[..<split], values, count: values.count, closed: true) == 1 else {
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 5 / 8 + 1)
    let rest = values[..<count].withUnsafeBytes { regroup($0, from: 5, to: 8, into: &bytes) }
    guard rest else {
      Sodium.wipe(&bytes)
      return nil
    }
    return (String(decoding: lower[..<split], as: UTF8.self), bytes)
  }

  /// Copies to lower case; false for characters outside 33...126 and for upper and lower case in one text.
  private static func lowercase(_ text: some Collection<UInt8>, into target: inout [UInt8]) -> Bool {
    var upper = false
    var lower = false
    for (index, character) in text.enumerated() {
      switch character {
      case 0x41...0x5A:
        upper = true
        target[index] = character + 0x20
      case 0x61...0x7A:
        lower = true
        target[index] = character
      case 33...126: target[index] = character
      default: return false
      }
    }
    return !(upper && lower)
  }

  /// Appends the bits of `source`, taken `from` bits of each element, in groups of `to` bits. Widening to five bits
  /// pads with zeros; narrowing gives false when what is left over is a whole digit or not zero.
  @discardableResult
  private static func regroup(_ source: UnsafeRawBufferPointer, from: UInt32, to: UInt32, into target: inout [UInt8])
    -> Bool
  {
    var bits: UInt32 = 0
    var held: UInt32 = 0
    for element in source {
      bits = (bits << from | UInt32(element)) & 0xFFF
      held += from
      while held >= to {
        held -= to
        target.append(UInt8(truncatingIfNeeded: (bits >> held) & ((1 << to) - 1)))
      }
    }
    if to < from {
      if held > 0 { target.append(UInt8(truncatingIfNeeded: (bits << (to - held)) & ((1 << to) - 1))) }
      return true
    }
    return held < from && bits & ((1 << held) - 1) == 0
  }

  /// The BCH code of BIP-173 over the expanded prefix and the values; `closed` when they end with their checksum.
  private static func checksum(
    prefix: some Collection<UInt8>, _ values: [UInt8], count: Int, closed: Bool = false
  ) -> UInt32 {
    var state: UInt32 = 1
    for character in prefix { step(&state, character >> 5) }
    step(&state, 0)
    for character in prefix { step(&state, character & 31) }
    for value in values[..<count] { step(&state, value) }
    if !closed { for _ in 0..<checksumCount { step(&state, 0) } }
    return state
  }

  private static func step(_ state: inout UInt32, _ value: UInt8) {
    let top = state >> 25
    state = ((state & 0x1FF_FFFF) << 5) ^ UInt32(value)
    for bit in 0..<5 where (top >> UInt32(bit)) & 1 == 1 { state ^= generator[bit] }
  }
}
