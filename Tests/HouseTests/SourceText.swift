/// Swift source as far as the house's rules need it: without comments and without the insides of strings.
struct SourceText {
  /// The modules that a source file imports, whatever stands before the word and wherever the lines break.
  static func imports(of source: String) -> [String] {
    let kinds: Set = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func"]
    let words = code(of: source, keepingStrings: false).split { $0.isWhitespace || $0 == ";" }
    var modules: [String] = []
    for (index, word) in words.enumerated() where word == "import" {
      guard let path = words[(index + 1)...].first(where: { !kinds.contains(String($0)) }) else { continue }
      modules.append(path.split(separator: ".").first.map { $0.filter { $0 != "`" } } ?? "")
    }
    return modules
  }

  /// The source without comments, and with empty strings unless they are kept.
  static func code(of source: String, keepingStrings: Bool) -> String {
    var left = Substring(source)
    var result = ""
    while let next = left.first {
      if left.hasPrefix("//") {
        left = left.drop { !$0.isNewline }
      } else if left.hasPrefix("/*") {
        left = afterComment(left)
        result += " "
      } else if let string = string(at: left) {
        result += keepingStrings ? String(string) : "\"\""
        left = left[string.endIndex...]
      } else {
        result.append(next)
        left.removeFirst()
      }
    }
    return result
  }

  /// What follows a block comment; they nest.
  private static func afterComment(_ text: Substring) -> Substring {
    var left = text.dropFirst(2)
    var depth = 1
    while depth > 0, !left.isEmpty {
      if left.hasPrefix("/*") {
        depth += 1
        left = left.dropFirst(2)
      } else if left.hasPrefix("*/") {
        depth -= 1
        left = left.dropFirst(2)
      } else {
        left.removeFirst()
      }
    }
    return left
  }

  /// The string literal that a text begins with, plain, raw or of many lines; nil if it begins with none.
  private static func string(at text: Substring) -> Substring? {
    let pounds = String(text.prefix { $0 == "#" })
    let rest = text.dropFirst(pounds.count)
    guard rest.first == "\"" else { return nil }
    let quotes = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
    var left = rest.dropFirst(quotes.count)
    while !left.isEmpty, !left.hasPrefix(quotes + pounds) {
      // An escaped quote, in a raw string with its number signs, does not end it.
      left = left.hasPrefix("\\" + pounds) ? left.dropFirst(pounds.count + 2) : left.dropFirst()
    }
    return text[..<left.dropFirst(quotes.count + pounds.count).startIndex]
  }
}
