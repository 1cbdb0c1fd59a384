import Bytes
import Chunking
import Databases
import Format
import Pipeline
import Repository

/// Reads the source's descriptors, cuts them into chunks and hands these to the crew, all on the source's thread.
///
/// Bytes are read into large buffers and chunks are parts of these: nothing is copied but the chunk that a buffer's end
/// breaks off. Streams share a buffer, so that small files take no more of it than their bytes. A thread that reads
/// ahead of the cutting was tried and gained nothing: an unchanged dump of 377 MB took 0.20 s with it and without.
struct StreamIntake: StreamSink, @unchecked Sendable {
  /// How much is read at a time: it is still in the processor's nearest cache when it is searched for cuts.
  private static let readSize = 256 << 10
  /// Chunks of so many bytes travel together: sixteen of the mean length are named side by side.
  private static let batchLength = 4 << 20
  /// With less room than this a buffer is given up for the next one.
  private static let leastRoom = 64 << 10

  let chunker: Chunker
  /// Finds what chunks were in earlier dumps.
  let bases: BaseFinder?
  let pool: BufferPool
  let progress: RunProgress
  let stop: StopSignal
  let submit: (consuming IntakeJob) throws(Failure) -> Void
  /// What the last stream left of its buffer.
  private let rest = Rest()

  /// The buffers for a run with so many chunks under way at once: enough that the source never waits for one while the
  /// crew has less to do than it takes. 8 MiB each.
  static func pool(for parameters: ChunkParameters, jobs: Int, stop: StopSignal) -> BufferPool {
    let capacity = 2 * max(parameters.maximum, batchLength)
    return BufferPool(count: jobs * batchLength / capacity + 3, capacity: capacity, stop: stop)
  }

  init(
    chunker: Chunker, bases: BaseFinder?, pool: BufferPool, progress: RunProgress, stop: StopSignal,
    submit: @escaping (consuming IntakeJob) throws(Failure) -> Void
  ) {
    self.chunker = chunker
    self.bases = bases
    self.pool = pool
    self.progress = progress
    self.stop = stop
    self.submit = submit
  }

  func entry(_ stream: DumpedStream) throws(Failure) {
    try check(stream)
    try submit(.entry(stream))
  }

  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    try check(stream)
    try submit(.begin(stream))
    Transfers.widen(descriptor)
    var current = try rest.take(or: pool)
    var batch = Batch()
    var search = CutSearch()
    var length: UInt64 = 0
    var tail = StreamTail()
    var problem: String?
    var isEnded = false
    while true {
      while let chunk = current.withBytes({ cut($0, behind: batch, &search, isLast: isEnded) }) {
        batch.append(chunk)
        if batch.length >= StreamIntake.batchLength { try submit(&batch, &current) }
      }
      if isEnded { break }
      do throws(Failure) {
        try makeRoom(&current, &batch)
        isEnded = try read(descriptor, into: &current, &tail, &length, watcher) == 0
      } catch {
        try stop.check()
        problem = error.what
        isEnded = true
      }
    }
    try submit(&batch, &current)
    rest.keep(current)
    try submit(.end(length: length))
    return StreamSummary(length: length, tail: tail.bytes, readingProblem: problem)
  }

  /// The next chunk behind those of the batch, with what it was in earlier dumps; nil when more bytes are needed.
  private func cut(
    _ bytes: UnsafeRawBufferPointer, behind batch: Batch, _ search: inout CutSearch, isLast: Bool
  ) -> CutChunk? {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[batch.length...])
    guard let length = chunker.cut(rest, &search, isLast: isLast) else { return nil }
    return CutChunk(length: length, hint: bases?.find(UnsafeRawBufferPointer(rebasing: rest[..<length])))
  }

  private func submit(_ batch: inout Batch, _ buffer: inout PooledBuffer) throws(Failure) {
    guard batch.length > 0 else { return }
    try submit(.chunks(buffer.takeFront(batch.length), batch.chunks))
    batch = Batch()
  }

  /// Moves the beginning of a chunk to the front of another buffer where this one ends.
  private func makeRoom(_ buffer: inout PooledBuffer, _ batch: inout Batch) throws(Failure) {
    guard buffer.capacity - buffer.count < StreamIntake.leastRoom else { return }
    try submit(&batch, &buffer)
    guard !buffer.isWhole else { return }
    var next = try pool.lease()
    buffer.withBytes { next.replace(with: $0) }
    buffer = next
  }

  /// Refuses what no restore would take: better no snapshot than one that never comes back.
  private func check(_ stream: DumpedStream) throws(Failure) {
    guard StreamEntry.isSafe(stream.name) else {
      throw Failure(.sourceFailed, "a stream has a name that cannot be restored", at: DisplayText.of(stream.name))
    }
  }

  private func read(
    _ descriptor: Int32, into buffer: inout PooledBuffer, _ tail: inout StreamTail, _ length: inout UInt64,
    _ watcher: (any StreamWatcher)?
  ) throws(Failure) -> Int {
    let start = buffer.count
    // A buffer is longer than any chunk, so there is room while no cut was found.
    let wanted = min(StreamIntake.readSize, buffer.capacity - start)
    let count = try buffer.withCapacity { (room) throws(Failure) in
      let part = UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + wanted)])
      let count = try Transfers.read(descriptor, into: part, stop: stop)
      let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
      tail.append(bytes)
      try watcher?.see(bytes)
      return count
    }
    buffer.count = start + count
    length += UInt64(count)
    progress.add(bytes: count)
    return count
  }
}

/// Chunks at the front of a buffer that travel together.
private struct Batch {
  private(set) var chunks: [CutChunk] = []
  /// Bytes of all.
  private(set) var length = 0

  mutating func append(_ chunk: CutChunk) {
    chunks.append(chunk)
    length += chunk.length
  }
}

/// What is left of a buffer between two streams; on the source's thread only.
private final class Rest {
  private var buffer: PooledBuffer?

  /// What is left, or a fresh buffer.
  func take(or pool: BufferPool) throws(Failure) -> PooledBuffer {
    if let rest = buffer.take() { return rest }
    return try pool.lease()
  }

  func keep(_ rest: consuming PooledBuffer) { buffer = consume rest }
}

/// The last bytes of a stream, where dump tools leave their completion marker.
private struct StreamTail {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ part: UnsafeRawBufferPointer) {
    let limit = StreamSummary.tailLimit
    // In place: this is done at every read.
    if part.count >= limit {
      bytes.removeAll(keepingCapacity: true)
    } else {
      bytes.removeFirst(max(0, bytes.count + part.count - limit))
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: part.suffix(limit)))
  }
}
