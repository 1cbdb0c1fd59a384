package import Bytes

extension Age {
  private static let begin = Array("-----BEGIN AGE ENCRYPTED FILE-----".utf8)
  private static let end = Array("-----END AGE ENCRYPTED FILE-----".utf8)
  private static let columns = 64
  /// White space around armor is allowed, an endless amount of it is not.
  private static let whitespaceLimit = 1024

  /// Puts an age file into armor: strict PEM (RFC 7468) for places that take only text.
  package static func armor(_ file: [UInt8]) -> [UInt8] {
    var text = begin + [AgeHeader.lineFeed]
    var digits = Base64.encode(file, padded: true)[...]
    while !digits.isEmpty {
      text += digits.prefix(columns) + [AgeHeader.lineFeed]
      digits = digits.dropFirst(columns)
    }
    return text + end + [AgeHeader.lineFeed]
  }

  /// The binary file of one that may be armored: taken out of its armor, or as it is. Objects in a store are never
  /// armored; files that people carry around may be. Throws `damaged` for armor that is not strict.
  package static func binary(_ file: [UInt8]) throws(Failure) -> [UInt8] {
    guard isArmored(file) else { return file }
    do {
      return try unarmor(file)
    } catch {
      throw error.failure
    }
  }

  /// Takes a file out of its armor. Everything but white space around it and the two common ends of line is refused.
  package static func unarmor(_ text: [UInt8]) throws(Problem) -> [UInt8] {
    let lines = try lines(of: text)
    guard let first = lines.first, first.elementsEqual(begin) else { throw .armorMalformed("its first line is wrong") }
    guard lines.count > 1, let last = lines.last, last.elementsEqual(end) else {
      throw .armorMalformed("its last line is wrong")
    }
    var digits: [UInt8] = []
    digits.reserveCapacity(text.count)
    let body = lines[1..<(lines.count - 1)]
    for (index, line) in body.enumerated() {
      guard line.count == columns || (index == body.count - 1 && (1..<columns).contains(line.count)) else {
        throw .armorMalformed("line \(index + 2) has \(line.count) columns")
      }
      digits += line
    }
    guard let file = Base64.decode(digits, padded: true) else { throw .armorMalformed("it is not canonical base64") }
    return file
  }

  /// Whether the bytes begin as armor does, behind any white space.
  static func isArmored(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.prefix(whitespaceLimit + begin.count).drop(while: isWhitespace).starts(with: Array("-----BEGIN AGE".utf8))
  }

  /// The lines from the first to the last that is not white space, each without its end.
  private static func lines(of text: [UInt8]) throws(Problem) -> ArraySlice<ArraySlice<UInt8>> {
    guard let start = text.firstIndex(where: { !isWhitespace($0) }),
      let stop = text.lastIndex(where: { !isWhitespace($0) })
    else { throw .armorMalformed("it is empty") }
    guard start <= whitespaceLimit, text.count - stop - 1 <= whitespaceLimit else {
      throw .armorMalformed("over \(whitespaceLimit) bytes of white space lie around it")
    }
    let lineFeed = AgeHeader.lineFeed
    guard start == 0 || text[start - 1] == lineFeed else { throw .armorMalformed("its first line is indented") }
    let tail = text[(stop + 1)...]
    guard tail.isEmpty || tail.starts(with: [lineFeed]) || tail.starts(with: [0x0D, lineFeed]) else {
      throw .armorMalformed("its last line does not end")
    }
    return text[start...stop].split(separator: lineFeed, omittingEmptySubsequences: false)
      .map { $0.last == 0x0D ? $0.dropLast() : $0 }[...]
  }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
