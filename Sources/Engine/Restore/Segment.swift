import Bytes
import Format
import Pipeline
import Repository

/// One job of a restore: chunks that follow each other in the stream.
struct Segment: Sendable {
  /// Plain bytes of one job at most: sixteen chunks of the mean length, which are named side by side.
  static let longestPlain = 4 << 20

  /// In stream order.
  private(set) var chunks: [PlannedChunk] = []
  private(set) var plainLength = 0

  init(_ first: PlannedChunk) {
    chunks = [first]
    plainLength = first.length
  }

  /// Takes another chunk if there is room.
  mutating func take(_ next: PlannedChunk) -> Bool {
    guard plainLength + next.length <= Segment.longestPlain else { return false }
    chunks.append(next)
    plainLength += next.length
    return true
  }
}

/// What travels from the plan to the crew.
enum RestoreJob: Sendable {
  case begin(StreamEntry)
  case segment(Segment)
  case hole(UInt64)
  case end
}

/// What travels from the crew to the target, in the order of the stream.
enum RestoreResult: ~Copyable, Sendable {
  case begin(StreamEntry)
  case bytes(PooledBuffer, names: [Name])
  case hole(UInt64)
  case end
}
