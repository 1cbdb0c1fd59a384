import Bytes
import Pipeline
import Repository

/// One worker's tools of a restore: makes the plain bytes of a segment, every chunk verified.
final class SegmentReader {
  private let pool: BufferPool
  private let chunks: ChainReader

  init(_ source: BlobSource, pool: BufferPool) {
    self.pool = pool
    chunks = ChainReader(source)
  }

  /// The plain bytes of the segment's chunks, end to end.
  func read(_ segment: Segment) throws(Failure) -> PooledBuffer {
    var result = try pool.lease()
    try result.withCapacity { (room) throws(Failure) in
      try chunks.read(segment.chunks, into: UnsafeMutableRawBufferPointer(rebasing: room[..<segment.plainLength]))
    }
    result.count = segment.plainLength
    return result
  }
}

extension RestoreResult {
  /// One worker's way from jobs to results.
  static func maker(_ source: BlobSource, _ pool: BufferPool) -> (consuming RestoreJob) throws -> RestoreResult {
    let reader = SegmentReader(source, pool: pool)
    return { (job: consuming RestoreJob) in
      switch job {
      case .begin(let stream): .begin(stream)
      case .hole(let count): .hole(count)
      case .end: .end
      case .segment(let segment): .bytes(try reader.read(segment), names: segment.chunks.map(\.name))
      }
    }
  }
}
