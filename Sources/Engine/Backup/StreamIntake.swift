import Bytes
import Chunking
import Databases
import Format
import Pipeline
import Profiles
import Repository

/// Reads the source's descriptors, cuts them into chunks and hands these to the crew, all on the source's threads.
///
/// Bytes are read into large buffers and chunks are parts of these: nothing is copied but the chunk that a buffer's end
/// breaks off. Streams that come one after the other share a buffer, so that small files take no more of it than their
/// bytes; streams side by side have each their own, and their own place in the reference cache. A thread that reads
/// ahead of the cutting was tried and gained nothing: an unchanged dump of 377 MB took 0.20 s with it and without.
final class StreamIntake: StreamSink {
  /// How much is read at a time: it is still in the processor's nearest cache when it is searched for cuts.
  private static let readSize = 256 << 10
  /// Chunks of so many bytes travel together: sixteen of the mean length are named side by side.
  private static let batchLength = 4 << 20
  /// With less room than this a buffer is given up for the next one.
  private static let leastRoom = 64 << 10

  /// How streams are read.
  struct Reading: Sendable {
    let chunker: Chunker
    let pool: BufferPool
    let progress: RunProgress
    /// Ends the run.
    let stop: StopSignal
    /// Ends the source, and with it the reading: what came until then is kept.
    let source: StopSignal
    /// How long a stream may be silent.
    let stall: Seconds?
  }

  func holdsSnapshot(since moment: UInt64?) { reading.progress.holdsSnapshot(since: moment) }

  private let reading: Reading
  private let shelf: IntakeShelf
  private let submit: @Sendable (consuming IntakeJob) throws(Failure) -> Void
  private var pool: BufferPool { reading.pool }
  private var stop: StopSignal { reading.stop }

  /// The buffers for a run with so many chunks under way at once: enough that the source never waits for one while the
  /// crew has less to do than it takes, and two for each stream, which takes its second before it gives the first
  /// back. 8 MiB each.
  static func pool(for parameters: ChunkParameters, jobs: Int, streams: Int, stop: StopSignal) -> BufferPool {
    let capacity = 2 * max(parameters.maximum, batchLength)
    return BufferPool(count: jobs * batchLength / capacity + 1 + 2 * streams, capacity: capacity, stop: stop)
  }

  /// - Parameters:
  ///   - streams: how many there are at the same time at most
  ///   - makeFinder: finds what chunks were in earlier dumps; one for each stream under way
  ///   - submit: hands a job to the crew, from any thread
  init(
    _ reading: Reading, streams: Int, makeFinder: @escaping @Sendable () -> BaseFinder?,
    submit: @escaping @Sendable (consuming IntakeJob) throws(Failure) -> Void
  ) {
    self.reading = reading
    self.submit = submit
    shelf = IntakeShelf(streams: streams, makeFinder: makeFinder)
  }

  func entry(_ stream: DumpedStream) throws(Failure) {
    try check(stream)
    try submit(.entry(stream))
  }

  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    try check(stream)
    let tools = try shelf.begin()
    defer { shelf.end(tools) }
    try submit(.begin(tools.number, stream))
    Transfers.widen(descriptor)
    var current = try shelf.rest(or: pool)
    var batch = Batch(tools.number)
    var search = CutSearch()
    var progress = StreamProgress()
    while true {
      while let chunk = current.withBytes({ cut($0, behind: batch, tools.finder, &search, isLast: progress.isEnded) }) {
        batch.append(chunk)
        if batch.length >= StreamIntake.batchLength { try submit(&batch, &current) }
      }
      if progress.isEnded { break }
      do throws(Failure) {
        try makeRoom(&current, &batch)
        try read(descriptor, into: &current, &progress, watcher)
      } catch {
        try stop.check()
        progress.end(because: error.what)
      }
    }
    try submit(&batch, &current)
    shelf.keep(current)
    try submit(.end(tools.number, length: progress.length))
    return progress.summary
  }

  /// The next chunk behind those of the batch, with what it was in earlier dumps; nil when more bytes are needed.
  private func cut(
    _ bytes: UnsafeRawBufferPointer, behind batch: Batch, _ bases: BaseFinder?, _ search: inout CutSearch, isLast: Bool
  ) -> CutChunk? {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[batch.length...])
    guard let length = reading.chunker.cut(rest, &search, isLast: isLast) else { return nil }
    return CutChunk(length: length, hint: bases?.find(UnsafeRawBufferPointer(rebasing: rest[..<length])))
  }

  private func submit(_ batch: inout Batch, _ buffer: inout PooledBuffer) throws(Failure) {
    guard batch.length > 0 else { return }
    try submit(.chunks(batch.stream, buffer.takeFront(batch.length), batch.chunks))
    batch = Batch(batch.stream)
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
    _ descriptor: Int32, into buffer: inout PooledBuffer, _ progress: inout StreamProgress,
    _ watcher: (any StreamWatcher)?
  ) throws(Failure) {
    let start = buffer.count
    // A buffer is longer than any chunk, so there is room while no cut was found.
    let wanted = min(StreamIntake.readSize, buffer.capacity - start)
    let count = try buffer.withCapacity { (room) throws(Failure) in
      let part = UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + wanted)])
      let count = try read(descriptor, into: part)
      let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
      try watcher?.see(bytes)
      progress.note(bytes)
      return count
    }
    buffer.count = start + count
    reading.progress.add(bytes: count)
  }

  /// Waits for bytes as long as a stream may be silent. Silence ends the source: whatever holds this stream up, the
  /// others would wait for it.
  private func read(_ descriptor: Int32, into part: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    let patience = reading.stall.map { UInt64($0.count) * 1_000_000_000 }
    if let count = try Transfers.read(descriptor, into: part, within: patience, stop: reading.source) { return count }
    let late = SourceLateness.stall(reading.stall ?? Seconds(0))
    reading.source.stop(because: late)
    throw late
  }
}

/// Chunks at the front of a buffer that travel together.
private struct Batch {
  let stream: StreamNumber
  private(set) var chunks: [CutChunk] = []
  /// Bytes of all.
  private(set) var length = 0

  init(_ stream: StreamNumber) { self.stream = stream }

  mutating func append(_ chunk: CutChunk) {
    chunks.append(chunk)
    length += chunk.length
  }
}

/// How far a stream has been read.
private struct StreamProgress {
  private(set) var length: UInt64 = 0
  private(set) var isEnded = false
  private var tail: [UInt8] = []
  private var problem: String?

  var summary: StreamSummary { StreamSummary(length: length, tail: tail, readingProblem: problem) }

  /// Notes what was read; nothing is the end.
  mutating func note(_ part: UnsafeRawBufferPointer) {
    isEnded = part.isEmpty
    length += UInt64(part.count)
    // The last bytes of a stream, where dump tools leave their completion marker. In place: this is done at every read.
    let limit = StreamSummary.tailLimit
    if part.count >= limit {
      tail.removeAll(keepingCapacity: true)
    } else {
      tail.removeFirst(max(0, tail.count + part.count - limit))
    }
    tail.append(contentsOf: UnsafeRawBufferPointer(rebasing: part.suffix(limit)))
  }

  mutating func end(because problem: String) {
    self.problem = problem
    isEnded = true
  }
}
