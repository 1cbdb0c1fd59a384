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

  /// Goes on from `position`, which is set behind what was looked at. Two compares a byte within quotes; outside of them
  /// one for what can mean nothing.
  mutating func run(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Outcome {
    let count = bytes.count
    guard position < count, let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return .more }
    var index = position
    if isEscaped {
      isEscaped = false
      index += 1
    }
    var quoted = isQuoted
    while index < count {
      if quoted {
        while index < count, base[index] != 0x27, base[index] != 0x5c { index &+= 1 }
        guard index < count else { break }
        if base[index] == 0x27 {
          quoted = false
        } else {
          // What follows stands for itself, wherever it lies.
          index &+= 1
          if index == count { isEscaped = true }
        }
        index &+= 1
        continue
      }
      // Digits and letters lie above all that means something here.
      while index < count, base[index] > 0x3b { index &+= 1 }
      guard index < count else { break }
      let byte = base[index]
      index &+= 1
      switch byte {
      case 0x27: quoted = true
      case 0x28:
        if depth == 0 { begin = index - 1 }
        depth += 1
      case 0x29:
        depth = max(0, depth - 1)
        if depth == 0 {
          isQuoted = false
          position = index
          return .tuple
        }
      case 0x3b where depth == 0:
        isQuoted = false
        position = index
        return .end
      default: break
      }
    }
    isQuoted = quoted
    position = count
    return .more
  }
}
