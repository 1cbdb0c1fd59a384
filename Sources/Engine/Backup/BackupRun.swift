package import Bytes
import Databases
import Format
package import Pipeline
import Profiles
package import Repository

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

  /// Runs to the commit, with the hooks around it.
  ///
  /// - Throws: what prevented the dump or the storing; nothing older is touched then, and there is no snapshot.
  package func run() throws(Failure) -> BackupReport {
    let surroundings = BackupSurroundings(request, state: access.repository.state, stop: stop, events: events)
    let lock: ComponentLock?
    do throws(Failure) {
      try access.checkGrant(of: request.component)
      lock = try takeLock()
    } catch {
      surroundings.failedEarly(error)
      throw error
    }
    defer { withExtendedLifetime(lock) {} }
    return try surroundings.run { () throws(Failure) in
      // A failure ends this run and not what comes after it: its hooks, the next component.
      try InnerStop.run(within: stop) { (inner) throws(Failure) in try transfer(inner) }
    }
  }

  /// Runs the hooks for failures, and notifies, for a run that could not even begin: its repository does not open.
  package static func failed(
    _ request: BackupRequest, because failure: Failure, stop: StopSignal, events: @escaping EventSink
  ) {
    BackupSurroundings(request, state: nil, stop: stop, events: events).failedEarly(failure)
  }

  private func transfer(_ stop: StopSignal) throws(Failure) -> BackupReport {
    let watch = Stopwatch()
    let started = WallClock.now()
    events(.step("prepare"))
    let description = try SourceLateness.limit(request.times.timeout, within: stop) { (inner) throws(Failure) in
      try request.source.prepare(stop: inner)
    }
    for note in description.notes { events(.note(note)) }
    if let expected = description.expectedSize { progress.expect(expected) }
    do throws(Failure) {
      return try attempt(description, started: started, watch: watch, stop)
    } catch {
      // A prune took a pack away that this run relied on: what it held is stored anew, once.
      guard error.code == .storeMissing, request.isRepeatable else { throw error }
      try self.stop.check()
      events(.warning("\(error.what): the run starts again"))
      progress.restart()
      return try InnerStop.run(within: self.stop) { (inner) throws(Failure) in
        try attempt(description, started: started, watch: watch, inner)
      }
    }
  }

  private func takeLock() throws(Failure) -> ComponentLock? {
    guard let state = access.repository.state else { return nil }
    return try ComponentLock(
      state.lockPath(component: request.component), component: request.component, waits: request.waits, stop: stop)
  }

  private func attempt(
    _ description: SourceDescription, started: UInt64, watch: Stopwatch, _ stop: StopSignal
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
    let step = DumpStep(
      source: request.source, session: session, catalogue: catalogue,
      workers: request.tuning.threads ?? UsableCores.count(), times: request.times, progress: progress)
    let outcome = try step.run(stop: stop)
    let gate = GateStep(
      component: request.component, settings: request.gate, accepts: request.acceptsObjections,
      state: access.repository.state, events: events)
    let reading = GateReading(bytes: catalogue.statistics.bytes, truth: outcome.truth)
    let judgement = gate.judge(outcome, reading, engine: description.engine)
    warn(outcome.warnings + (judgement.verdict == .complete ? judgement.reasons : []), &warnings)
    events(.step("commit"))
    let draft = try draft(description, outcome, judgement, catalogue, started: started)
    try stop.check()
    let (name, snapshot) = try session.commit(draft)
    // Later dumps build on whole ones alone.
    let cache = snapshot.verdict == .complete ? reference?.promote() : nil
    if let problem = reference?.problem {
      warn(["the reference cache cannot be written: \(problem); the next run stores changed chunks full"], &warnings)
    }
    if let problem = gate.keep(judgement.history) { warn([problem], &warnings) }
    return BackupReport(
      name: name, snapshot: snapshot, warnings: warnings, errorText: outcome.errorText, deltas: catalogue.deltas,
      cache: cache, nanoseconds: watch.nanoseconds)
  }

  private func warn(_ more: [String], _ warnings: inout [String]) {
    for warning in more { events(.warning(warning)) }
    warnings += more
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

  private func draft(
    _ description: SourceDescription, _ outcome: DumpOutcome, _ judgement: GateStep.Judgement,
    _ catalogue: CatalogueIntake, started: UInt64
  ) throws(Failure) -> SnapshotDraft {
    var truth = outcome.truth ?? TruthManifest(engine: description.engine)
    truth.streams = catalogue.tally
    return SnapshotDraft(
      component: request.component, started: started, verdict: judgement.verdict, reasons: judgement.reasons,
      engine: Snapshot.Engine(
        kind: description.engine, version: description.version, identity: description.identity),
      profile: request.profile, catalogue: try catalogue.finish(), truth: Array(truth.json.utf8),
      statistics: catalogue.statistics)
  }
}
