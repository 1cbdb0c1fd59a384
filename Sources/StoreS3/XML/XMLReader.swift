import Bytes

/// Pulls tags and texts out of the small documents that S3 answers with.
///
/// It reads what S3 writes, and refuses the rest of XML: no document types, hence no entities of anyone's making. The
/// bytes come from a stranger: every step checks the bounds, and nesting has a limit.
struct XMLReader {
  enum Token: Equatable {
    /// `<name …>`, without its namespace. `<name/>` is a start and an end.
    case start(String)
    case end(String)
    /// What stands between tags: where it lies, for `text(in:)`. Not at all where there is only white space.
    case text(Range<Int>)
  }

  private static let deepest = 16

  private let bytes: [UInt8]
  private var position = 0
  private var open: [String] = []
  /// The end that belongs to a tag which ended itself.
  private var owed: String?
  private var isBegun = false

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next token; nil once the document's one element has ended.
  ///
  /// - Throws: `storeUnavailable` with advice to try again for a document that ends early or is no such XML.
  mutating func next() throws(Failure) -> Token? {
    if let owed {
      self.owed = nil
      return try close(owed)
    }
    while true {
      if isBegun, open.isEmpty { return nil }
      guard position < bytes.count else { throw XMLReader.broken("it ends early") }
      if bytes[position] != UInt8(ascii: "<") {
        if let text = try text() { return text }
      } else if let token = try tag() {
        return token
      }
    }
  }

  /// The text of an element that has just started: everything up to its end, which is taken too.
  mutating func element() throws(Failure) -> String {
    var all = ""
    while let token = try next() {
      switch token {
      case .text(let range): all += try text(in: range)
      case .end: return all
      case .start: throw XMLReader.broken("an element where a text was expected")
      }
    }
    throw XMLReader.broken("it ends early")
  }

  /// Passes over the element that has just started, with all that is in it.
  mutating func skip() throws(Failure) {
    let depth = open.count
    while open.count >= depth, try next() != nil {}
  }

  /// What a text token means, with its references resolved.
  func text(in range: Range<Int>) throws(Failure) -> String {
    let part = bytes[range]
    guard part.contains(UInt8(ascii: "&")) else { return String(decoding: part, as: UTF8.self) }
    var text: [UInt8] = []
    var rest = part
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "&") else {
        text.append(byte)
        continue
      }
      guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let scalar = XMLReader.scalar(String(decoding: rest[..<end], as: UTF8.self))
      else { throw XMLReader.broken("a reference that XML does not know") }
      text.append(contentsOf: String(Character(scalar)).utf8)
      rest = rest[(end + 1)...]
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func broken(_ what: String) -> Failure {
    Failure(
      .storeUnavailable, "the store's answer cannot be read: \(what)",
      next: "Check that the endpoint is an S3 store.", retry: RetryAdvice())
  }

  // MARK: - Texts and tags

  private mutating func text() throws(Failure) -> Token? {
    let start = position
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
    position = end
    let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
    if open.isEmpty {
      // A byte order mark may stand before it all.
      guard isBlank || (!isBegun && Array(bytes[start..<end]) == [0xef, 0xbb, 0xbf]) else {
        throw XMLReader.broken("it is no XML")
      }
      return nil
    }
    return isBlank ? nil : .text(start..<end)
  }

  /// A tag, or nil for something that says nothing: a comment, a processing instruction.
  private mutating func tag() throws(Failure) -> Token? {
    if take("<!--") {
      try pass("-->")
      return nil
    }
    if take("<![CDATA[") {
      let start = position
      try pass("]]>")
      // Its ampersands are no references, and nothing that S3 names needs one: refused rather than misread.
      guard !open.isEmpty, !bytes[start..<position].contains(UInt8(ascii: "&")) else {
        throw XMLReader.broken("a section that S3 does not write")
      }
      return .text(start..<(position - 3))
    }
    if take("<?") {
      try pass("?>")
      return nil
    }
    let isEnd = take("</")
    if !isEnd { position += 1 }
    let name = try self.name()
    let isWhole = try rest(isEnd)
    if isEnd { return try close(name) }
    guard !isBegun || !open.isEmpty, open.count < XMLReader.deepest else { throw XMLReader.broken("too deep") }
    isBegun = true
    open.append(name)
    if isWhole { owed = name }
    return .start(name)
  }

  private mutating func close(_ name: String) throws(Failure) -> Token {
    guard open.popLast() == name else { throw XMLReader.broken("its elements do not match") }
    return .end(name)
  }

  /// The name of a tag, without its namespace.
  private mutating func name() throws(Failure) -> String {
    let start = position
    while position < bytes.count, XMLReader.isNameByte(bytes[position]) { position += 1 }
    guard position > start else { throw XMLReader.broken("a tag without a name") }
    let name = bytes[start..<position]
    let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
    return String(decoding: local, as: UTF8.self)
  }

  /// Passes over attributes to the end of the tag; true for one that ends itself.
  private mutating func rest(_ isEnd: Bool) throws(Failure) -> Bool {
    var quote: UInt8?
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: "<") {
        throw XMLReader.broken("a tag in a tag")
      } else if byte == UInt8(ascii: ">") {
        return !isEnd && bytes[position - 2] == UInt8(ascii: "/")
      }
    }
    throw XMLReader.broken("it ends early")
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    let found = word.withUTF8Buffer { $0.elementsEqual(bytes[position..<(position + count)]) }
    if found { position += count }
    return found
  }

  private mutating func pass(_ word: StaticString) throws(Failure) {
    while position < bytes.count {
      if take(word) { return }
      position += 1
    }
    throw XMLReader.broken("it ends early")
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: ":") || RequestEncoding.isUnreserved(byte)
  }

  private static func scalar(_ reference: String) -> Unicode.Scalar? {
    switch reference {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard reference.hasPrefix("#") else { return nil }
      let digits = reference.dropFirst()
      let isHex = digits.hasPrefix("x") || digits.hasPrefix("X")
      let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      return value.flatMap { Unicode.Scalar($0) }
    }
  }
}
