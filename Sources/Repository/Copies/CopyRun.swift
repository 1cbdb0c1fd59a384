package import Bytes
import Format
package import Pipeline
package import Store
import Synchronization

/// Makes one store a copy of another: every object that the target lacks, byte for byte, under the same path.
///
/// Objects never change and are named by their bytes, so that no key is needed, nothing that is there is touched, and
/// a run that ended anywhere is taken up by the next. They come in the order of `CopyPhase`, each only once all of its
/// kind before it are there. Nothing is put that does not match its name.
package struct CopyRun: Sendable {
  private let source: any Store
  private let target: any Store
  private let request: CopyRequest
  private let stop: StopSignal
  /// Counts bytes while the run goes on.
  package let progress: CopyProgress

  /// - Parameters:
  ///   - source: the repository
  ///   - target: an empty store, or an older copy of the same repository
  ///   - request: how
  ///   - stop: ends the run
  package init(
    from source: any Store, to target: any Store, _ request: CopyRequest, stop: StopSignal,
    progress: CopyProgress = CopyProgress()
  ) {
    self.source = source
    self.target = target
    self.request = request
    self.stop = stop
    self.progress = progress
  }

  /// Copies, then lists the target again and compares.
  ///
  /// - Throws: `storeMissing` if there is no repository, `targetRefused` if another one lies in the target, what the
  ///   stores throw, or the reason of `stop`. What is damaged is in the report.
  package func run() throws(Failure) -> CopyReport {
    let plan = try CopyPlan(of: source)
    let there = try listing()
    guard !CopyIdentity(there.keys).contradicts(CopyIdentity((plan.items[.authority] ?? []).map(\.path))) else {
      throw Failure(
        .targetRefused, "another repository lies there", at: target.description, next: "Name another place.")
    }
    let tally = CopyTally(plan, there)
    progress.expect(expected(plan, there))
    // A failure ends this run and not whatever its caller does next.
    try InnerStop.run(within: stop) { (inner) throws(Failure) in
      let transfer = ObjectTransfer(from: source, to: target, stop: inner)
      for step in CopyPhase.steps {
        // Statements of authority are a chain: none may be there before those that it follows.
        let threads = step == [.authority] ? 1 : request.workers
        let items = step.flatMap { phase in (plan.items[phase] ?? []).sorted { $0.path < $1.path } }
        try run(items, threads: threads, there, transfer, tally, inner)
      }
    }
    if tally.report.copied > 0 { try confirm(plan, tally) }
    return tally.report
  }

  /// The target's objects of a repository, by path.
  private func listing() throws(Failure) -> [StorePath: UInt64] {
    var sizes: [StorePath: UInt64] = [:]
    try target.list("") { (stored) throws(Failure) in
      let isKnown = ObjectPath(stored.path.text) != nil || stored.path.text.hasPrefix(ObjectPath.rescueFolder)
      if isKnown { sizes[stored.path] = stored.size }
    }
    return sizes
  }

  private func expected(_ plan: CopyPlan, _ there: [StorePath: UInt64]) -> UInt64 {
    plan.all.reduce(0) { there[$1.path] == nil || request.readData ? $0 + $1.size : $0 }
  }

  private func run(
    _ items: [CopyItem], threads: Int, _ there: [StorePath: UInt64], _ transfer: ObjectTransfer,
    _ tally: CopyTally, _ stop: StopSignal
  ) throws(Failure) {
    let (progress, readData) = (progress, request.readData)
    try ParallelWork.run(items.count, threads: threads, named: "copy", stop: stop) { (number) throws(Failure) in
      let item = items[number]
      if let size = there[item.path] {
        tally.add(try transfer.compare(item, size: size, readData: readData), of: item)
        if readData { progress.add(item.size) }
      } else {
        tally.add(try transfer.copy(item), of: item)
        progress.add(item.size)
      }
    }
  }

  /// What was put must be listed: a listing is what readers go by.
  private func confirm(_ plan: CopyPlan, _ tally: CopyTally) throws(Failure) {
    let now = try listing()
    for (path, size) in tally.sizes where now[path] != size {
      // A store whose listings lag behind shows it when it is asked for this one.
      if now[path] == nil, try target.size(of: path) == size { continue }
      tally.note(CopyProblem(.target, path.text, "it was put there, and the store does not list it as it was"))
    }
  }
}

/// What a copy has come to so far, from any thread.
private final class CopyTally: Sendable {
  private struct State {
    var report = CopyReport()
    var sizes: [StorePath: UInt64] = [:]
  }

  private let state: Mutex<State>

  init(_ plan: CopyPlan, _ there: [StorePath: UInt64]) {
    var report = CopyReport()
    report.strangers = plan.strangers
    let wanted = Set(plan.all.map(\.path))
    report.extra = UInt64(there.keys.count { !wanted.contains($0) })
    state = Mutex(State(report: report))
  }

  /// What was put, with its size in bytes.
  var sizes: [StorePath: UInt64] { state.withLock { $0.sizes } }

  var report: CopyReport {
    var report = state.withLock { $0.report }
    report.problems.sort { ($0.path, $0.what) < ($1.path, $1.what) }
    return report
  }

  func note(_ problem: CopyProblem) { state.withLock { $0.report.problems.append(problem) } }

  func add(_ outcome: ObjectTransfer.Outcome, of item: CopyItem) {
    state.withLock { state in
      switch outcome {
      case .copied(let size):
        state.report.copied += 1
        state.report.copiedBytes += size
        state.sizes[item.path] = size
      case .present: state.report.present += 1
      case .vanished: state.report.vanished += 1
      case .problem(let problem): state.report.problems.append(problem)
      }
    }
  }
}
