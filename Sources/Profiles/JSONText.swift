/// A small tree that prints itself as JSON: what the product writes for machines, in the order it was built.
package indirect enum JSONText: Sendable, Equatable {
  /// A text.
  case text(String)
  /// A whole number; beyond ±(2^53 − 1) it is printed as a text, for readers that know only doubles.
  case integer(Int64)
  /// `true` or `false`.
  case truth(Bool)
  /// `null`.
  case nothing
  /// Values in order.
  case list([JSONText])
  /// Named values in order; the names must differ.
  case object([(String, JSONText)])

  /// A count; beyond 2^53 it is printed as a text.
  package static func count(_ value: UInt64) -> JSONText {
    Int64(exactly: value).map { .integer($0) } ?? .text("\(value)")
  }

  /// The tree on one line, without a line break at the end.
  package var encoded: String {
    var text = ""
    write(to: &text)
    return text
  }

  package static func == (left: JSONText, right: JSONText) -> Bool { left.encoded == right.encoded }

  private func write(to text: inout String) {
    switch self {
    case .text(let value): JSONText.quote(value, to: &text)
    case .integer(let value):
      let isExact = value.magnitude < 1 << 53
      text += isExact ? "\(value)" : "\"\(value)\""
    case .truth(let value): text += value ? "true" : "false"
    case .nothing: text += "null"
    case .list(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += "," }
        item.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        JSONText.quote(member.0, to: &text)
        text += ":"
        member.1.write(to: &text)
      }
      text += "}"
    }
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _
      where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar == "\u{2028}" || scalar == "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
