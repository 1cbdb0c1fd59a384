package import Bytes
package import Databases
package import Format
package import Pipeline
package import Repository

/// What a restore wrote, and what it knows of the truth.
package struct RestoreReport: Sendable {
  /// Streams that were restored.
  package var streams: UInt64 = 0
  /// Plain bytes written.
  package var bytes: UInt64 = 0
  /// What is there against what the snapshot's manifest says of its streams; empty if all was restored and equal.
  package var differences: [String] = []
  /// Moments for a drill, by the clock that counts suspension.
  package var firstByte: UInt64?
  package var lastByte: UInt64?
}

/// One restore: catalogue → recipes → segments → crew → target.
package struct RestoreRun {
  private let access: RestorerAccess
  private let stop: StopSignal
  private let workers: Int
  /// Counts bytes while the run goes on.
  package let progress: RunProgress

  /// - Parameters:
  ///   - access: what the restorer key can do
  ///   - workers: threads that fetch, open and decompress; nil for one a core
  package init(_ access: RestorerAccess, stop: StopSignal, progress: RunProgress, workers: Int? = nil) {
    self.access = access
    self.stop = stop
    self.progress = progress
    self.workers = workers ?? UsableCores.count()
  }

  /// Loads what is needed to read a snapshot: its writer's index, and packs that no index speaks of.
  package func source(of snapshot: ListedSnapshot) throws(Failure) -> BlobSource {
    let identities = access.meta.identities
    var namespace = try Namespace.load(of: snapshot.writer, in: access.meta.repository, with: identities)
    let written = Set(snapshot.snapshot.index)
    let isIncomplete = !namespace.problems.isEmpty || !written.isSubset(of: namespace.loadedIndexes)
    if isIncomplete {
      namespace = try Namespace.load(
        of: snapshot.writer, in: access.meta.repository, with: identities, readingPacks: true)
    }
    return try BlobSource(access, namespace: namespace)
  }

  /// The truth manifest that the writer sealed into the snapshot.
  package func truth(of snapshot: ListedSnapshot) throws(Failure) -> TruthManifest {
    try SealedTruth.open(snapshot, access)
  }

  /// Restores a snapshot.
  ///
  /// - Parameters:
  ///   - snapshot: which
  ///   - source: from `source(of:)`
  ///   - wanted: which streams; nil for all
  ///   - sink: where to
  /// - Throws: `damaged` as soon as any byte would be wrong; what is not whole is taken away from the target.
  package func run(
    _ snapshot: ListedSnapshot, from source: BlobSource, wanted: ((StreamEntry) -> Bool)? = nil,
    into sink: any RestoreSink
  ) throws(Failure) -> RestoreReport {
    progress.expect(snapshot.snapshot.catalogue.length)
    let delivery = Delivery(sink, progress: progress)
    do throws(Failure) {
      try transfer(snapshot, from: source, wanted: wanted, to: delivery)
      let differences = wanted == nil ? try differences(delivery, snapshot) : []
      try delivery.finish()
      var report = delivery.report
      report.differences = differences
      return report
    } catch {
      delivery.abandon()
      throw error
    }
  }

  /// Compares what was delivered of a whole snapshot with what its writer signed and sealed.
  private func differences(_ delivery: Delivery, _ snapshot: ListedSnapshot) throws(Failure) -> [String] {
    let (found, signed) = (delivery.report.streams, snapshot.snapshot.catalogue.streams)
    guard found == signed else {
      throw Failure(.damaged, "the catalogue holds \(found) of \(signed) streams", at: snapshot.path.path)
    }
    guard let expected = try truth(of: snapshot).streams, expected != delivery.tally else { return [] }
    return ["the restored streams are not those that the snapshot's manifest names"]
  }

  private func transfer(
    _ snapshot: ListedSnapshot, from source: BlobSource, wanted: ((StreamEntry) -> Bool)?, to delivery: Delivery
  ) throws(Failure) {
    let window = workers * 3
    let pool = BufferPool(count: window + workers + 1, capacity: Limits.chunk, stop: stop)
    let readAhead = ReadAhead(access.meta.repository.objects.store, stop: stop)
    let cache = readAhead.cache(of: source)
    defer { readAhead.finish() }
    try runOrderedCrew(named: "restore", workers: workers, window: window, stop: stop) { submit in
      let reader = BlobReader(source) { (lists) throws(Failure) in
        let (spans, unread) = cache.spans(of: lists)
        try readAhead.want(unread)
        return spans
      }
      var catalogue = CatalogueWalker(snapshot.snapshot.catalogue, reader: reader)
      var plan = RestorePlan(source, reader: reader, cache: cache, readAhead: readAhead) { (job) throws(Failure) in
        try submit(job)
      }
      while let stream = try catalogue.next() {
        if wanted?(stream) == false { continue }
        try plan.add(stream)
      }
      try plan.finish()
    } makeWork: {
      RestoreResult.maker(source, pool)
    } deliver: { (result: consuming RestoreResult) in
      try delivery.take(result)
    }
  }
}
