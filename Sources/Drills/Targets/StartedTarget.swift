import Bytes
import Engine
import Pipeline
import Profiles
import Synchronization

/// The target of a drill, made beside the opening of the repository where it is known before what engine it needs.
final class StartedTarget: Sendable {
  private struct State {
    var thread: ThreadHandle?
    var target: (any RecoveryTarget)?
    var failure: Failure?
  }

  private let settings: DrillTarget
  /// Where the recovery is by the rescue kit: what it needs to know.
  private let kit: KitTarget.Setting?
  private let run: DrillContext
  private let state = Mutex(State())

  /// Begins to make it if the drill says all that is to be known.
  ///
  /// - Parameter kit: for a recovery by the rescue kit; nil for one by this process
  init(_ settings: DrillTarget, kit: KitTarget.Setting? = nil, _ run: DrillContext) {
    self.settings = settings
    self.kit = kit
    self.run = run
    switch settings.place {
    case _ where kit != nil, .scratchFolder: begin("")
    case .scratchServer(let server): if let kind = server.kind { begin(kind.rawValue) }
    case .server(_, let server): begin(server.kind.rawValue)
    }
  }

  private func begin(_ engine: String) {
    let thread = Threads.run(named: "target") { [self] in make(engine) }
    state.withLock { $0.thread = thread }
  }

  private func make(_ engine: String) {
    do throws(Failure) {
      try run.clock.measure(.target) { () throws(Failure) in
        let target = try choose(engine)
        state.withLock { $0.target = target }
        try target.start(stop: run.stop)
      }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  private func choose(_ engine: String) throws(Failure) -> any RecoveryTarget {
    if let kit { return KitTarget(kit) }
    if case .scratchFolder = settings.place { return FolderTarget(in: settings.folder) }
    return try RecoveryTargets.make(settings, engine: engine, events: run.events)
  }

  /// The target, once it can be restored to.
  ///
  /// - Parameter engine: that of the snapshot
  /// - Throws: `targetRefused`, `targetFull`; the reason of a stopped drill
  func ready(for engine: String) throws(Failure) -> any RecoveryTarget {
    run.events(.step(Phase.target.name))
    if state.withLock({ $0.thread == nil }) { make(engine) }
    state.withLock { $0.thread }?.join()
    let (target, failure) = state.withLock { ($0.target, $0.failure) }
    try run.stop.check()
    if let failure { throw failure }
    guard let target else { throw Failure(.defect, "a target that was neither made nor refused") }
    return target
  }

  /// What stands on the record, as far as it is known now.
  var title: String? { state.withLock { $0.target }?.title }

  /// What there is of it, also where it could not be made whole; waits for its making to end.
  var made: (any RecoveryTarget)? {
    state.withLock { $0.thread }?.join()
    return state.withLock { $0.target }
  }
}
