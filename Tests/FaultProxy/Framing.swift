/// How a body ends, and how much of it is still to come.
enum Framing {
  case length(UInt64)
  case chunked(ChunkScanner)
  case untilClose

  /// Whether all of it has come.
  var isDone: Bool {
    switch self {
    case .length(let left): left == 0
    case .chunked(let scanner): scanner.isDone
    case .untilClose: false
    }
  }

  /// Takes what belongs to the body from the front of `bytes`; returns how many bytes these are.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch self {
    case .length(let left):
      let count = min(left, UInt64(bytes.count))
      self = .length(left - count)
      return Int(count)
    case .chunked(var scanner):
      let count = scanner.take(bytes)
      self = .chunked(scanner)
      return count
    case .untilClose: return bytes.count
    }
  }
}

/// Finds the end of a body that comes in chunks (RFC 9112, section 7.1); whoever sends them is believed.
struct ChunkScanner {
  private enum State {
    /// In the line with a chunk's length; its value so far, and whether its digits have ended.
    case length(UInt64, isOver: Bool)
    /// In a chunk's bytes and the line end behind them: how many are left.
    case bytes(UInt64)
    /// In the lines behind the last chunk; how long the present one is so far.
    case trailer(UInt64)
    case done
  }

  private var state = State.length(0, isOver: false)

  var isDone: Bool {
    if case .done = state { true } else { false }
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    var place = 0
    while place < bytes.count {
      switch state {
      case .done: return place
      case .bytes(let left):
        let count = min(left, UInt64(bytes.count - place))
        place += Int(count)
        state = left == count ? .length(0, isOver: false) : .bytes(left - count)
      default:
        step(bytes[place])
        place += 1
      }
    }
    return place
  }

  private mutating func step(_ byte: UInt8) {
    let isEnd = byte == UInt8(ascii: "\n")
    switch state {
    case .length(let value, let isOver):
      if isEnd {
        state = value == 0 ? .trailer(0) : .bytes(value + 2)
      } else if !isOver, let digit = Character(Unicode.Scalar(byte)).hexDigitValue {
        state = .length(value << 4 | UInt64(digit), isOver: false)
      } else {
        state = .length(value, isOver: true)
      }
    case .trailer(let length):
      // A line with nothing but its end is the last one.
      if isEnd { state = length == 0 ? .done : .trailer(0) } else if byte != 0x0d { state = .trailer(length + 1) }
    case .bytes, .done: break
    }
  }
}
