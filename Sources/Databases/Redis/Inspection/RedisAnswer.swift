package import Bytes

/// What `redis-cli --no-raw` prints for one command: `"text"`, `(integer) 3`, `(nil)`, `1) "first"`.
package enum RedisAnswer {
  /// The values of the answer; an answer of lists in lists has no such.
  ///
  /// - Throws: `unproven` with the server's words for an error
  package static func values(_ text: String) throws(Failure) -> [String] {
    if text.hasPrefix("(error) ") {
      throw Failure(.unproven, "the server refused the query: \(text.dropFirst(8).prefix(300))")
    }
    if text == "(empty array)" || text == "(empty list or set)" || text == "(empty hash)" { return [] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // A list has its numbers in front, padded to the same width; a single value has none.
    let isList = lines.first.map { line in line.drop { $0 == " " }.hasPrefix("1) ") } ?? false
    var values: [String] = []
    for (index, line) in lines.enumerated() {
      var item = line
      if isList {
        item = item.drop { $0 == " " }
        guard item.hasPrefix("\(index + 1)) ") else { throw odd }
        item = item.dropFirst("\(index + 1)) ".count)
      } else if index > 0 {
        throw odd
      }
      values.append(try value(item))
    }
    return values
  }

  private static var odd: Failure { Failure(.unproven, "the answer is no plain list of values") }

  private static func value(_ item: Substring) throws(Failure) -> String {
    if item == "(nil)" { return "" }
    if item.hasPrefix("(integer) ") { return String(item.dropFirst("(integer) ".count)) }
    if item.hasPrefix("(double) ") { return String(item.dropFirst("(double) ".count)) }
    guard item.utf8.first == UInt8(ascii: "\"") else {
      // A status such as `PONG`, or the type of a key.
      guard !item.isEmpty, !item.contains(") ") else { throw odd }
      return String(item)
    }
    guard let text = unquoted(Array(item.utf8)) else { throw odd }
    return String(decoding: text, as: UTF8.self)
  }

  private static func unquoted(_ item: [UInt8]) -> [UInt8]? {
    guard item.count >= 2, item.last == UInt8(ascii: "\"") else { return nil }
    var text: [UInt8] = []
    var place = 1
    while place < item.count - 1 {
      guard item[place] == UInt8(ascii: "\\") else {
        text.append(item[place])
        place += 1
        continue
      }
      guard place + 1 < item.count - 1 else { return nil }
      switch item[place + 1] {
      case UInt8(ascii: "n"): text.append(0x0a)
      case UInt8(ascii: "r"): text.append(0x0d)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "a"): text.append(0x07)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "x"):
        guard place + 3 < item.count - 1,
          let byte = Hex.decode(String(decoding: item[(place + 2)...(place + 3)], as: UTF8.self))
        else { return nil }
        text += byte
        place += 2
      default: text.append(item[place + 1])
      }
      place += 2
    }
    return text
  }
}
