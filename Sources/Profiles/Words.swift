/// The spelling rules of names in profiles.
enum Words {
  /// A component or a drill: `[a-z0-9-]{1,64}`, the same in paths, messages and signed documents.
  static func isIdentifier(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d }
  }

  /// The name of a stream: one path component of 1 to 255 letters, digits, `.`, `_` and `-`.
  static func isStreamName(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy {
      ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x41 && $0 <= 0x5a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d || $0 == 0x2e
        || $0 == 0x5f
    }
    return isPlain && (1...255).contains(text.utf8.count) && text != "." && text != ".."
  }

  /// The name of an environment variable: letters, digits and `_`, no digit first.
  static func isVariable(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy {
      ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x41 && $0 <= 0x5a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f
    }
  }
}

extension Field {
  /// The name of a component or a drill.
  func identifier() -> String? {
    value("a name of 1 to 64 letters a-z, digits and -", shown: { $0 }) { Words.isIdentifier($0) ? $0 : nil }
  }

  /// The name of a stream.
  func streamName() -> String? {
    value("a name of letters, digits, '.', '_' and '-'", shown: { $0 }) { Words.isStreamName($0) ? $0 : nil }
  }

  /// Where the repository lies: a folder.
  func repository() -> String? {
    if case .scalar(let text, _) = node.content, let scheme = text.firstRange(of: "://") {
      problem(
        "\(text[..<scheme.upperBound]) is no kind of store that this version knows; the path of a folder is expected")
      return nil
    }
    return path()
  }
}
