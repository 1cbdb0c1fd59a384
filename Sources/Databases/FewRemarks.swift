/// Remarks that may come by the million: the first are kept, the others counted.
struct FewRemarks {
  private static let limit = 100
  private var kept: [String] = []
  private var dropped = 0

  mutating func add(_ remark: String) {
    if kept.count < FewRemarks.limit { kept.append(remark) } else { dropped += 1 }
  }

  var all: [String] { dropped == 0 ? kept : kept + ["and \(dropped) more"] }
}

/// Bytes of a name as a message may show them: UTF-8 as it is, control characters and other bytes as `\x1b`.
enum Printable {
  static func text(_ bytes: [UInt8]) -> String {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    guard !isText || bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    if isText {
      let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
      return scalars.map { $0.value < 0x20 || $0.value == 0x7f ? escape(UInt8($0.value)) : String($0) }.joined()
    }
    return bytes.map { $0 < 0x20 || $0 >= 0x7f ? escape($0) : String(Unicode.Scalar($0)) }.joined()
  }

  private static func escape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count < 2 ? "0" : "") + digits
  }
}

extension Printable {
  /// A text in quotation marks on one line.
  static func quoted(_ value: String) -> String { "\"\(text(Array(value.utf8)))\"" }
}
