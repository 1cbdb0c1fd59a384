import Bytes

/// One of the shared files of the AWS tools, taken apart: sections of `key = value`, some with groups of further ones
/// below a key.
///
/// ```
/// [profile backup]
/// region = eu-central-1
/// s3 =
///   addressing_style = path
/// ```
struct SharedFileText: Sendable {
  /// What a section says; keys are in lower case.
  struct Section: Sendable {
    var values: [String: String] = [:]
    /// By the key that they stand below.
    var groups: [String: [String: String]] = [:]
  }

  /// By the text between the brackets, blanks made single and quotes taken off; of two of one name the later values
  /// count.
  private(set) var sections: [String: Section] = [:]

  private var section: String?
  /// The key whose further lines may follow, and how far it was indented.
  private var open: (key: String, indentation: Int)?

  /// - Throws: `usage` for a line that means nothing, with its number
  init(_ text: String, path: String) throws(Failure) {
    let text = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      do throws(Failure) {
        try take(line)
      } catch {
        throw error.within("\(path):\(index + 1)")
      }
    }
  }

  private mutating func take(_ line: Substring) throws(Failure) {
    let indentation = line.prefix { $0.isWhitespace }.count
    let content = Self.trimmed(line)
    guard let first = content.first, first != "#", first != ";" else { return }
    if first == "[" { return try begin(content) }
    guard let section else { throw Failure(.usage, "there is a line before the first section") }
    if let open, indentation > open.indentation { return add(content, to: open.key, in: section) }
    guard let (key, value) = Self.pair(content) else { throw Failure(.usage, "neither a section nor key = value") }
    sections[section, default: Section()].values[key] = value
    sections[section]?.groups[key] = nil
    open = (key, indentation)
  }

  private mutating func begin(_ content: Substring) throws(Failure) {
    guard let end = content.firstIndex(of: "]") else { throw Failure(.usage, "the name of a section has no ]") }
    let name = content[content.index(after: content.startIndex)..<end]
    let words = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let plain = words.filter { $0 != "\"" && $0 != "'" }
    guard !plain.isEmpty else { throw Failure(.usage, "a section has no name") }
    section = plain
    open = nil
    if sections[plain] == nil { sections[plain] = Section() }
  }

  /// A further line of a key: a pair of its group where the key itself has no value, else more of the value.
  private mutating func add(_ content: Substring, to key: String, in section: String) {
    guard sections[section]?.values[key]?.isEmpty == true, let (name, value) = Self.pair(content) else {
      sections[section]?.values[key]?.append("\n\(content)")
      return
    }
    sections[section]?.groups[key, default: [:]][name] = value
  }

  /// The key in lower case and the value without the remark behind it. Command lines are taken whole: a `#` means
  /// something to programs.
  private static func pair(_ content: Substring) -> (key: String, value: String)? {
    guard let equals = content.firstIndex(of: "=") else { return nil }
    let key = trimmed(content[..<equals]).lowercased()
    let value = trimmed(content[content.index(after: equals)...])
    guard !key.isEmpty else { return nil }
    return (key, key == "credential_process" ? String(value) : String(trimmed(withoutRemark(value))))
  }

  private static func withoutRemark(_ value: Substring) -> Substring {
    var isAfterBlank = true
    for index in value.indices {
      if isAfterBlank, value[index] == "#" || value[index] == ";" { return value[..<index] }
      isAfterBlank = value[index].isWhitespace
    }
    return value
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let front = text.drop { $0.isWhitespace }
    guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return front[...last]
  }
}
