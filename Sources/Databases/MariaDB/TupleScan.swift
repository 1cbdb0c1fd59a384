/// Finds the ends of tuples outside of quotes, in bytes that come in pieces.
struct TupleScan {
  /// Why a run ended.
  enum Outcome {
    /// The bytes ended.
    case more
    /// A tuple ended right before the position.
    case tuple
    /// The statement ended.
    case end
  }

  private var depth = 0
  private var isQuoted = false
  private var isEscaped = false
  /// Where in these bytes the tuple began that is open or has just ended; zero if it began in earlier ones.
  var begin = 0

  /// Whether a tuple is open.
  var isInside: Bool { depth > 0 }

  /// Goes on from `position`, which is set behind what was looked at. Two compares a byte within quotes, three without.
  mutating func run(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Outcome {
    let quote = UInt8(ascii: "'")
    let backslash = UInt8(ascii: "\\")
    var index = position
    let count = bytes.count
    if isEscaped, index < count {
      isEscaped = false
      index += 1
    }
    while index < count {
      if isQuoted {
        while index < count, bytes[index] != quote, bytes[index] != backslash { index &+= 1 }
        guard index < count else { break }
        if bytes[index] == quote {
          isQuoted = false
        } else {
          // What follows stands for itself, wherever it lies.
          index += 1
          if index == count { isEscaped = true }
        }
        index += 1
        continue
      }
      let byte = bytes[index]
      index &+= 1
      if byte == quote {
        isQuoted = true
      } else if byte == UInt8(ascii: "(") {
        if depth == 0 { begin = index - 1 }
        depth += 1
      } else if byte == UInt8(ascii: ")") {
        depth -= 1
        if depth <= 0 {
          depth = 0
          position = index
          return .tuple
        }
      } else if byte == UInt8(ascii: ";"), depth == 0 {
        position = index
        return .end
      }
    }
    position = count
    return .more
  }
}
