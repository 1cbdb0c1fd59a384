/// The spelling rules of names in profiles.
enum Words {
  /// What a repository's location looks like.
  static let repository = "a folder or s3://bucket/prefix"

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

  /// ASCII letters, digits, and those of `also` alone.
  static func isPlain(_ text: String, also: String, orEmpty: Bool = false) -> Bool {
    guard orEmpty || !text.isEmpty else { return false }
    return text.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
        || also.utf8.contains(byte)
    }
  }
}

extension Field {
  /// The name of a component or a drill.
  func identifier() -> String? {
    value("a name of 1 to 64 letters a-z, digits and -", shown: { $0 }, pattern: .identifier) {
      Words.isIdentifier($0) ? $0 : nil
    }
  }

  /// The name of a stream.
  func streamName() -> String? {
    value("a name of letters, digits, '.', '_' and '-'", shown: { $0 }) { Words.isStreamName($0) ? $0 : nil }
  }

  /// Where a repository lies: a folder, or a bucket and what the keys in it begin with.
  func repository() -> String? {
    guard let text = text(Words.repository, display: .nothing) else { return nil }
    guard let scheme = text.firstRange(of: "://"), !text[..<scheme.lowerBound].contains("/") else { return path() }
    guard StoreSettingsReader.isBucket(text) else {
      problem("\(text[..<scheme.upperBound]) is no kind of store; \(Words.repository) is expected")
      return nil
    }
    return value(Words.repository, shown: { $0 }) { text in
      let parts = text[scheme.upperBound...].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      let isBucket = (3...63).contains(parts[0].utf8.count) && Words.isPlain(String(parts[0]), also: "-_.")
      return isBucket && (parts.count < 2 || Words.isPlain(String(parts[1]), also: "-_./", orEmpty: true)) ? text : nil
    }
  }
}
