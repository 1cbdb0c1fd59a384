package import Bytes
import Format

/// One thing to prove, when it was last proven, and how to prove it.
package struct DrillPlanLine: Sendable {
  package enum State: String, Sendable {
    /// Something asks for it, and it is not proven, or its proof is too old.
    case overdue
    /// Never proven, and nothing asks for it.
    case open
    /// Proven, and not too long ago.
    case proven
  }

  /// For how long a proof counts where no drill declares a schedule.
  package static let standardAge: Int64 = 30 * 86_400

  package let component: String
  package let cell: PlanCell
  /// The newest record that proves it, and when that recovery was declared, in nanoseconds since 1970.
  package let lastProven: (record: Name, time: UInt64)?
  /// For how long a proof counts, in seconds.
  package let period: Int64
  package let state: State
  /// The drill to run; nil where one has to be written.
  package let drill: PlannedDrill?

  init(component: String, cell: PlanCell, records: [DrillHistory.Line], drills: [PlannedDrill], now: UInt64) {
    self.component = component
    self.cell = cell
    lastProven = records.filter { cell.isProven(by: $0.record) }.max {
      $0.record.started.value < $1.record.started.value
    }
    .map { ($0.name, $0.record.started.value) }
    let fitting = drills.filter(cell.isMeant)
    // The most frequent schedule is what was promised; the drill with the fewest other faults proves the most about this.
    period = fitting.compactMap { $0.schedule?.period }.min() ?? DrillPlanLine.standardAge
    drill = fitting.min {
      ($0.scenario.kinds.count, $0.schedule?.period ?? .max, $0.name)
        < ($1.scenario.kinds.count, $1.schedule?.period ?? .max, $1.name)
    }
    let isAsked = cell.kind == nil || (cell.kind == .storeLost && cell.copy != nil) || !fitting.isEmpty
    guard let lastProven else {
      state = isAsked ? .overdue : .open
      return
    }
    let age = Int64(clamping: (now - min(now, lastProven.time)) / 1_000_000_000)
    let allowed = fitting.contains { $0.schedule != nil } ? period + max(600, period / 10) : period
    state = age > allowed ? .overdue : .proven
  }

  /// The order of a plan: see `DrillPlan.lines`.
  func precedes(_ other: DrillPlanLine) -> Bool {
    let (mine, others) = (rank, other.rank)
    if mine != others { return mine < others }
    let (time, otherTime) = (lastProven?.time ?? 0, other.lastProven?.time ?? 0)
    if time != otherTime { return time < otherTime }
    let (kind, otherKind) = (importance, other.importance)
    if kind != otherKind { return kind < otherKind }
    return (component, cell.copy ?? 0) < (other.component, other.cell.copy ?? 0)
  }

  private var rank: Int {
    switch (state, lastProven == nil) {
    case (.overdue, true) where cell.kind == nil: 0
    case (.overdue, true) where cell.kind == .storeLost: 1
    case (.overdue, _): 2
    case (.open, _): 3
    case (.proven, _): 4
    }
  }

  private var importance: Int { cell.kind.flatMap { FaultKind.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0 }
}
