package import Bytes
package import Databases
import Format
package import Pipeline
package import Repository

/// The streams of a snapshot for whoever loads them into a server: verified, in order, several at the same time.
///
/// All of them share the threads that read ahead and the blocks of packs that were read: streams that were dumped at
/// the same time lie side by side in the same packs, and each block is to be read once. Each gets its part of the
/// workers and of the blocks, so that together they take about the memory of one restore.
package final class SnapshotStreams: StreamProvider {
  package let streams: [ProvidedStream]
  /// Counts bytes while they are written.
  package let progress: RunProgress
  private let entries: [[UInt8]: StreamEntry]
  private let source: BlobSource
  private let cache: PackBlocks
  private let readAhead: ReadAhead
  private let workers: Int

  /// Reads the catalogue and starts the threads that read ahead.
  ///
  /// - Parameters:
  ///   - snapshot: which
  ///   - source: from `RestoreRun.source(of:)`
  ///   - access: what the restorer key can do
  ///   - lanes: how many streams are written at the same time, as a rule
  ///   - workers: threads that open and decompress, of all lanes together; nil for one a core
  ///   - stop: the signal of the run; what fails in one stream does not stop it
  ///   - progress: counts the bytes that are written
  package init(
    _ snapshot: ListedSnapshot, from source: BlobSource, access: RestorerAccess, lanes: Int, workers: Int? = nil,
    stop: StopSignal, progress: RunProgress
  ) throws(Failure) {
    let lanes = max(1, lanes)
    let reader = BlobReader(source)
    var catalogue = CatalogueWalker(snapshot.snapshot.catalogue, reader: reader)
    var streams: [ProvidedStream] = []
    var entries: [[UInt8]: StreamEntry] = [:]
    while let stream = try catalogue.next() {
      guard stream.kind == .dump || stream.kind == .file else { continue }
      streams.append(ProvidedStream(name: stream.name, length: stream.length))
      entries[stream.name] = stream
    }
    self.streams = streams
    self.entries = entries
    self.source = source
    self.progress = progress
    self.workers = max(1, (workers ?? UsableCores.count()) / lanes)
    readAhead = ReadAhead(access.meta.repository.objects.store, lanes: lanes, stop: stop)
    cache = readAhead.cache(of: source, lanes: lanes)
  }

  deinit { readAhead.finish() }

  package func write(
    _ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal
  ) throws(Failure) {
    let stream = try entry(name)
    try InnerStop.run(within: stop) { (inner) throws(Failure) in
      try transfer(stream, into: WatchedSink(descriptor, watcher, stop: inner), stop: inner)
    }
  }

  package func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8] {
    let stream = try entry(name)
    guard stream.length <= UInt64(limit) else {
      throw Failure(.damaged, "\(stream.length) bytes, and at most \(limit) belong there", at: stream.displayName)
    }
    do throws(Failure) {
      return try SnapshotStreams.bytes(of: stream, BlobReader(source), stop)
    } catch {
      throw error.within("stream \(stream.displayName)")
    }
  }

  private func entry(_ name: [UInt8]) throws(Failure) -> StreamEntry {
    if let entry = entries[name] { return entry }
    throw Failure(.damaged, "the snapshot has no stream \(DisplayText.of(name))")
  }

  private static func bytes(
    of stream: StreamEntry, _ reader: BlobReader, _ stop: StopSignal
  ) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var walker = RecipeWalker(stream.root, reader: reader)
    while let child = try walker.next() {
      try stop.check()
      guard UInt64(bytes.count) + child.length <= stream.length else {
        throw Failure(.damaged, "the recipe has more than \(stream.length) bytes")
      }
      guard child.name != .zero else {
        bytes += repeatElement(0, count: Int(child.length))
        continue
      }
      let chunk = try reader.whole(child.name, .data)
      guard UInt64(chunk.count) == child.length else {
        throw Failure(.damaged, "the chunk \(child.name.hex.prefix(16)) is not as long as its recipe says")
      }
      bytes += chunk
    }
    guard UInt64(bytes.count) == stream.length else {
      throw Failure(.damaged, "the recipe has \(bytes.count) of \(stream.length) bytes")
    }
    return bytes
  }

  private func transfer(_ stream: StreamEntry, into sink: WatchedSink, stop: StopSignal) throws(Failure) {
    let delivery = Delivery(sink, progress: progress)
    let (source, cache, readAhead) = (source, cache, readAhead)
    let window = workers * 3
    let pool = BufferPool(count: window + workers + 1, capacity: Limits.chunk, stop: stop)
    try runOrderedCrew(named: "lane", workers: workers, window: window, stop: stop) { submit in
      var plan = RestorePlan(
        source, reader: BlobReader(source), cache: cache, readAhead: readAhead
      ) { (job) throws(Failure) in try submit(job) }
      try plan.add(stream)
      try plan.finish()
    } makeWork: {
      RestoreResult.maker(source, pool)
    } deliver: { (result: consuming RestoreResult) in
      try delivery.take(result)
    }
  }
}
