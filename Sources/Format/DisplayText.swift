/// Bytes that may come from anywhere, as text that is safe to print on a terminal or in a log.
package enum DisplayText {
  /// UTF-8 where it is, `\xNN` for what is not and for control characters.
  package static func of(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) && $0 != "\\" })
    {
      return text
    }
    let digits = Array("0123456789abcdef")
    return bytes.reduce(into: "") { text, byte in
      if (0x20..<0x7f).contains(byte) && byte != 0x5c {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}
