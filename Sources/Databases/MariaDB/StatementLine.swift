import Glibc

/// One line of a dump outside of rows, as far as it matters.
enum StatementLine {
  /// `USE`: what follows belongs to this database.
  case use([UInt8])
  /// `CREATE TABLE`.
  case table([UInt8])
  /// `DO SETVAL`: the value that a sequence goes on with.
  case setValue([UInt8], Int64)
  /// `INSERT INTO`; where the tuples begin on the same line, or nil where rows follow on lines of their own.
  case insert([UInt8], values: Int?)
  /// `DELIMITER`; plain is the semicolon.
  case delimiter(isPlain: Bool)
  /// `-- Dump completed`.
  case completed
  case other

  static let useDatabase = Array("USE `".utf8)
  static let createTable = Array("CREATE TABLE `".utf8)
  static let setSequence = Array("DO SETVAL(`".utf8)
  static let insertInto = Array("INSERT INTO `".utf8)
  static let delimiterWord = Array("DELIMITER ".utf8)
  static let completionMark = Array("-- Dump completed".utf8)
  static let beginnings = [useDatabase, createTable, setSequence, insertInto, delimiterWord, completionMark]

  init(_ line: UnsafeRawBufferPointer) {
    self = .other
    if line.starts(with: StatementLine.insertInto) {
      if let (name, values) = StatementLine.insertHeader(line) { self = .insert(name, values: values) }
    } else if line.starts(with: StatementLine.delimiterWord) {
      let word = line[StatementLine.delimiterWord.count...].prefix {
        $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: " ")
      }
      self = .delimiter(isPlain: word.elementsEqual([UInt8(ascii: ";")]))
    } else if line.starts(with: StatementLine.useDatabase) {
      if let (name, _) = StatementLine.name(line, StatementLine.useDatabase.count) { self = .use(name) }
    } else if line.starts(with: StatementLine.createTable) {
      if let (name, _) = StatementLine.name(line, StatementLine.createTable.count) { self = .table(name) }
    } else if line.starts(with: StatementLine.completionMark) {
      self = .completed
    } else if line.starts(with: StatementLine.setSequence) {
      if let (name, end) = StatementLine.name(line, StatementLine.setSequence.count),
        let value = StatementLine.number(line[end...])
      {
        self = .setValue(name, value)
      }
    }
  }

  /// The table of an INSERT and where its first tuple begins; nil where the header does not end in these bytes.
  static func insertHeader(_ line: UnsafeRawBufferPointer) -> ([UInt8], Int?)? {
    guard line.starts(with: insertInto), let (name, end) = name(line, insertInto.count) else { return nil }
    var index = end
    if line[index...].starts(with: Array(" (".utf8)) {
      // The names of columns; those in back quotes may hold anything.
      index += 2
      while index < line.count, line[index] != UInt8(ascii: ")") {
        if line[index] == UInt8(ascii: "`") {
          guard let (_, after) = StatementLine.name(line, index + 1) else { return nil }
          index = after
        } else {
          index += 1
        }
      }
      index += 1
    }
    let values = Array(" VALUES".utf8)
    guard index <= line.count, line[index...].starts(with: values) else { return nil }
    index += values.count
    while index < line.count, line[index] == UInt8(ascii: " ") || line[index] == UInt8(ascii: "\r") { index += 1 }
    return (name, index < line.count ? index : nil)
  }

  /// The name in back quotes that begins at `start`, and where it has ended.
  static func name(_ line: UnsafeRawBufferPointer, _ start: Int) -> ([UInt8], Int)? {
    let mark = UInt8(ascii: "`")
    var name: [UInt8] = []
    var index = start
    while index < line.count {
      if line[index] == mark {
        guard index + 1 < line.count, line[index + 1] == mark else { return (name, index + 1) }
        index += 1
      }
      name.append(line[index])
      index += 1
    }
    return nil
  }

  /// The first number behind a comma.
  private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int64? {
    let digits = bytes.drop { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
      .prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    return Int64(String(decoding: digits, as: UTF8.self))
  }
}
