package import Bytes
import Chunking
package import Databases
package import Format
package import Pipeline
package import Profiles
package import Repository

/// What to back up and how.
package struct BackupRequest: Sendable {
  package var component: String
  package var source: any DumpSource
  /// The effective profile as JSON text; travels inside the snapshot.
  package var profile: String
  package var tuning: Tuning
  /// Wait for another run of the component on this host instead of failing.
  package var waits: Bool
  /// True if the source can be read a second time; standard input can't.
  package var isRepeatable: Bool

  package init(
    component: String, source: any DumpSource, profile: String, tuning: Tuning = Tuning(), waits: Bool = false,
    isRepeatable: Bool = true
  ) {
    self.component = component
    self.source = source
    self.profile = profile
    self.tuning = tuning
    self.waits = waits
    self.isRepeatable = isRepeatable
  }
}

/// What a backup run left behind.
package struct BackupReport: Sendable {
  package let name: Name
  package let snapshot: Snapshot
  /// What a person must look at.
  package let warnings: [String]
  /// The end of what the dump tool printed as errors.
  package let errorText: String
  /// How many chunks were stored as differences from older ones.
  package let deltas: UInt64
  /// Bytes that the run wrote to the reference cache, and bytes that this comes to now; nil without one.
  package let cache: (written: UInt64, size: UInt64)?
  /// Nanoseconds the run took.
  package let nanoseconds: UInt64

  /// What makes the run end as failed though a snapshot was stored: the gate did not let the dump pass.
  package var failure: Failure? {
    guard snapshot.verdict == .quarantined else { return nil }
    return Failure(
      .sourceIncomplete, snapshot.reasons.joined(separator: "; "), at: "component \(snapshot.component)",
      next: "The snapshot \(name.hex.prefix(12)) is quarantined: latest never takes it. Mend the dump and run again.")
  }
}

/// One backup run: source → chunks → crew → packs → catalogue → snapshot.
package struct BackupRun {
  private let access: WriterAccess
  private let request: BackupRequest
  private let stop: StopSignal
  private let events: EventSink
  /// Counts bytes while the run goes on.
  package let progress: RunProgress

  package init(
    _ access: WriterAccess, _ request: BackupRequest, stop: StopSignal, progress: RunProgress,
    events: @escaping EventSink
  ) {
    self.access = access
    self.request = request
    self.stop = stop
    self.progress = progress
    self.events = events
  }

  /// Runs to the commit.
  ///
  /// - Throws: what prevented the dump or the storing; nothing older is touched then, and there is no snapshot.
  package func run() throws(Failure) -> BackupReport {
    let watch = Stopwatch()
    let started = WallClock.now()
    try access.checkGrant(of: request.component)
    let lock = try takeLock()
    defer { withExtendedLifetime(lock) {} }
    events(.step("prepare"))
    let description = try request.source.prepare(stop: stop)
    for note in description.notes { events(.note(note)) }
    if let expected = description.expectedSize { progress.expect(expected) }
    do throws(Failure) {
      return try attempt(description, started: started, watch: watch)
    } catch {
      // A prune took a pack away that this run relied on: what it held is stored anew, once.
      guard error.code == .storeMissing, request.isRepeatable else { throw error }
      try stop.check()
      events(.warning("\(error.what): the run starts again"))
      progress.restart()
      return try attempt(description, started: started, watch: watch)
    }
  }

  private func takeLock() throws(Failure) -> ComponentLock? {
    guard let state = access.repository.state else { return nil }
    return try ComponentLock(
      state.lockPath(component: request.component), component: request.component, waits: request.waits, stop: stop)
  }

  private func attempt(
    _ description: SourceDescription, started: UInt64, watch: Stopwatch
  ) throws(Failure) -> BackupReport {
    events(.step("index"))
    var warnings: [String] = []
    let reference = openReference(&warnings)
    let session = try BackupSession(
      access, level: request.tuning.compression.map { Int32($0) }, reference: reference, stop: stop)
    warnings += session.namespace.problems.map(\.failure.description)
    for warning in warnings { events(.warning(warning)) }
    let catalogue = CatalogueIntake(try session.writer(), reference: reference, progress: progress)
    events(.step("dump"))
    let outcome = try dump(session, into: catalogue)
    for warning in outcome.warnings { events(.warning(warning)) }
    warnings += outcome.warnings
    events(.step("commit"))
    let draft = try draft(description, outcome, catalogue, started: started)
    try stop.check()
    let (name, snapshot) = try session.commit(draft)
    // Later dumps build on whole ones alone.
    let cache = snapshot.verdict == .complete ? reference?.promote() : nil
    if let problem = reference?.problem {
      warnings.append("the reference cache cannot be written: \(problem); the next run stores changed chunks full")
      events(.warning(warnings[warnings.count - 1]))
    }
    return BackupReport(
      name: name, snapshot: snapshot, warnings: warnings, errorText: outcome.errorText, deltas: catalogue.deltas,
      cache: cache, nanoseconds: watch.nanoseconds)
  }

  /// A cache that cannot be used costs space in the store, never the backup.
  private func openReference(_ warnings: inout [String]) -> ReferenceRun? {
    do throws(Failure) {
      return try ReferenceOpening.open(request.component, request.tuning, for: access)
    } catch {
      warnings.append(error.description)
      return nil
    }
  }

  private func dump(_ session: BackupSession, into catalogue: CatalogueIntake) throws(Failure) -> DumpOutcome {
    let workers = request.tuning.threads ?? UsableCores.count()
    let window = workers * 2
    let chunker = try session.chunker()
    let pool = StreamIntake.pool(for: chunker.parameters, jobs: window + workers, stop: stop)
    var outcome: DumpOutcome?
    try runOrderedCrew(named: "backup", workers: workers, window: window, stop: stop) { submit in
      let intake = StreamIntake(
        chunker: chunker, bases: session.reference?.finder(), pool: pool, progress: progress, stop: stop
      ) {
        (job) throws(Failure) in try submit(job)
      }
      outcome = try request.source.dump(into: intake, stop: stop)
    } makeWork: {
      let writer = try session.writer()
      return { (job: consuming IntakeJob) in try BackupRun.work(job, writer) }
    } deliver: { (result: consuming IntakeResult) in
      try catalogue.take(result)
    }
    guard let outcome else { throw Failure(.defect, "a dump without an outcome") }
    return outcome
  }

  private static func work(_ job: consuming IntakeJob, _ writer: BlobWriter) throws(Failure) -> IntakeResult {
    switch consume job {
    case .begin(let stream): .begin(stream)
    case .end(let length): .end(length: length)
    case .entry(let stream): .entry(stream)
    case .chunks(let buffer, let chunks):
      .chunks(try buffer.withBytes { (bytes) throws(Failure) in try writer.write(bytes, cut: chunks) })
    }
  }

  private func draft(
    _ description: SourceDescription, _ outcome: DumpOutcome, _ catalogue: CatalogueIntake, started: UInt64
  ) throws(Failure) -> SnapshotDraft {
    var truth = outcome.truth ?? TruthManifest(engine: description.engine)
    truth.streams = catalogue.tally
    let reasons: [String] = if case .quarantined(let reasons) = outcome.verdict { reasons } else { [] }
    return SnapshotDraft(
      component: request.component, started: started, verdict: reasons.isEmpty ? .complete : .quarantined,
      reasons: reasons,
      engine: Snapshot.Engine(
        kind: description.engine, version: description.version, identity: description.identity),
      profile: request.profile, catalogue: try catalogue.finish(), truth: Array(truth.json.utf8),
      statistics: catalogue.statistics)
  }
}
