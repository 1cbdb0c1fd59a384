package import Bytes

/// One SQL statement of a drill that only reads, as it is handed to the vendor's client.
///
/// The transaction that it runs in can't write; this keeps it in there. A second statement could end the transaction,
/// and clients take some text for commands of their own: a backslash outside of quotes, comments that MariaDB executes.
package struct ReadingStatement {
  /// Whose SQL it is.
  package enum Dialect: Sendable {
    case postgresql, mariadb
  }

  /// The statement without the semicolon at its end.
  package let text: String

  /// Throws `unproven` for what is anything else.
  package init(_ query: String, _ dialect: Dialect) throws(Failure) {
    var scan = StatementScan(Array(query.utf8), dialect)
    if let objection = scan.objection() { throw Failure(.unproven, "the query is refused: \(objection)") }
    let first = scan.words.first ?? ""
    guard ReadingStatement.beginnings.contains(first) else {
      throw Failure(
        .unproven,
        first.isEmpty
          ? "the query is refused: there is no statement"
          : "the query is refused: \(first) does not read rows")
    }
    if let word = scan.words.first(where: { ReadingStatement.refused.contains($0) }) {
      throw Failure(.unproven, "the query is refused: \(word) writes outside of the database")
    }
    text = String(decoding: query.utf8.prefix(scan.end), as: UTF8.self)
  }

  private static let beginnings = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW"]
  private static let refused = ["OUTFILE", "DUMPFILE"]
}

/// Walks over SQL as its lexer would, as far as quotes, comments and the ends of statements go.
private struct StatementScan {
  private let bytes: [UInt8]
  private let dialect: ReadingStatement.Dialect
  private var place = 0
  /// Words outside of quotes and comments, in capitals.
  private(set) var words: [String] = []
  /// Where the statement ends.
  private(set) var end: Int

  init(_ bytes: [UInt8], _ dialect: ReadingStatement.Dialect) {
    self.bytes = bytes
    self.dialect = dialect
    end = bytes.count
  }

  /// Why this is not one statement; nil if it is.
  mutating func objection() -> String? {
    if bytes.contains(0) { return "it holds a zero byte" }
    while let byte = peek() {
      if end < bytes.count, !isSpace(byte), !isComment { return "it is more than one statement" }
      if let objection = step(byte) { return objection }
    }
    return nil
  }

  private var isComment: Bool { startsLineComment || starts("/*") }

  private var startsLineComment: Bool {
    switch dialect {
    case .postgresql: starts("--")
    // MariaDB asks for a space after it.
    case .mariadb: peek() == UInt8(ascii: "#") || starts("--") && (peek(2).map { $0 <= 0x20 } ?? true)
    }
  }

  private mutating func step(_ byte: UInt8) -> String? {
    if startsLineComment {
      while let next = peek(), next != 0x0a { place += 1 }
      return nil
    }
    if starts("/*") { return comment() }
    switch byte {
    case UInt8(ascii: ";"):
      end = place
      place += 1
      return nil
    case UInt8(ascii: "\\"): return "it has a backslash outside of quotes"
    case UInt8(ascii: "'"): return quoted(byte, escapes: dialect == .mariadb || words.last == "E" && isGlued)
    case UInt8(ascii: "\""): return quoted(byte, escapes: dialect == .mariadb)
    case UInt8(ascii: "`") where dialect == .mariadb: return quoted(byte, escapes: false)
    case UInt8(ascii: "$") where dialect == .postgresql: return dollar()
    default:
      if isWord(byte) { word() } else { place += 1 }
      return nil
    }
  }

  private mutating func comment() -> String? {
    if dialect == .mariadb, starts("/*!") || starts("/*M!") { return "it has a comment that is executed" }
    var depth = 0
    while place < bytes.count {
      if starts("/*"), dialect == .postgresql || depth == 0 {
        depth += 1
        place += 2
      } else if starts("*/") {
        depth -= 1
        place += 2
        if depth == 0 { return nil }
      } else {
        place += 1
      }
    }
    return "a comment has no end"
  }

  private mutating func quoted(_ quote: UInt8, escapes: Bool) -> String? {
    place += 1
    while let byte = peek() {
      place += byte == UInt8(ascii: "\\") && escapes ? 2 : 1
      guard byte == quote else { continue }
      // A doubled quotation mark stands for one.
      guard peek() == quote else { return nil }
      place += 1
    }
    return "a quotation mark is missing"
  }

  /// `$tag$ … $tag$`; a dollar sign that begins no such is a letter.
  private mutating func dollar() -> String? {
    var close = place + 1
    while close < bytes.count, isWord(bytes[close]), bytes[close] != UInt8(ascii: "$") { close += 1 }
    guard close < bytes.count, bytes[close] == UInt8(ascii: "$"),
      place + 1 == close || !(0x30...0x39).contains(bytes[place + 1])
    else {
      place += 1
      return nil
    }
    let tag = Array(bytes[place...close])
    place = close + 1
    while place + tag.count <= bytes.count {
      if bytes[place..<(place + tag.count)].elementsEqual(tag) {
        place += tag.count
        return nil
      }
      place += 1
    }
    return "a quotation mark is missing"
  }

  private mutating func word() {
    let start = place
    while let byte = peek(), isWord(byte) { place += 1 }
    words.append(String(decoding: bytes[start..<place], as: UTF8.self).uppercased())
  }

  /// Whether the last word ends right here: `E'…'` is a text with escapes.
  private var isGlued: Bool { place > 0 && isWord(bytes[place - 1]) }

  private func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  private func peek(_ offset: Int = 0) -> UInt8? { place + offset < bytes.count ? bytes[place + offset] : nil }

  private func starts(_ text: StaticString) -> Bool {
    place + text.utf8CodeUnitCount <= bytes.count
      && (0..<text.utf8CodeUnitCount).allSatisfy { bytes[place + $0] == text.utf8Start[$0] }
  }
}
