import Bytes
import Glibc

/// Takes databases out of a dump as it passes, and gives them other names: `CREATE DATABASE`, `ALTER DATABASE` and
/// `USE` lines are rewritten, and what belongs to other databases is left out.
///
/// Such a line counts only outside of bodies, which stand between `DELIMITER` lines. Rows cannot be taken for one: they
/// begin with `(`, and line ends within values are printed as `\n`.
struct DatabaseFilter {
  /// A line of ours is shorter; what is longer is passed on as it comes.
  private static let lineLimit = 4096
  private static let createDatabase = Array("CREATE DATABASE ".utf8)
  private static let alterDatabase = Array("ALTER DATABASE `".utf8)
  private static let dropDatabase = Array("/*!40000 DROP DATABASE ".utf8)

  private let names: [[UInt8]: [UInt8]]
  private var isInBody = false
  private var isDropping = false
  private var isWithinLine = false
  private var carry: [UInt8] = []

  /// - Parameter names: the databases that are kept, with the names that they get
  init(_ names: [[UInt8]: [UInt8]]) { self.names = names }

  /// Appends to `output` what is to be loaded of the next bytes.
  mutating func pass(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    guard let base = bytes.baseAddress else { return }
    var position = 0
    while position < bytes.count {
      let found = memchr(base + position, Int32(UInt8(ascii: "\n")), bytes.count - position)
      let end = found.map { UnsafeRawPointer($0) - base + 1 } ?? bytes.count
      let part = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
      position = end
      if isWithinLine {
        keep(part, &output)
        isWithinLine = found == nil
      } else if found == nil, carry.count + part.count < DatabaseFilter.lineLimit {
        carry.append(contentsOf: part)
      } else if carry.isEmpty {
        line(part, &output)
        isWithinLine = found == nil
      } else {
        carry.append(contentsOf: part)
        let whole = carry
        carry.removeAll(keepingCapacity: true)
        whole.withUnsafeBytes { line($0, &output) }
        isWithinLine = found == nil
      }
    }
  }

  /// What is left when the dump has ended.
  mutating func finish(to output: inout [UInt8]) {
    let rest = carry
    carry = []
    rest.withUnsafeBytes { line($0, &output) }
  }

  private func keep(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
    if !isDropping { output.append(contentsOf: bytes) }
  }

  /// Takes a line, or the beginning of one that is longer than any of ours.
  private mutating func line(_ line: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
    guard let first = line.first, first != UInt8(ascii: "(") else { return keep(line, &output) }
    if first == UInt8(ascii: "D"), line.starts(with: StatementLine.delimiterWord) {
      let text = UnsafeRawBufferPointer(rebasing: line[..<(line.count - (line.last == 10 ? 1 : 0))])
      if case .delimiter(let isPlain) = StatementLine(text) { isInBody = !isPlain }
    }
    guard !isInBody else { return keep(line, &output) }
    switch first {
    case UInt8(ascii: "U") where line.starts(with: StatementLine.useDatabase): rename(line, isTurn: true, &output)
    case UInt8(ascii: "C") where line.starts(with: DatabaseFilter.createDatabase):
      rename(line, isTurn: true, &output)
    case UInt8(ascii: "A") where line.starts(with: DatabaseFilter.alterDatabase):
      rename(line, isTurn: false, &output)
    case UInt8(ascii: "/") where line.starts(with: DatabaseFilter.dropDatabase): break
    default: keep(line, &output)
    }
  }

  /// Puts the other name into a line, and with `isTurn` decides whether what follows is kept.
  private mutating func rename(_ line: UnsafeRawBufferPointer, isTurn: Bool, _ output: inout [UInt8]) {
    guard let mark = line.firstIndex(of: UInt8(ascii: "`")),
      let (name, end) = StatementLine.name(line, mark + 1)
    else { return keep(line, &output) }
    let target = names[name]
    if isTurn { isDropping = target == nil }
    guard let target else { return }
    output.append(contentsOf: line[...mark])
    for byte in target {
      output.append(byte)
      if byte == UInt8(ascii: "`") { output.append(byte) }
    }
    output.append(UInt8(ascii: "`"))
    output.append(contentsOf: line[end...])
  }
}
