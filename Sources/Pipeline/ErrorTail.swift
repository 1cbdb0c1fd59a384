import Glibc

/// The end of what a child printed as errors, and its lines as they come.
struct ErrorTail {
  /// How many of the last bytes are kept.
  static let limit = 65_536
  /// A longer line is handed on in pieces: a progress bar without line ends must not fill the memory.
  private static let longestLine = 8192

  private var bytes: [UInt8] = []
  private var line: [UInt8] = []
  /// Whether anything was dropped from the front.
  private(set) var isCut = false

  /// Takes what came and returns the lines that it completed; a carriage return ends a line, too.
  mutating func take(_ more: UnsafeRawBufferPointer, wantsLines: Bool) -> [String] {
    bytes.append(contentsOf: more)
    if bytes.count > 2 * ErrorTail.limit { cut() }
    guard wantsLines else { return [] }
    var lines: [String] = []
    for byte in more {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        finishLine(&lines)
      } else {
        line.append(byte)
        if line.count == ErrorTail.longestLine { finishLine(&lines) }
      }
    }
    return lines
  }

  /// The last line, if no line end came after it.
  mutating func rest() -> [String] {
    var lines: [String] = []
    finishLine(&lines)
    return lines
  }

  /// The kept bytes as text; what is not UTF-8 shows as replacement characters.
  mutating func text() -> String {
    cut()
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func finishLine(_ lines: inout [String]) {
    if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
    line.removeAll(keepingCapacity: true)
  }

  private mutating func cut() {
    guard bytes.count > ErrorTail.limit else { return }
    bytes.removeFirst(bytes.count - ErrorTail.limit)
    isCut = true
  }
}
