package import Bytes
package import Engine
import Format
package import Pipeline
package import Profiles
package import Repository

/// One rehearsed recovery: chooses a snapshot, restores it into a scratch target, checks it, and puts a signed record
/// of every second into the ledger.
///
/// - A snapshot that does not come back, because bytes are damaged or missing, ends as a record `failed`; so does a
///   recovery that a scenario has kept from its end.
/// - A store that does not answer, a full target or a stop signal is thrown, never taken for damage; where the store
///   lets it, a record `inconclusive` says that the drill was begun.
/// - A scenario of which any fault never happened is `inconclusive`, whatever the checks say.
/// - The restored data is removed in every case, but for `target.keep: on-failure` and a drill that came to an end
///   without proving anything.
/// - The verdict speaks of the data. Objectives stand beside it (`Record.objectives`).
package struct DrillRun {
  private let drill: Drill
  private let tool: String
  private let writer: String?
  private let copies: [String]
  private let environment: [String: String]
  private let context: DrillContext

  /// - Parameters:
  ///   - drill: what is rehearsed
  ///   - tool: name and version of this program, for the record
  ///   - writer: the beginning of a writer's id, where several have the component
  ///   - copies: what the copies of the repository are called, in the order in which they are named
  ///   - environment: the variables of the process, for the rescue kit: where a bucket is, and its credentials
  ///   - clock: measures since the declaration
  ///   - stop: the signal of the run
  ///   - progress: counts restored bytes
  ///   - workers: threads that restore; nil for one a core
  ///   - events: gets a step for each phase, and the warnings
  package init(
    _ drill: Drill, tool: String, writer: String? = nil, copies: [String] = [], environment: [String: String] = [:],
    clock: RecoveryClock, stop: StopSignal, progress: RunProgress, workers: Int? = nil, events: @escaping EventSink
  ) {
    self.drill = drill
    self.tool = tool
    self.writer = writer
    self.copies = copies
    self.environment = environment
    context = DrillContext(clock: clock, stop: stop, progress: progress, events: events, workers: workers)
  }

  /// Runs to the signed record.
  ///
  /// - Parameter open: unlocks the key file and opens the repository as it is told; gives its parts to the phases
  ///   `unlock` and `open` of the clock itself. May be called again
  /// - Throws: what keeps the drill from a verdict. A verdict other than `proven` is not thrown: see
  ///   `DrillReport.failure`.
  package func run(
    open: @escaping (DrillOpening) throws(Failure) -> RestorerAccess
  ) throws(Failure) -> DrillReport {
    let scenario = try drill.scenario.map { (scenario) throws(Failure) in
      try ScenarioRun(scenario, target: drill.target, copies: copies.count, stop: context.stop)
    }
    var settings = drill.target
    if let disk = scenario?.disk {
      settings.folder = disk.path
      // It goes with the drill.
      settings.keep = .never
    }
    let door = RepositoryDoor(copies: copies, scenario: scenario, context, open: open)
    let kit = drill.scenario?.faults.first(where: \.isKit).map { fault in
      KitTarget.Setting(drill: drill, fault: fault, tool: tool, environment: environment) {
        scenario?.noteKit(steps: $0)
      }
    }
    let stage = DrillStage(
      StartedTarget(settings, kit: kit, context), scenario, context, keeps: settings.keep == .onFailure)
    do throws(Failure) {
      return try run(door, stage)
    } catch {
      stage.clear()
      throw error
    }
  }

  private func run(_ door: RepositoryDoor, _ stage: DrillStage) throws(Failure) -> DrillReport {
    let access: RestorerAccess
    do throws(Failure) {
      access = try door.enter()
    } catch {
      guard stage.scenario?.hasFired == true, !context.stop.isStopped else { throw error }
      return try concludeUnopened(because: error, door, stage)
    }
    try RecordWriter(access.meta, tool: tool).requireSigner()
    let plan = try context.measure(.choose) { () throws(Failure) in try choose(access, stage) }
    let setting = Rehearsal.Setting(
      drill: drill, run: context, target: stage.target, scenario: stage.scenario, door: door,
      candidates: plan.candidates, ledger: plan.ledger)
    let rehearsal = Rehearsal(setting, plan.chosen, access)
    do throws(Failure) {
      try rehearsal.start()
    } catch {
      rehearsal.abandon(because: error)
      recordAbandoned(rehearsal, plan, door, stage)
      throw error
    }
    return try conclude(rehearsal, plan, door, stage)
  }

  // MARK: - Choice

  /// What is known once the history was read.
  private struct Plan {
    let chosen: ListedSnapshot
    let candidates: [ListedSnapshot]
    let ledger: Ledger
    let prediction: Record.Prediction?
  }

  private func choose(_ access: RestorerAccess, _ stage: DrillStage) throws(Failure) -> Plan {
    let history = try SnapshotHistory.load(access.meta)
    let ledger = try Ledger.load(access.meta)
    let choice = try SnapshotChoice.make(
      drill.selection, of: drill.component, writer: writer, in: history, ledger: ledger)
    for problem in access.meta.problems { stage.warn(problem.failure.description) }
    for problem in history.problems { stage.warn(problem.failure.description) }
    for oddity in history.oddities() where oddity.isDamage { stage.warn(oddity.text) }
    for problem in ledger.problems { stage.warn(problem.failure.description) }
    for text in choice.passedOver { stage.warn(text) }
    if let former = choice.formerKey {
      stage.warn("the writer's key changed since the last proven drill, when it was \(former)")
    }
    let chosen = choice.listed
    if let entry = chosen.acceptance {
      context.events(
        .note("the snapshot was quarantined, and accepted by a \(entry.role.rawValue): \(entry.annotation.reason)"))
    }
    let candidates = history.snapshots.filter { listed in
      let isOfThis = listed.snapshot.component == chosen.snapshot.component && listed.writer.id == chosen.writer.id
      return isOfThis && listed.isComplete && !ListedSnapshot.precedes(chosen, listed)
    }
    let prediction = Estimate.make(
      component: drill.component, bytes: chosen.snapshot.catalogue.length, scenario: drill.scenario, drill: drill.name,
      target: stage.target.title, in: DrillHistory(ledger))
    return Plan(chosen: chosen, candidates: candidates, ledger: ledger, prediction: prediction)
  }

  // MARK: - Outcome

  private func conclude(
    _ rehearsal: Rehearsal, _ plan: Plan, _ door: RepositoryDoor, _ stage: DrillStage
  ) throws(Failure) -> DrillReport {
    var outcome = outcome(rehearsal, plan, door, stage)
    var isProven = false
    if case .proven = outcome.verdict { isProven = true }
    stage.clear(isUnproven: !isProven)
    outcome.particulars.destroyed = stage.destroyed
    if let problem = outcome.age.problem { stage.warn(problem) }
    let (name, record) = try append(outcome, rehearsal, plan, door)
    return DrillReport(
      name: name, record: record, snapshot: rehearsal.snapshot, checks: rehearsal.results, kept: stage.kept,
      removal: stage.removal, warnings: stage.warnings, calm: CalmDrill(before: record, in: plan.ledger))
  }

  private func outcome(
    _ rehearsal: Rehearsal, _ plan: Plan, _ door: RepositoryDoor, _ stage: DrillStage
  ) -> RecoveryOutcome {
    _ = context.clock.finish()
    stage.scenario?.end()
    var particulars = stage.particulars(hasRecovered: rehearsal.hasRecovered)
    particulars.origin = door.origin(of: rehearsal.access)
    particulars.schedule = drill.schedule?.text
    particulars.prediction = plan.prediction
    let checks = rehearsal.results.map(\.recorded)
    return RecoveryOutcome(
      sort: .drill, name: drill.name, checks: checks,
      verdict: DrillVerdict(checks, of: rehearsal.evidence, in: particulars.scenario),
      objectives: drill.objectives, clock: context.clock, bytes: rehearsal.bytes, age: rehearsal.age,
      particulars: particulars)
  }

  /// Without a record nothing is proven; a person is told all the same what the checks said.
  private func append(
    _ outcome: RecoveryOutcome, _ rehearsal: Rehearsal, _ plan: Plan, _ door: RepositoryDoor
  ) throws(Failure) -> (name: Name, record: Record) {
    do throws(Failure) {
      let access = try ledgerAccess(rehearsal.access, door)
      return try RecordWriter(access, tool: tool, knowing: plan.ledger).append(outcome, of: rehearsal.snapshot)
    } catch {
      context.events(.warning("the checks say \(outcome.verdict.recorded.rawValue), but there is no record of it"))
      throw error.within("the record of drill \(drill.name)")
    }
  }

  /// The ledger is in the primary store, which a rehearsal has only ever lost in play: the record goes there, whatever
  /// the recovery came from.
  private func ledgerAccess(_ access: RestorerAccess, _ door: RepositoryDoor) throws(Failure) -> MetaAccess {
    door.part == .primary ? access.meta : try door.calm().meta
  }

  /// Removes the restored data and writes the record, both as far as it goes: the caller throws what happened.
  private func recordAbandoned(
    _ rehearsal: Rehearsal, _ plan: Plan, _ door: RepositoryDoor, _ stage: DrillStage
  ) {
    var outcome = outcome(rehearsal, plan, door, stage)
    stage.clear()
    outcome.particulars.destroyed = stage.destroyed
    do throws(Failure) {
      let access = try ledgerAccess(rehearsal.access, door)
      let (name, record) = try RecordWriter(access, tool: tool, knowing: plan.ledger).append(
        outcome, of: rehearsal.snapshot)
      context.events(.note("record \(name.hex.prefix(12)) says \(record.verdict.rawValue)"))
    } catch {
      stage.warn("there is no record of this drill: \(error.description)")
    }
  }

  /// A scenario under which the repository could not be opened anywhere: the recovery has failed, and the record says
  /// so of the snapshot that it would have taken.
  private func concludeUnopened(
    because failure: Failure, _ door: RepositoryDoor, _ stage: DrillStage
  ) throws(Failure) -> DrillReport {
    _ = context.clock.finish()
    stage.scenario?.end()
    stage.clear()
    let access = try door.calm()
    try RecordWriter(access.meta, tool: tool).requireSigner()
    let plan = try choose(access, stage)
    var results = [CheckResult(Rehearsal.restoreName, .fail, failure.description, looksAtData: true)]
    for check in drill.checks {
      results.append(
        CheckResult(check.name, .skipped, "the repository could not be opened", looksAtData: check.looksAtData))
    }
    var particulars = stage.particulars(hasRecovered: false)
    particulars.destroyed = stage.destroyed
    particulars.schedule = drill.schedule?.text
    let checks = results.map(\.recorded)
    let outcome = RecoveryOutcome(
      sort: .drill, name: drill.name, checks: checks, verdict: DrillVerdict(checks, of: nil, in: particulars.scenario),
      objectives: drill.objectives, clock: context.clock, bytes: 0,
      age: DataAge(of: plan.chosen, at: context.clock.declared),
      particulars: particulars)
    let (name, record) = try RecordWriter(access.meta, tool: tool, knowing: plan.ledger).append(
      outcome, of: plan.chosen)
    return DrillReport(
      name: name, record: record, snapshot: plan.chosen, checks: results, kept: nil, removal: stage.removal,
      warnings: stage.warnings,
      calm: CalmDrill(before: record, in: plan.ledger))
  }
}
