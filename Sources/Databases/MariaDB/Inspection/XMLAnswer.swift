/// What `mariadb --xml` prints: rows of fields, with the five signs of XML escaped, NULL as an attribute.
package enum XMLAnswer {
  /// The values of all fields, NULL as an empty text; nil for anything else.
  package static func values(_ output: [UInt8]) -> [String]? {
    var values: [String] = []
    var place = output[...]
    while let start = range(of: Array("<field name=\"".utf8), in: place) {
      place = place[start.upperBound...]
      // A name is escaped, too: the quotation mark is its end.
      guard let nameEnd = place.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
      place = place[(nameEnd + 1)...]
      if place.starts(with: Array(" xsi:nil=\"true\" />".utf8)) {
        values.append("")
        continue
      }
      guard place.first == UInt8(ascii: ">"), let end = range(of: Array("</field>".utf8), in: place) else { return nil }
      guard let value = plain(place[(place.startIndex + 1)..<end.lowerBound]) else { return nil }
      values.append(value)
      place = place[end.upperBound...]
    }
    return values
  }

  private static func range(of text: [UInt8], in bytes: ArraySlice<UInt8>) -> Range<Int>? {
    guard let first = text.first, bytes.count >= text.count else { return nil }
    for index in bytes.startIndex...(bytes.endIndex - text.count)
    where bytes[index] == first && bytes[index..<(index + text.count)].elementsEqual(text) {
      return index..<(index + text.count)
    }
    return nil
  }

  private static let signs: [(String, UInt8)] = [
    ("&lt;", 0x3c), ("&gt;", 0x3e), ("&amp;", 0x26), ("&quot;", 0x22), ("&apos;", 0x27),
  ]

  private static func plain(_ text: ArraySlice<UInt8>) -> String? {
    var bytes: [UInt8] = []
    var place = text.startIndex
    while place < text.endIndex {
      guard text[place] == UInt8(ascii: "&") else {
        bytes.append(text[place])
        place += 1
        continue
      }
      guard let sign = signs.first(where: { text[place...].starts(with: Array($0.0.utf8)) }) else { return nil }
      bytes.append(sign.1)
      place += sign.0.utf8.count
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
