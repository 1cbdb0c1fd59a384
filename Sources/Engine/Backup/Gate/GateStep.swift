import Bytes
import Databases
import Format
import Profiles
import Repository

/// The gate of one run: what its source says of the dump, and what the component's history says.
struct GateStep {
  /// What a dump was judged to be.
  struct Judgement {
    var verdict: Snapshot.Verdict
    /// Why it is quarantined; or what was objected to and accepted when the run was started.
    var reasons: [String]
    /// What the history is after this dump; nil where it stays as it is.
    var history: GateHistory?
  }

  let component: String
  let settings: GateSettings
  /// Objections of the bands were accepted beforehand.
  let accepts: Bool
  /// Nil on a host that keeps no state.
  let state: HostState?
  let events: EventSink

  func judge(_ outcome: DumpOutcome, _ reading: GateReading, engine: String) -> Judgement {
    let history = loaded(engine)
    let objections = Gate(settings: settings, history: history).objections(to: reading)
    if case .quarantined(let reasons) = outcome.verdict {
      return Judgement(verdict: .quarantined, reasons: reasons + objections, history: nil)
    }
    guard !objections.isEmpty else {
      var history = history
      history.add(reading)
      return Judgement(verdict: .complete, reasons: [], history: history)
    }
    guard accepts else { return Judgement(verdict: .quarantined, reasons: objections, history: nil) }
    // What was is no measure any more: the accepted dump begins a new history.
    return Judgement(
      verdict: .complete, reasons: objections.map { "accepted by --accept: \($0)" },
      history: GateHistory(engine: engine, runs: [reading]))
  }

  /// Keeps the figures of a dump, after its snapshot was committed.
  ///
  /// - Returns: why they could not be kept; the next run is then compared with older ones
  func keep(_ history: GateHistory?) -> String? {
    guard let history, let state else { return nil }
    do throws(Failure) {
      try history.save(component, in: state)
      return nil
    } catch {
      return error.description
    }
  }

  private func loaded(_ engine: String) -> GateHistory {
    guard let state else { return GateHistory(engine: engine) }
    let (found, problem) = GateHistory.load(component, from: state)
    if let problem { events(.warning("the gate begins a new history: \(problem)")) }
    guard let found, found.engine == engine else {
      if let found { events(.note("the gate begins a new history: the engine was \(found.engine), it is \(engine)")) }
      if found == nil, problem == nil, settings != .open {
        events(.note("the gate has no earlier dump of \(component) on this host to compare this one with"))
      }
      return GateHistory(engine: engine)
    }
    return found
  }
}
