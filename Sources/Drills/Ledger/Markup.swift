/// Text for XML and HTML, in which nothing that comes from a record means anything but itself.
enum Markup {
  /// The text with what has a meaning escaped; what XML can't hold, and marks that turn the direction of text, stand as
  /// their code points.
  static func text(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result += " "
      default:
        if isPlain(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          result += "U+" + String(scalar.value, radix: 16, uppercase: true)
        }
      }
    }
  }

  /// An element; attributes are escaped, the content is taken as markup.
  static func element(
    _ name: String, _ attributes: [(String, String)] = [], _ content: String = ""
  ) -> String {
    let head = attributes.map { " \($0.0)=\"\(text($0.1))\"" }.joined()
    return content.isEmpty ? "<\(name)\(head)/>" : "<\(name)\(head)>\(content)</\(name)>"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: false
    default: scalar.value & 0xfffe != 0xfffe
    }
  }
}
