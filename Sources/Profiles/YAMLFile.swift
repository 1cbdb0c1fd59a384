import Bytes
import Yams

/// Reads a YAML file into nodes with places. The only file that knows Yams.
enum YAMLFile {
  /// Profiles are written by people; a longer file is something else given by mistake.
  static let limit = 256 * 1024
  /// Brackets, and nested list marks on one line, in all: the parser recurses, and its stack must hold.
  private static let nestingLimit = 1000

  /// Reads the one document of the file at `path`; throws `usage` if it can't be read, and `profileInvalid` if it is
  /// no YAML. Repeated keys and other things that leave a readable document are added to `problems`.
  static func read(_ path: String, _ problems: Problems) throws(Failure) -> YAMLNode {
    let bytes: [UInt8]
    do {
      bytes = try DurableFile.read(path, limit: limit)
    } catch {
      throw error.failure(.usage, "can't read the file", next: "Check the path and the permissions.")
    }
    return try parse(bytes, problems)
  }

  /// Parses a document that lies in memory.
  static func parse(_ bytes: [UInt8], _ problems: Problems) throws(Failure) -> YAMLNode {
    guard var text = decode(bytes, problems) else { try failed(problems) }
    if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
    if isNestedTooDeep(text) {
      problems.add(.start, "", "more than \(nestingLimit) brackets or nested marks; a profile needs far fewer")
      try failed(problems)
    }
    // Yams keeps a pointer to the text, and Swift holds texts under 16 bytes outside the heap.
    let lineCount = text.count(where: \.isNewline) + 1
    if text.utf8.count < 32 { text += String(repeating: "\n", count: 32) }
    guard let node = compose(text, lineCount, problems) else { try failed(problems) }
    return node
  }

  private static func failed(_ problems: Problems) throws(Failure) -> Never {
    try problems.settle()
    throw Failure(.defect, "a YAML file failed without a problem", at: problems.file)
  }

  private static func decode(_ bytes: [UInt8], _ problems: Problems) -> String? {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var mark = (line: 1, column: 1)
    var decoder = UTF8()
    var rest = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&rest) {
      mark = scalar == "\n" ? (mark.line + 1, 1) : (mark.line, mark.column + 1)
    }
    problems.add(YAMLMark(line: mark.line, column: mark.column), "", "not UTF-8 text")
    return nil
  }

  private static func isNestedTooDeep(_ text: String) -> Bool {
    var brackets = 0
    var marks = 0
    var previous: UInt8 = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): marks = 0
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        if previous == UInt8(ascii: "-") || previous == UInt8(ascii: "?") || previous == UInt8(ascii: ":") {
          marks += 1
        }
      default: break
      }
      previous = byte
      if brackets > nestingLimit || marks > nestingLimit { return true }
    }
    return false
  }

  /// Composes the document. Yams stops at the first repeated key; to see the whole document all the same, the first
  /// letter of the key it names is replaced by a private character, which the finished nodes turn back.
  private static func compose(_ original: String, _ lineCount: Int, _ problems: Problems) -> YAMLNode? {
    var text = original
    var renamed: [YAMLMark: Unicode.Scalar] = [:]
    while true {
      do {
        let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
        guard let root = try parser.singleRoot() else {
          problems.add(.start, "", "the file is empty")
          return nil
        }
        return Converter(problems: problems, renamed: renamed).convert(root, key: "")
      } catch let error as YamlError {
        guard case .duplicatedKeysInMapping(let names, let context) = error, let name = names.first,
          renamed.count < 200, let letter = name.unicodeScalars.first,
          let stand = Unicode.Scalar(0xe000 + UInt32(renamed.count)),
          let (place, changed) = replace(letter, of: name, at: context.mark, by: stand, in: text)
        else {
          report(error, lineCount, problems)
          return nil
        }
        renamed[place] = letter
        text = changed
      } catch {
        problems.add(.start, "", "can't be read as YAML: \(error)")
        return nil
      }
    }
  }

  /// Replaces the first letter of the key at `mark`; nil if the key doesn't stand there letter by letter.
  private static func replace(
    _ letter: Unicode.Scalar, of name: String, at mark: Mark, by stand: Unicode.Scalar, in text: String
  ) -> (YAMLMark, String)? {
    let scalars = text.unicodeScalars
    guard var index = position(of: mark, in: text), index < scalars.endIndex else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { index = scalars.index(after: index) }
    guard scalars[index...].starts(with: name.unicodeScalars) else { return nil }
    var changed = text
    changed.unicodeScalars.replaceSubrange(index..<scalars.index(after: index), with: [stand])
    return (YAMLMark(line: mark.line, column: mark.column), changed)
  }

  private static func position(of mark: Mark, in text: String) -> String.Index? {
    let scalars = text.unicodeScalars
    var (line, column) = (1, 1)
    var index = scalars.startIndex
    while index < scalars.endIndex {
      if (line, column) == (mark.line, mark.column) { return index }
      let scalar = scalars[index]
      index = scalars.index(after: index)
      let next: Unicode.Scalar? = index < scalars.endIndex ? scalars[index] : nil
      switch scalar {
      case "\r" where next == "\n": column += 1
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": (line, column) = (line + 1, 1)
      default: column += 1
      }
    }
    return nil
  }

  private static func report(_ error: YamlError, _ lineCount: Int, _ problems: Problems) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let isInside = mark.line <= lineCount
      let place = YAMLMark(line: min(mark.line, lineCount), column: isInside ? mark.column : 1)
      problems.add(place, "", "not valid YAML: \(problem)")
    case .reader(let problem, let offset, _, let text):
      var mark = YAMLMark.start
      if let offset {
        let lines = text.prefix(offset).split(separator: "\n", omittingEmptySubsequences: false)
        mark = YAMLMark(line: max(1, lines.count), column: (lines.last?.unicodeScalars.count ?? 0) + 1)
      }
      problems.add(mark, "", "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let names, let context):
      let mark = YAMLMark(line: context.mark.line, column: context.mark.column)
      problems.add(mark, names.first ?? "", "the key stands here more than once")
    default:
      problems.add(.start, "", "can't be read as YAML")
    }
  }
}

