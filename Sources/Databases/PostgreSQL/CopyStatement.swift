/// The statements of a plain dump's data section that say something about its contents.
enum CopyStatement {
  /// A name with its schema, as bytes without quotation marks.
  struct QualifiedName: Hashable {
    var schema: [UInt8]
    var name: [UInt8]
  }

  /// A sequence's value.
  struct Setting {
    var sequence: QualifiedName
    var value: Int64
    var isCalled: Bool
  }

  static let copy = Array("COPY ".utf8)
  static let setting = Array("SELECT pg_catalog.setval(".utf8)
  static let largeOpen = Array("SELECT pg_catalog.lo_open(".utf8)
  static let largeWrite = Array("SELECT pg_catalog.lowrite(".utf8)
  static let largeClose = Array("SELECT pg_catalog.lo_close(".utf8)
  static let complete = Array("-- PostgreSQL database dump complete".utf8)
  static let oldStrings = Array("SET standard_conforming_strings = off;".utf8)
  private static let copyEnd = Array(" FROM stdin;".utf8)

  /// The table of `COPY "schema"."name" (columns) FROM stdin;`; nil for anything else.
  static func table(of line: UnsafeRawBufferPointer) -> QualifiedName? {
    guard line.starts(with: copy), line.suffix(copyEnd.count).elementsEqual(copyEnd) else { return nil }
    var place = copy.count
    let name = qualified(line, &place)
    return place < line.count && line[place] == UInt8(ascii: " ") ? name : nil
  }

  /// The value of `SELECT pg_catalog.setval('schema.name', 42, true);`; nil for anything else.
  ///
  /// - Parameter backslashes: whether a backslash in a literal is doubled
  static func setting(of line: UnsafeRawBufferPointer, backslashes: Bool) -> Setting? {
    guard line.starts(with: setting) else { return nil }
    var place = setting.count
    guard let text = literal(line, &place, backslashes) else { return nil }
    var start = 0
    guard let name = text.withUnsafeBytes({ qualified($0, &start) }), start == text.count else { return nil }
    let rest = String(decoding: line[place...], as: UTF8.self)
    guard rest.hasPrefix(", "), rest.hasSuffix(");") else { return nil }
    let parts = rest.dropFirst(2).dropLast(2).split(separator: ",").map { $0.drop { $0 == " " } }
    guard parts.count == 2, let value = Int64(parts[0]), parts[1] == "true" || parts[1] == "false" else { return nil }
    return Setting(sequence: name, value: value, isCalled: parts[1] == "true")
  }

  /// `schema.name`, each in quotation marks or not; moves `place` behind it.
  private static func qualified(_ line: UnsafeRawBufferPointer, _ place: inout Int) -> QualifiedName? {
    guard let schema = identifier(line, &place), place < line.count, line[place] == UInt8(ascii: ".") else {
      return nil
    }
    place += 1
    return identifier(line, &place).map { QualifiedName(schema: schema, name: $0) }
  }

  private static func identifier(_ line: UnsafeRawBufferPointer, _ place: inout Int) -> [UInt8]? {
    let quote = UInt8(ascii: "\"")
    guard place < line.count else { return nil }
    if line[place] == quote { return delimited(line, &place, quote) }
    let ends = Array(". (".utf8)
    let bytes = Array(line[place...].prefix { !ends.contains($0) })
    place += bytes.count
    return bytes.isEmpty ? nil : bytes
  }

  /// A literal, with or without the `E` that says that backslashes are doubled.
  private static func literal(
    _ line: UnsafeRawBufferPointer, _ place: inout Int, _ backslashes: Bool
  ) -> [UInt8]? {
    var backslashes = backslashes
    if place < line.count, line[place] == UInt8(ascii: "E") {
      backslashes = true
      place += 1
    }
    guard place < line.count, line[place] == UInt8(ascii: "'"), let text = delimited(line, &place, line[place]) else {
      return nil
    }
    guard backslashes else { return text }
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in text {
      if byte == UInt8(ascii: "\\"), !isEscaped {
        isEscaped = true
        continue
      }
      isEscaped = false
      plain.append(byte)
    }
    return plain
  }

  /// What stands between two quotation marks, doubled ones inside made single.
  private static func delimited(_ line: UnsafeRawBufferPointer, _ place: inout Int, _ quote: UInt8) -> [UInt8]? {
    var bytes: [UInt8] = []
    var index = place + 1
    while index < line.count {
      if line[index] == quote {
        guard index + 1 < line.count, line[index + 1] == quote else {
          place = index + 1
          return bytes
        }
        index += 1
      }
      bytes.append(line[index])
      index += 1
    }
    return nil
  }
}
