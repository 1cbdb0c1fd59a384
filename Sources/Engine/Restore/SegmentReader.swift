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
    var position = 0
    for chunk in segment.chunks {
      try result.withCapacity { (room) throws(Failure) in
        try chunks.read(
          chunk, into: UnsafeMutableRawBufferPointer(rebasing: room[position..<(position + chunk.length)]))
      }
      position += chunk.length
    }
    result.count = position
    return result
  }
}