/// Turns Yams' nodes into ours: keys become text, repeated keys and anchors become problems.
private struct Converter {
  let problems: Problems
  /// Keys whose first letter was replaced while composing.
  let renamed: [YAMLMark: Unicode.Scalar]

  func convert(_ node: Node, key: String) -> YAMLNode {
    let mark = place(node)
    if node.anchor != nil {
      problems.add(mark, key, "anchors and aliases are not used in profiles; write the value out")
      return YAMLNode(mark: mark, content: .refused)
    }
    switch node {
    case .scalar(let scalar):
      return YAMLNode(mark: mark, content: .scalar(scalar.string, isPlain: scalar.style == .plain))
    case .sequence(let sequence):
      let items = sequence.enumerated().map { convert($1, key: "\(key)[\($0)]") }
      return YAMLNode(mark: mark, content: .list(items))
    case .mapping(let mapping):
      return YAMLNode(mark: mark, content: .mapping(pairs(mapping, key: key)))
    case .alias:
      return YAMLNode(mark: mark, content: .refused)
    }
  }

  private func pairs(_ mapping: Node.Mapping, key: String) -> [YAMLPair] {
    var pairs: [YAMLPair] = []
    for (name, value) in mapping {
      let mark = place(name)
      guard case .scalar(let scalar) = name, name.anchor == nil else {
        problems.add(mark, key, "a key must be a single word")
        continue
      }
      var text = scalar.string
      if let letter = renamed[mark] {
        text.unicodeScalars.removeFirst()
        text.unicodeScalars.insert(letter, at: text.startIndex)
      }
      let inner = key.isEmpty ? text : "\(key).\(text)"
      if let first = pairs.first(where: { $0.key == text }) {
        problems.add(mark, inner, "the key stands here a second time; first at line \(first.mark.line)")
      }
      pairs.append(YAMLPair(key: text, mark: mark, value: convert(value, key: inner)))
    }
    return pairs
  }

  private func place(_ node: Node) -> YAMLMark {
    node.mark.map { YAMLMark(line: $0.line, column: $0.column) } ?? .start
  }
}
