package import Bytes
package import Format
import Glibc
import Pipeline
package import Profiles
import Synchronization

/// Measures a recovery from its declaration, by the clock that counts suspension.
///
/// Phases are spans and may overlap where the work does: a server starts while the repository is opened. At the end the
/// critical path gives every moment to one of them (`CriticalPath`), and what none of them claims is a phase of its
/// own, so that the phases sum exactly to the total. Any thread may measure; what it measures inside of another phase of
/// its own is taken out of that.
package final class RecoveryClock: Sendable {
  private struct State {
    var end: UInt64?
    var spans: [RecoverySpan] = []
    var meter: StoreMeter?
    /// By thread: the phases that it measures now, the outermost first, each with the parts that inner ones took.
    var nested: [UInt: [[Range<UInt64>]]] = [:]
  }

  /// The time of day of the declaration, in nanoseconds since 1970: for stamps, never for measuring.
  package let declared: UInt64
  /// Nanoseconds from the declaration to the start, by the time of day: there is no other clock that saw both.
  private let before: UInt64
  private let start: UInt64
  private let state: Mutex<State>

  /// The declaration: now.
  package init() {
    declared = WallClock.now()
    before = 0
    start = MonotonicClock.now()
    state = Mutex(State())
  }

  /// A declaration in the past, in seconds since 1970: what has passed until now is the phase `decision`.
  ///
  /// - Throws: `usage` for a time that is yet to come
  package init(declaredAt moment: Moment) throws(Failure) {
    declared = UInt64(max(0, moment.seconds)) * 1_000_000_000
    let wall = WallClock.now()
    guard declared <= wall else {
      throw Failure(
        .usage, "the incident is declared for a time that is yet to come", at: "--since",
        next: "Give the time at which it was declared, with its zone.")
    }
    before = wall - declared
    start = MonotonicClock.now()
    state = Mutex(State(spans: [RecoverySpan(phase: .decision, start: 0, end: before, cost: nil)]))
  }

  /// Nanoseconds since the declaration; stands still once the clock has finished.
  package var elapsed: UInt64 { time(state.withLock { $0.end } ?? MonotonicClock.now()) }

  /// Counts requests, bytes and tries of the store from now on, for the phases that begin.
  package func count(with meter: StoreMeter) { state.withLock { $0.meter = meter } }

  /// Runs `body` and gives its time to the phase, also when it throws.
  package func measure<Result>(
    _ phase: Phase, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let open = begin(phase)
    let thread = UInt(pthread_self())
    state.withLock { $0.nested[thread, default: []].append([]) }
    defer { finish(open, on: thread) }
    return try body()
  }

  private func finish(_ open: OpenPhase, on thread: UInt) {
    let now = MonotonicClock.now()
    var holes = state.withLock { state in
      let holes = state.nested[thread]?.popLast() ?? []
      if let outer = state.nested[thread]?.indices.last {
        state.nested[thread]?[outer].append(open.start..<max(open.start, now))
      } else {
        state.nested[thread] = nil
      }
      return holes
    }
    holes.append(now..<now)
    var cost = self.cost(since: open)
    var start = open.start
    for hole in holes {
      keep(open.phase, from: start, to: hole.lowerBound, cost)
      // What the store did is said once.
      cost = cost.map { _ in StoreCost() }
      start = hole.upperBound
    }
  }

  private func cost(since open: OpenPhase) -> StoreCost? {
    state.withLock { $0.meter?.reading }.map { $0.since(open.cost ?? StoreCost()) }
  }

  /// Begins a phase whose end is elsewhere.
  package func begin(_ phase: Phase) -> OpenPhase {
    OpenPhase(phase: phase, start: MonotonicClock.now(), cost: state.withLock { $0.meter?.reading })
  }

  /// Ends a phase: now.
  package func finish(_ open: OpenPhase) {
    keep(open.phase, from: open.start, to: MonotonicClock.now(), cost(since: open))
  }

  /// Gives a span, by the clock that counts suspension, to a phase.
  package func claim(_ phase: Phase, from begin: UInt64, to finish: UInt64) {
    keep(phase, from: begin, to: finish, nil)
  }

  private func keep(_ phase: Phase, from begin: UInt64, to finish: UInt64, _ cost: StoreCost?) {
    let span = RecoverySpan(phase: phase, start: time(begin), end: time(max(begin, finish)), cost: cost)
    state.withLock { state in
      if state.end == nil { state.spans.append(span) }
    }
  }

  private func time(_ moment: UInt64) -> UInt64 { before + (moment > start ? moment - start : 0) }

  /// Ends the measuring, once. Later calls give the same.
  package func finish() -> (phases: [Record.Phase], spans: [Record.Span]) {
    let spans = state.withLock { state in
      if state.end == nil { state.end = MonotonicClock.now() }
      return state.spans
    }
    return (CriticalPath(spans, total: elapsed).phases, spans.map(\.recorded))
  }
}

/// A phase that has begun.
package struct OpenPhase: Sendable {
  let phase: Phase
  let start: UInt64
  let cost: StoreCost?
}

/// A part of a recovery, in nanoseconds since the declaration.
package struct RecoverySpan: Sendable, Equatable {
  package let phase: Phase
  package let start: UInt64
  package let end: UInt64
  /// What the store did meanwhile; nil where nobody counted.
  package let cost: StoreCost?

  package init(phase: Phase, start: UInt64, end: UInt64, cost: StoreCost?) {
    self.phase = phase
    self.start = start
    self.end = end
    self.cost = cost
  }

  var recorded: Record.Span {
    Record.Span(
      name: phase.name, start: start, end: end, isHuman: phase.isHuman, bytes: cost?.bytes, requests: cost?.requests,
      retries: cost?.retries)
  }
}
