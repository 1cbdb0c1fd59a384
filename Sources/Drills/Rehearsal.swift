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
  /// Steps of a runbook after which nobody believes in it any more.
  private static let mostSteps = 20

  /// What a rehearsal works with.
  struct Setting {
    let drill: Drill
    let run: DrillContext
    let target: StartedTarget
    let scenario: ScenarioRun?
    let door: RepositoryDoor
    /// The snapshots of the component that count, the newest last, up to the chosen one.
    let candidates: [ListedSnapshot]
    let ledger: Ledger
  }

  private let setting: Setting
  private var drill: Drill { setting.drill }
  private var run: DrillContext { setting.run }
  private var scenario: ScenarioRun? { setting.scenario }
  /// What is restored: at last, where older ones had to be taken.
  private(set) var snapshot: ListedSnapshot
  private(set) var access: RestorerAccess
  private var hasFetchedCredentials = false
  /// The restore, then the checks that have an outcome.
  private(set) var results: [CheckResult] = []
  /// That there is restored data; nil until somebody looked.
  private(set) var evidence: RestoredEvidence?
  /// The moment of the newest row, where a query tells it; why not, where it should and does not.
  private(set) var newest: (moment: Moment?, problem: String?)?
  /// Whether the data came back, whatever is wrong with it.
  private(set) var hasRecovered = false

  /// Plain bytes that reached the target. What the commands of a kit wrote nobody has counted: it is the whole dump.
  var bytes: UInt64 {
    let counted = run.progress.bytes
    return counted == 0 && hasRecovered ? snapshot.snapshot.catalogue.length : counted
  }

  init(_ setting: Setting, _ snapshot: ListedSnapshot, _ access: RestorerAccess) {
    self.setting = setting
    self.snapshot = snapshot
    self.access = access
  }

  /// Restores and checks. Throws what is neither the data's nor a check's fault: a store that does not answer, a full
  /// target, a stopped drill; but in a scenario it was the scenario, which the recovery then did not survive.
  func start() throws(Failure) {
    do throws(Failure) {
      let target = try setting.target.ready(for: snapshot.snapshot.engine.kind)
      try scenario?.arm(target, run.progress, needing: snapshot.snapshot.catalogue.length)
      let restored = try bringBack(to: target)
      hasRecovered = true
      try check(restored)
    } catch {
      guard results.isEmpty, condemns(error) else { throw error }
      results.append(CheckResult(Rehearsal.restoreName, .fail, error.description, looksAtData: true))
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

  private func skipRest(because reason: String) {
    for check in drill.checks.dropFirst(results.count - 1) {
      results.append(CheckResult(check.name, .skipped, reason, looksAtData: check.looksAtData))
    }
  }

  /// Whether a failure of the restore says that this snapshot does not come back, or not under this scenario.
  private func condemns(_ failure: Failure) -> Bool {
    Rehearsal.isLoss(failure) || (!run.stop.isStopped && failure.code != .interrupted && scenario?.hasFired == true)
  }

  /// What a store does not answer, a format that only a later lifeboat reads and a full disk say nothing of the kind.
  private static func isLoss(_ failure: Failure) -> Bool {
    [.damaged, .storeMissing, .keyUntrusted, .keyWrongRole].contains(failure.code)
  }

  // MARK: - Restore

  /// Restores; where a scenario keeps lifeboat from going on, a person would have to do something: does that, and tries
  /// again.
  private func bringBack(to target: any RecoveryTarget) throws(Failure) -> any RestoredData {
    var failure: Failure?
    do throws(Failure) {
      try placeFaults()
      return try restore(to: target)
    } catch {
      failure = error
    }
    while let problem = failure {
      try run.stop.check()
      guard let scenario, scenario.steps.count < Rehearsal.mostSteps, let step = step(after: problem, target) else {
        throw problem
      }
      do throws(Failure) {
        try step.carryOut(in: run, scenario)
        return try restore(to: target)
      } catch {
        failure = error
      }
    }
    throw Failure(.defect, "a restore that neither came to its end nor failed")
  }

  private func placeFaults() throws(Failure) {
    guard let scenario, scenario.needsPlacing else { return }
    let restore = RestoreRun(access, stop: run.stop, progress: RunProgress(), workers: run.workers)
    try run.measure(.step(CalmDrill.placing)) { () throws(Failure) in
      try scenario.place(setting.candidates, restore)
    }
  }

  private func restore(to target: any RecoveryTarget) throws(Failure) -> any RestoredData {
    do throws(Failure) {
      return try attempt(target)
    } catch {
      // A pack may have gone because a prune repacked it: a fresh listing decides before it is called damage.
      guard error.code == .storeMissing else { throw error }
      try run.stop.check()
      run.events(.note("\(error.what): the restore starts again from a fresh listing"))
      return try attempt(target)
    }
  }

  private func attempt(_ target: any RecoveryTarget) throws(Failure) -> any RestoredData {
    run.progress.restart()
    let job = RestoreJob(
      snapshot: snapshot, access: access, clock: run.clock, stop: run.stop, progress: run.progress,
      events: run.events, workers: run.workers)
    return try target.restore(job)
  }

  // MARK: - The runbook

  /// What a person would do now.
  private func step(after failure: Failure, _ target: any RecoveryTarget) -> RunbookStep? {
    guard let scenario else { return nil }
    if scenario.takeKill(), let server = target as? any BreakableTarget {
      return RunbookStep("start the server again") { [run] () throws(Failure) in try server.startAgain(stop: run.stop) }
    }
    if scenario.takeFull(), let disk = scenario.disk {
      return RunbookStep("make room on the target's disk") { [run] () throws(Failure) in
        try disk.makeRoom()
        // A server that could not write may have ended, or may not: now it begins anew.
        guard let server = target as? any BreakableTarget else { return }
        _ = server.kill()
        try server.startAgain(stop: run.stop)
      }
    }
    if scenario.needsCredentials, !hasFetchedCredentials { return fetchCredentials(scenario) }
    if let copy = setting.door.nextCopy(after: failure, { [self] in access = $0 }), failure.code == .storeUnavailable {
      return copy
    }
    return Rehearsal.isLoss(failure) ? takeOlder() : nil
  }

  private func fetchCredentials(_ scenario: ScenarioRun) -> RunbookStep {
    hasFetchedCredentials = true
    return RunbookStep("fetch new credentials and open the repository again") { [self] () throws(Failure) in
      scenario.renew()
      access = try setting.door.again()
    }
  }

  /// An older snapshot in the place of one that does not come back: the newest that was proven, and once that was
  /// tried, the next older one.
  private func takeOlder() -> RunbookStep? {
    let older = setting.candidates.filter { ListedSnapshot.precedes($0, snapshot) }
    let proven = older.last { setting.ledger.isProven($0.name) }
    guard let next = proven ?? older.last else { return nil }
    let (newer, old) = (snapshot.snapshot.started.value, next.snapshot.started.value)
    let cost = Seconds.rounded(nanoseconds: Int64(clamping: newer - min(newer, old)))
    let why = proven == nil ? "which no drill has proven" : "the newest that a drill has proven"
    let detail = "\(next.name.hex.prefix(12)), \(why): \(cost) more of the data is lost"
    return RunbookStep("take an older snapshot", detail) { [self] () throws(Failure) in snapshot = next }
  }

  // MARK: - Checks

  private func check(_ restored: any RestoredData) throws(Failure) {
    let differences = (restored as? RestoredFolder)?.streamDifferences ?? []
    results.append(
      CheckResult(
        Rehearsal.restoreName, differences.isEmpty ? .pass : .fail,
        differences.first ?? "\(bytes) bytes, every chunk verified\(taken)", looksAtData: false,
        particulars: differences))
    evidence = try run.measure(.firstQuery) { () throws(Failure) in
      try RestoredEvidence.look(at: restored, stop: run.stop)
    }
    let runner = CheckRunner(
      restored: restored, reference: Moment(seconds: Int64(disaster / 1_000_000_000)),
      dumpStarted: snapshot.snapshot.started.value, stop: run.stop)
    for check in drill.checks {
      results.append(
        try run.measure(.check(check.name)) { () throws(Failure) in try runner.run(check) })
    }
    if let query = drill.newestRow {
      newest = try run.measure(.check("newest row")) { () throws(Failure) in
        try newestRow(query, in: restored, stop: run.stop)
      }
    }
  }

  /// What had to come from copies: a proof that leans on them says so.
  private var taken: String {
    let count = access.meta.repository.fallback?.taken.count ?? 0
    return count == 0 ? "" : "; \(count) \(count == 1 ? "object" : "objects") taken from copies"
  }

  /// The simulated moment of disaster, in nanoseconds since 1970: the declaration; but a drill that asks for an older
  /// state, as of a moment or by name, is no incident of today, and its data is as fresh as it was then.
  private var disaster: UInt64 {
    switch drill.selection {
    case .latest, .latestProven: run.clock.declared
    case .asOf(let moment): UInt64(max(0, moment.seconds)) * 1_000_000_000
    case .snapshot: snapshot.snapshot.started.value
    }
  }

  /// How old the data was at the disaster.
  var age: DataAge {
    guard drill.newestRow != nil, hasRecovered else { return DataAge(of: snapshot, at: disaster) }
    if let moment = newest?.moment { return DataAge(newest: moment, at: disaster) }
    return DataAge(unmeasured: newest?.problem ?? "the newest row was not asked for")
  }
}
