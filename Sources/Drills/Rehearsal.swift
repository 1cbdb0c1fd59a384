import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles
import Repository

/// The middle of a drill: from the chosen snapshot to the last check. Keeps what was found so far, also when it throws.
final class Rehearsal {
  /// The name under which the restore itself stands among the checks.
  static let restoreName = "restore"

  private let drill: Drill
  private let snapshot: ListedSnapshot
  private let access: RestorerAccess
  private let run: DrillContext
  private var scratch: DrillFolder?
  /// The restore, then the checks that have an outcome.
  private(set) var results: [CheckResult] = []
  /// That there is restored data; nil until somebody looked.
  private(set) var evidence: RestoredEvidence?
  /// Plain bytes that reached the target.
  private(set) var bytes: UInt64 = 0

  init(_ drill: Drill, _ snapshot: ListedSnapshot, _ access: RestorerAccess, _ run: DrillContext) {
    self.drill = drill
    self.snapshot = snapshot
    self.access = access
    self.run = run
  }

  /// Restores and checks. Throws what is neither the data's nor a check's fault: a store that does not answer, a full
  /// target, a stopped drill.
  func start() throws(Failure) {
    let scratch = try run.measure(.target) { () throws(Failure) in
      try DrillFolder(in: drill.target.folder, needing: snapshot.snapshot.catalogue.length)
    }
    self.scratch = scratch
    do throws(Failure) {
      try check(try restore(to: scratch))
    } catch {
      guard results.isEmpty, Rehearsal.condemns(error) else { throw error }
      results.append(
        CheckResult(Rehearsal.restoreName, .fail, error.description, looksAtData: true))
      skipRest(because: "the restore failed")
    }
  }

  /// Notes that the drill ended before everything had an outcome.
  func abandon(because failure: Failure) {
    if results.isEmpty {
      results.append(CheckResult(Rehearsal.restoreName, .unmeasured, failure.description, looksAtData: true))
    }
    skipRest(because: failure.what)
  }

  /// Removes the restored data, or keeps it for a look; returns where it was kept.
  func clear(keeping keeps: Bool) throws(Failure) -> String? {
    guard let scratch else { return nil }
    if keeps { return try scratch.keep() }
    try scratch.remove()
    return nil
  }

  private func skipRest(because reason: String) {
    for check in drill.checks.dropFirst(results.count - 1) {
      results.append(CheckResult(check.name, .skipped, reason, looksAtData: check.looksAtData))
    }
  }

  // MARK: - Restore

  /// Whether a failure of the restore says that this snapshot does not come back. What a store does not answer, a
  /// format that only a later lifeboat reads and a full disk say nothing of the kind.
  private static func condemns(_ failure: Failure) -> Bool {
    [.damaged, .storeMissing, .keyUntrusted, .keyWrongRole].contains(failure.code)
  }

  private func restore(to scratch: DrillFolder) throws(Failure) -> RestoredFolder {
    do throws(Failure) {
      return try attempt(scratch)
    } catch {
      // A pack may have gone because a prune repacked it: a fresh listing decides before it is called damage.
      guard error.code == .storeMissing else { throw error }
      try run.stop.check()
      run.events(.note("\(error.what): the restore starts again from a fresh listing"))
      return try attempt(scratch)
    }
  }

  private func attempt(_ scratch: DrillFolder) throws(Failure) -> RestoredFolder {
    try InnerStop.run(within: run.stop) { (inner) throws(Failure) in
      let restore = RestoreRun(access, stop: inner, progress: run.progress, workers: run.workers)
      let source = try run.measure(.index) { () throws(Failure) in try restore.source(of: snapshot) }
      run.events(.step(Phase.lastByte.name))
      let start = MonotonicClock.now()
      let sink = try TimedSink(scratch.path)
      defer {
        sink.claim(from: start, on: run.clock)
        bytes = sink.bytes
      }
      let report = try restore.run(snapshot, from: source, into: sink)
      return RestoredFolder(
        folder: scratch.path, engine: snapshot.snapshot.engine.kind, truth: try restore.truth(of: snapshot),
        streamDifferences: report.differences, files: sink.files, firstFile: sink.firstFile)
    }
  }

  // MARK: - Checks

  private func check(_ restored: RestoredFolder) throws(Failure) {
    let differences = restored.streamDifferences
    results.append(
      CheckResult(
        Rehearsal.restoreName, differences.isEmpty ? .pass : .fail,
        differences.first ?? "\(bytes) bytes, every chunk verified\(taken)", looksAtData: false,
        particulars: differences))
    evidence = try RestoredEvidence.look(at: restored, stop: run.stop)
    let runner = CheckRunner(
      restored: restored, reference: reference, dumpStarted: snapshot.snapshot.started.value, stop: run.stop)
    for check in drill.checks {
      results.append(
        try run.measure(.check(check.name)) { () throws(Failure) in try runner.run(check) })
    }
  }

  /// What had to come from copies: a proof that leans on them says so.
  private var taken: String {
    let count = access.meta.repository.fallback?.taken.count ?? 0
    return count == 0 ? "" : "; \(count) \(count == 1 ? "object" : "objects") taken from copies"
  }

  /// What freshness is measured against: the declaration; but a drill that asks for an older state, as of a moment or
  /// by name, is no incident of today, and its data is as fresh as it was then.
  private var reference: Moment {
    switch drill.selection {
    case .latest, .latestProven: Moment(seconds: Int64(run.clock.declared / 1_000_000_000))
    case .asOf(let moment): moment
    case .snapshot: Moment(seconds: Int64(clamping: snapshot.snapshot.started.value / 1_000_000_000))
    }
  }
}

/// What all steps of a drill share.
struct DrillContext {
  let clock: RecoveryClock
  let stop: StopSignal
  let progress: RunProgress
  let events: EventSink
  /// Threads that restore; nil for one a core.
  let workers: Int?

  /// Runs a step as a phase that is told and measured.
  func measure<Result>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try stop.check()
    events(.step(phase.name))
    return try clock.measure(phase, body)
  }
}
