import Bytes
import Format
import Pipeline
import Repository

/// One job of a restore: chunks that follow each other in the stream and lie near each other in one pack.
struct Segment: Sendable {
  /// What is fetched and opened for one job at most, in bytes.
  static let longestSealed = 4 << 20
  static let longestPlain = 8 << 20
  /// Reads begin and end at multiples of this: exact ranges would show a store where chunks begin.
  static let alignment: UInt64 = 256 << 10

  let pack: Int
  /// In stream order, with the stated lengths.
  private(set) var chunks: [BlobLocation]

  init(_ first: BlobLocation) {
    pack = first.pack
    chunks = [first]
  }

  /// Bytes of the pack from the first chunk's beginning to the last one's end.
  var extent: Range<UInt64> {
    let start = chunks.map(\.offset).min() ?? 0
    let end = chunks.map { UInt64($0.offset) + UInt64($0.sealedLength) }.max() ?? 0
    return UInt64(start)..<end
  }

  /// Plain bytes of all chunks.
  var plainLength: Int { chunks.reduce(0) { $0 + Int($1.plainLength) } }

  /// The aligned range that is read; empty if the pack is not as long as its directory says.
  func range(packSize: UInt64) -> Range<UInt64> {
    let start = extent.lowerBound / Segment.alignment * Segment.alignment
    let end = (extent.upperBound + Segment.alignment - 1) / Segment.alignment * Segment.alignment
    return start..<max(start, min(end, packSize))
  }

  /// Takes another chunk if it lies near enough.
  mutating func take(_ next: BlobLocation) -> Bool {
    guard next.pack == pack, plainLength + Int(next.plainLength) <= Segment.longestPlain else { return false }
    var wider = self
    wider.chunks.append(next)
    let used = wider.chunks.reduce(0) { $0 + UInt64($1.sealedLength) }
    let length = UInt64(wider.extent.count)
    guard length <= UInt64(Segment.longestSealed), length <= used + Segment.alignment else { return false }
    self = wider
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
