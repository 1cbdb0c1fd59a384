package import Bytes
import Format
package import Pipeline
package import Profiles
package import Repository

/// Makes a host's reference cache anew from a snapshot, so that the next backup stores differences again.
package struct ReferenceRefill {
  private let access: RestorerAccess
  private let stop: StopSignal
  /// Counts bytes while the run goes on.
  package let progress: RunProgress

  package init(_ access: RestorerAccess, stop: StopSignal, progress: RunProgress) {
    self.access = access
    self.stop = stop
    self.progress = progress
  }

  /// Reads every chunk of the snapshot and keeps it.
  ///
  /// - Parameters:
  ///   - snapshot: the newest complete one, as a rule
  ///   - source: opens its blobs
  ///   - tuning: where the cache lies, how large it may get, and at which level it is compressed
  /// - Returns: bytes of the cache
  /// - Throws: `usage` if the component has no cache, `busy` if a backup of it is running, `stateFailed` if it cannot
  ///   be written
  package func run(
    _ snapshot: ListedSnapshot, from source: BlobSource, tuning: Tuning
  ) throws(Failure) -> UInt64 {
    let component = snapshot.snapshot.component
    guard let state = access.meta.repository.state,
      let place = try ReferenceOpening.place(component, tuning, state: state)
    else {
      throw Failure(
        .usage, "\(component) has no reference cache on this host",
        next: "Choose tuning.cache: disk or memory in its profile, and a state folder that can be written.")
    }
    let lock = try ComponentLock(state.lockPath(component: component), component: component, waits: false, stop: stop)
    defer { withExtendedLifetime(lock) {} }
    let rebuild = try ReferenceRebuild(
      place.path, limit: place.limit, snapshot: snapshot, access: access, source: source)
    progress.expect(snapshot.snapshot.catalogue.length)
    let workers = tuning.threads ?? UsableCores.count()
    try runOrderedCrew(named: "refill", workers: workers, window: workers * 2, stop: stop) { submit in
      let reader = BlobReader(source)
      var catalogue = CatalogueWalker(snapshot.snapshot.catalogue, reader: reader)
      while let stream = try catalogue.next() {
        var recipe = RecipeWalker(stream.root, reader: reader)
        while let chunk = try recipe.next() {
          if chunk.name != .zero { try submit(chunk) }
        }
      }
    } makeWork: {
      let work = try rebuild.makeWork(level: Int32(tuning.compression ?? 1))
      return { (chunk: consuming ListChild) in (row: try work(chunk.name), length: chunk.length) }
    } deliver: { (entry: consuming (row: ReferenceRow?, length: UInt64)) in
      if let row = entry.row { rebuild.append(row) }
      progress.add(bytes: Int(entry.length))
    }
    return try rebuild.finish()
  }
}
