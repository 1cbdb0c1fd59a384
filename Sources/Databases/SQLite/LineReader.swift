import Bytes
import Glibc
import Pipeline

/// What takes the lines of a program's output, however long they are.
protocol LineTaker {
  /// Takes a part of the current line, without its end.
  mutating func part(_ bytes: UnsafeRawBufferPointer) throws(Failure)
  /// The current line has ended.
  mutating func end() throws(Failure)
}

/// Cuts a child's output into lines in bounded memory: a line is handed on in parts as they come.
enum LineReader {
  private static let size = 256 * 1024

  /// Reads to the end of the output; a last line without an end counts as a line.
  static func read(_ child: Child, into taker: inout some LineTaker) throws(Failure) {
    var buffer = Buffer(capacity: size)
    var isOpen = false
    while true {
      buffer.count = try buffer.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if buffer.count == 0 { break }
      isOpen = try buffer.withBytes { (bytes) throws(Failure) in try cut(bytes, &taker) }
    }
    if isOpen { try taker.end() }
  }

  /// Hands one buffer on; returns whether its last line is still open.
  private static func cut(_ bytes: UnsafeRawBufferPointer, _ taker: inout some LineTaker) throws(Failure) -> Bool {
    var rest = bytes
    while let base = rest.baseAddress, let found = memchr(base, Int32(UInt8(ascii: "\n")), rest.count) {
      let end = UnsafeRawPointer(found) - base
      if end > 0 { try taker.part(UnsafeRawBufferPointer(rebasing: rest[..<end])) }
      try taker.end()
      rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    }
    if !rest.isEmpty { try taker.part(rest) }
    return !rest.isEmpty
  }
}

/// Keeps whole lines, up to a limit for all of them together.
struct LineList: LineTaker {
  private(set) var lines: [[UInt8]] = []
  private var line: [UInt8] = []
  private var size = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func part(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    size += bytes.count
    guard size <= limit else { throw Failure(.sourceFailed, "sqlite3 printed more than \(limit) bytes") }
    line.append(contentsOf: bytes)
  }

  mutating func end() {
    lines.append(line)
    line = []
  }
}
