import Bytes
import Format
import Pipeline
import Repository
import Store

/// One worker's tools of a restore: fetches a segment, opens and verifies its chunks.
///
/// Where a copy is damaged, another copy of the same chunk is taken; what is left of the failure is the first one.
final class SegmentReader {
  private let source: BlobSource
  private let reader: BlobReader
  private let store: any Store
  private let pool: BufferPool
  /// What `fetched` holds: the next small file often lies right behind, and would cost another request.
  private var held: (pack: Int, range: Range<UInt64>)?
  private var fetched = Buffer(capacity: Segment.longestSealed + 2 * Int(Segment.alignment) + Limits.chunk)

  init(_ source: BlobSource, store: any Store, pool: BufferPool) {
    self.source = source
    self.store = store
    self.pool = pool
    reader = BlobReader(source)
  }

  /// The plain bytes of the segment's chunks, end to end.
  func read(_ segment: Segment) throws(Failure) -> PooledBuffer {
    let start = try fetch(segment)
    var result = try pool.lease()
    var position = 0
    for chunk in segment.chunks {
      let length = Int(chunk.plainLength)
      try result.withCapacity { (room) throws(Failure) in
        let target = UnsafeMutableRawBufferPointer(rebasing: room[position..<(position + length)])
        try open(chunk, from: start, into: target)
      }
      position += length
    }
    result.count = position
    return result
  }

  private func open(
    _ chunk: BlobLocation, from start: UInt64, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    do throws(Failure) {
      let from = Int(UInt64(chunk.offset) - start)
      let end = from + Int(chunk.sealedLength)
      guard end <= fetched.count else {
        throw Failure(.damaged, "the pack ends early", at: source.path(ofPack: chunk.pack).path)
      }
      try fetched.withBytes { (bytes) throws(Failure) in
        try reader.open(UnsafeRawBufferPointer(rebasing: bytes[from..<end]), chunk, into: target)
      }
    } catch {
      guard error.code == .damaged || error.code == .storeMissing else { throw error }
      guard let bytes = try? reader.whole(chunk.name, .data), bytes.count == target.count else { throw error }
      target.copyBytes(from: bytes)
    }
  }

  /// Fetches the segment's aligned range, unless it is at hand; returns where in the pack what is at hand begins.
  private func fetch(_ segment: Segment) throws(Failure) -> UInt64 {
    let pack = source.namespace.index.packs[segment.pack]
    let range = segment.range(packSize: pack.size)
    if let held, held.pack == segment.pack, held.range.lowerBound <= range.lowerBound,
      held.range.upperBound >= range.upperBound
    {
      return held.range.lowerBound
    }
    held = nil
    let path = try StorePath(checking: source.path(ofPack: segment.pack).path)
    do throws(Failure) {
      fetched.count = try fetched.withCapacity { (room) throws(Failure) in
        try store.read(path, range, into: UnsafeMutableRawBufferPointer(rebasing: room[..<range.count]))
      }
      held = (segment.pack, range)
    } catch {
      // A pack that is gone is looked for copy by copy; any other failure of the store is the store's.
      guard error.code == .storeMissing else { throw error }
      fetched.count = 0
    }
    return range.lowerBound
  }
}
