package import Bytes
package import Engine
import Format
package import Pipeline
package import Profiles
package import Repository

/// One rehearsed recovery: chooses a snapshot, restores it into a scratch folder, checks it, and puts a signed record
/// of every second into the ledger.
///
/// - A snapshot that does not come back, because bytes are damaged or missing, ends as a record `failed`.
/// - A store that does not answer, a full target or a stop signal is thrown, never taken for damage; where the store
///   lets it, a record `inconclusive` says that the drill was begun.
/// - The restored data is removed in every case, but for `target.keep: on-failure` and a drill that came to an end
///   without proving anything.
/// - The verdict speaks of the data. Objectives stand beside it (`Record.objectives`).
package struct DrillRun {
  private let drill: Drill
  private let tool: String
  private let writer: String?
  private let context: DrillContext

  /// - Parameters:
  ///   - drill: what is rehearsed
  ///   - tool: name and version of this program, for the record
  ///   - writer: the beginning of a writer's id, where several have the component
  ///   - clock: measures since the declaration
  ///   - stop: the signal of the run
  ///   - progress: counts restored bytes
  ///   - workers: threads that restore; nil for one a core
  ///   - events: gets a step for each phase, and the warnings
  package init(
    _ drill: Drill, tool: String, writer: String? = nil, clock: RecoveryClock, stop: StopSignal, progress: RunProgress,
    workers: Int? = nil, events: @escaping EventSink
  ) {
    self.drill = drill
    self.tool = tool
    self.writer = writer
    context = DrillContext(clock: clock, stop: stop, progress: progress, events: events, workers: workers)
  }

  /// Runs to the signed record.
  ///
  /// - Parameter open: unlocks the key file and opens the repository; gives its parts to the phases `unlock` and
  ///   `open` of the clock itself
  /// - Throws: what keeps the drill from a verdict. A verdict other than `proven` is not thrown: see
  ///   `DrillReport.failure`.
  package func run(open: () throws(Failure) -> RestorerAccess) throws(Failure) -> DrillReport {
    let access = try open()
    let ledger = DrillLedger(access.meta, drill: drill, tool: tool)
    try ledger.requireSigner()
    var warnings: [String] = []
    let choice = try context.measure(.choose) { () throws(Failure) in try choose(access, &warnings) }
    let rehearsal = Rehearsal(drill, choice.listed, access, context)
    do throws(Failure) {
      try rehearsal.start()
    } catch {
      rehearsal.abandon(because: error)
      recordAbandoned(rehearsal, choice.listed, ledger)
      throw error
    }
    return try conclude(rehearsal, choice.listed, ledger, warnings)
  }

  // MARK: - Choice

  private func choose(_ access: RestorerAccess, _ warnings: inout [String]) throws(Failure) -> SnapshotChoice {
    let history = try SnapshotHistory.load(access.meta)
    let ledger = try Ledger.load(access.meta)
    let choice = try SnapshotChoice.make(
      drill.selection, of: drill.component, writer: writer, in: history, ledger: ledger)
    warnings = access.meta.problems.map(\.failure.description)
    warnings += history.problems.map(\.failure.description)
    warnings += history.oddities().filter(\.isDamage).map(\.text)
    warnings += ledger.problems.map(\.failure.description)
    warnings += choice.passedOver
    if let former = choice.formerKey {
      warnings.append("the writer's key changed since the last proven drill, when it was \(former)")
    }
    for warning in warnings { context.events(.warning(warning)) }
    if let entry = choice.listed.acceptance {
      context.events(
        .note("the snapshot was quarantined, and accepted by a \(entry.role.rawValue): \(entry.annotation.reason)"))
    }
    return choice
  }

  // MARK: - Outcome

  private func conclude(
    _ rehearsal: Rehearsal, _ snapshot: ListedSnapshot, _ ledger: DrillLedger, _ given: [String]
  ) throws(Failure) -> DrillReport {
    var warnings = given
    let outcome = DrillOutcome(rehearsal, context.clock)
    var isProven = false
    if case .proven = outcome.verdict { isProven = true }
    let keeps = drill.target.keep == .onFailure && !isProven
    let kept = clear(rehearsal, keeping: keeps, &warnings)
    if let age = outcome.dataAge(of: snapshot).problem { warn(age, &warnings) }
    let (name, record) = try append(outcome, snapshot, ledger)
    return DrillReport(
      name: name, record: record, snapshot: snapshot, checks: rehearsal.results, kept: kept, warnings: warnings)
  }

  /// Without a record nothing is proven; a person is told all the same what the checks said.
  private func append(
    _ outcome: DrillOutcome, _ snapshot: ListedSnapshot, _ ledger: DrillLedger
  ) throws(Failure) -> (name: Name, record: Record) {
    do throws(Failure) {
      return try ledger.append(outcome, of: snapshot)
    } catch {
      context.events(.warning("the checks say \(outcome.verdict.recorded.rawValue), but there is no record of it"))
      throw error.within("the record of drill \(drill.name)")
    }
  }

  /// Removes the restored data and writes the record, both as far as it goes: the caller throws what happened.
  private func recordAbandoned(_ rehearsal: Rehearsal, _ snapshot: ListedSnapshot, _ ledger: DrillLedger) {
    var warnings: [String] = []
    let outcome = DrillOutcome(rehearsal, context.clock)
    _ = clear(rehearsal, keeping: false, &warnings)
    do throws(Failure) {
      let (name, record) = try ledger.append(outcome, of: snapshot)
      context.events(.note("record \(name.hex.prefix(12)) says \(record.verdict.rawValue)"))
    } catch {
      warn("there is no record of this drill: \(error.description)", &warnings)
    }
  }

  /// Removes or keeps the restored data. That it cannot be removed changes no verdict, but a person must know.
  private func clear(_ rehearsal: Rehearsal, keeping keeps: Bool, _ warnings: inout [String]) -> String? {
    do throws(Failure) {
      let kept = try rehearsal.clear(keeping: keeps)
      if let kept { context.events(.note("the restored data is kept in \(kept)")) }
      return kept
    } catch {
      warn(error.description, &warnings)
      return nil
    }
  }

  private func warn(_ text: String, _ warnings: inout [String]) {
    warnings.append(text)
    context.events(.warning(text))
  }
}
