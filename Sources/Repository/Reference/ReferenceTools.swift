import Bytes
import Compression
import Cryptography
import Format

/// One worker's tools for the reference cache: reads bases, writes entries. Its buffers are made once.
final class ReferenceTools {
  private let run: ReferenceRun
  private let reader: FrameReader
  private var record = Buffer(capacity: FrameHeader.length + Limits.chunk + SessionKey.overhead)

  init(_ run: ReferenceRun) {
    self.run = run
    reader = FrameReader(run.folder)
  }

  /// Makes a row's chunk the base at hand; false if the cache no longer has it.
  func load(_ row: ReferenceRow) -> Bool { reader.load(row) }

  /// Lends the plain bytes of the base at hand.
  func withBase<Result>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    try reader.withLoaded(body)
  }

  /// The entry of a chunk that an earlier dump had: kept as it is, unless its turn has come to be made full again.
  func kept(_ name: Name, _ hint: BaseHint) -> ReferenceRow? {
    for row in [hint.newest, hint.base] {
      if let row, row.name == name, !run.isDue(row) { return row }
    }
    return nil
  }

  /// Adds a chunk.
  ///
  /// - Parameters:
  ///   - plain: the chunk
  ///   - content: what becomes of it when stored: a frame, or the chunk itself
  ///   - base: what a delta was made against
  /// - Returns: its row; nil if there is no room, or the cache was given up
  func add(
    _ name: Name, _ plain: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer, flags: BlobFlags,
    print: ChunkPrint, base: ReferenceRow?
  ) -> ReferenceRow? {
    guard run.isUsable, let files = base.map({ $0.files(forDeltaIn: run.number) }) ?? 1 else { return nil }
    let header = FrameHeader(
      flags: flags, plainLength: UInt32(plain.count),
      base: base.map { FrameHeader.Base(name: $0.name, place: $0.place) })
    record.withCapacity { room in
      header.write(to: room)
      let target = UnsafeMutableRawBufferPointer(rebasing: room[FrameHeader.length...])
      FrameSeal.withBound(UnsafeRawBufferPointer(room), name) { bound in
        _ = run.folder.key.seal(content, additional: bound, into: target)
      }
    }
    record.count = FrameHeader.length + content.count + SessionKey.overhead
    do throws(SystemError) {
      let place = try record.withBytes { (bytes) throws(SystemError) in try run.frames.append(bytes) }
      guard let place else { return nil }
      return ReferenceRow(
        name: name, print: print, check: FaultCheck(of: plain), place: place,
        files: files,
        fullLength: base.map { $0.fullLength(ofPlain: plain.count) } ?? UInt32(content.count))
    } catch {
      run.give(up: error)
      return nil
    }
  }
}
