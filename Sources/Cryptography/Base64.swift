/// Standard base64 (RFC 4648 section 4), canonical: one text for one value, anything else is refused.
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// The text of `bytes`, with `=` to a multiple of four where `padded`.
  static func encode(_ bytes: some Collection<UInt8>, padded: Bool = false) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var bits: UInt32 = 0
    var held = 0
    for byte in bytes {
      bits = (bits << 8) | UInt32(byte)
      held += 8
      while held >= 6 {
        held -= 6
        text.append(digits[Int((bits >> UInt32(held)) & 63)])
      }
    }
    if held > 0 { text.append(digits[Int((bits << UInt32(6 - held)) & 63)]) }
    while padded, !text.count.isMultiple(of: 4) { text.append(padding) }
    return text
  }

  /// The bytes of `text`; nil for a character outside the alphabet, a wrong length, wrong padding, or left-over bits
  /// that are not zero.
  static func decode(_ text: some BidirectionalCollection<UInt8>, padded: Bool = false) -> [UInt8]? {
    var count = text.count
    if padded {
      guard count.isMultiple(of: 4) else { return nil }
      count -= text.reversed().prefix(2).prefix { $0 == padding }.count
    }
    guard count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var held = 0
    for digit in text.prefix(count) {
      guard let value = value(digit) else { return nil }
      bits = (bits << 6) | value
      held += 6
      if held >= 8 {
        held -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
      }
    }
    guard bits & ((1 << UInt32(held)) - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5A: UInt32(digit) - 0x41
    case 0x61...0x7A: UInt32(digit) - 0x61 + 26
    case 0x30...0x39: UInt32(digit) - 0x30 + 52
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }
}
