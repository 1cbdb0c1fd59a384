/// Bytes that may come from anywhere, as text that is safe to print on a terminal or in a log.
package enum DisplayText {
  /// UTF-8 where it is, `\xNN` for what is not, for control characters, and for marks that nobody sees: those that
  /// turn the direction of text make a line say something else than its bytes.
  package static func of(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ isVisible($0) })
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

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: scalar != "\\"
    }
  }
}
