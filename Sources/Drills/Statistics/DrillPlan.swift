import Format

/// What was proven, what never was, and what to prove next: each component from each place it can be recovered from,
/// calm and under each kind of fault.
///
/// - Only a proven record proves a line. Under a scenario of several kinds it proves each of them: all of them happened,
///   and the recovery came through. The calm line is proven by calm records and by real recoveries.
/// - From the primary everything is asked but its own loss; from a copy, which is only used when the primary is gone,
///   the loss of the primary is what a calm recovery is elsewhere, and calm records from there prove it as well.
/// - A line is overdue where something asks for it, and it is not proven or its proof is too old. Asked for are the calm
///   recovery of every component, the loss of the primary where there is a copy, what a drill file declares, and what
///   was proven before. All the rest is open: never proven, and nobody asked.
/// - A proof is too old after the period of the drill's schedule and a tenth more, for a run takes its time; without a
///   schedule after 30 days.
package struct DrillPlan: Sendable {
  /// In the order in which it matters: calm recoveries never proven; the loss of the primary never proven; other overdue
  /// lines, the oldest proof first; open lines, by kind of fault (`FaultKind`); then what is proven, the oldest first.
  package let lines: [DrillPlanLine]

  /// Whether something is to be done now.
  package var isOverdue: Bool { lines.contains { $0.state == .overdue } }

  /// - Parameters:
  ///   - components: to plan for
  ///   - copies: how many copies the repository has, by component
  ///   - records: of the ledger, oldest first
  ///   - drills: the drill files there are
  ///   - now: nanoseconds since 1970
  package init(
    components: [String], copies: (String) -> Int, records: [DrillHistory.Line], drills: [PlannedDrill], now: UInt64
  ) {
    lines = components.flatMap { component in
      let own = records.filter { $0.record.component == component && $0.record.verdict == .proven }
      let files = drills.filter { $0.component == component }
      return DrillPlan.cells(copies: copies(component)).map { cell in
        DrillPlanLine(component: component, cell: cell, records: own, drills: files, now: now)
      }
    }.sorted { $0.precedes($1) }
  }

  /// All that can be asked of one component.
  private static func cells(copies: Int) -> [PlanCell] {
    let own =
      [PlanCell(copy: nil, kind: nil)]
      + FaultKind.allCases.filter { $0 != .storeLost }.map { PlanCell(copy: nil, kind: $0) }
    return own + (0..<max(0, copies)).flatMap { copy in FaultKind.allCases.map { PlanCell(copy: copy + 1, kind: $0) } }
  }
}

/// One thing to prove of a component.
package struct PlanCell: Hashable, Sendable {
  /// From which copy, counted from 1; nil from the primary.
  package let copy: Int?
  /// Under which fault; nil for calm.
  package let kind: FaultKind?

  package init(copy: Int?, kind: FaultKind?) {
    self.copy = copy
    self.kind = kind
  }

  /// The word on records: `primary`, `copy 1`.
  package var origin: String { copy.map { "copy \($0)" } ?? "primary" }

  /// `calm`, or the word of the fault.
  package var scenario: String { kind?.rawValue ?? ScenarioKey.calm.text }

  /// Whether a proven record proves it.
  func isProven(by record: Record) -> Bool {
    guard (record.particulars?.origin ?? "primary") == origin else { return false }
    let key = ScenarioKey(record)
    guard let kind else { return key == .calm }
    return key.kinds.contains(kind.rawValue) || (kind == .storeLost && copy != nil && key == .calm)
  }

  /// Whether a drill would prove it. Which copy a drill recovers from is seen when it runs; the first is the one that is
  /// asked first.
  func isMeant(by drill: PlannedDrill) -> Bool {
    if let copy {
      return copy == 1 && drill.scenario.kinds.contains(FaultKind.storeLost.rawValue)
        && (kind == .storeLost || drill.scenario.kinds.contains(scenario))
    }
    let losesPrimary = drill.scenario.kinds.contains(FaultKind.storeLost.rawValue)
    return !losesPrimary && (kind == nil ? drill.scenario == .calm : drill.scenario.kinds.contains(scenario))
  }
}
