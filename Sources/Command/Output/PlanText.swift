import Bytes
import Drills
import Format
import Pipeline
import Profiles

/// What is to be proven, as people and programs see it.
struct PlanText {
  private let plan: DrillPlan

  init(_ plan: DrillPlan) { self.plan = plan }

  func say(isJSON: Bool, in context: RunContext) {
    guard isJSON else {
      context.say(Statement("plan", [], plan.lines.isEmpty ? ["There is no snapshot to recover."] : table + ["", sum]))
      return
    }
    for line in plan.lines { context.say(Statement("proof", PlanText.fields(line), [])) }
    context.say(
      Statement(
        "plan",
        [DrillPlanLine.State.overdue, .open, .proven].map { ($0.rawValue, .count(UInt64(count($0)))) }, []))
  }

  private func count(_ state: DrillPlanLine.State) -> Int { plan.lines.count { $0.state == state } }

  private var table: [String] {
    var table = Table([
      ("STATE", .left), ("COMPONENT", .left), ("FROM", .left), ("SCENARIO", .left), ("LAST PROVEN", .left),
      ("RECORD", .left), ("NEXT", .left),
    ])
    for line in plan.lines {
      table.add([
        line.state.rawValue, line.component, line.cell.origin, line.cell.scenario,
        line.lastProven.map { PlanText.age($0.time) } ?? "never",
        line.lastProven.map { String($0.record.hex.prefix(12)) } ?? "-", PlanText.next(line) ?? "-",
      ])
    }
    return table.lines
  }

  private var sum: String {
    "\(count(.overdue)) overdue, \(count(.open)) never proven and asked for by nothing, \(count(.proven)) proven"
  }

  private static func age(_ time: UInt64) -> String {
    let now = WallClock.now()
    return "\(Duration.text(now - min(now, time))) ago"
  }

  /// What to do; nil for what is proven.
  private static func next(_ line: DrillPlanLine) -> String? {
    guard line.state != .proven else { return nil }
    if let drill = line.drill { return "lifeboat drill \(drill.file)" }
    let others = line.cell.copy.map { $0 > 1 ? ", \(line.cell.origin) as its only copy" : "" } ?? ""
    var kinds = line.cell.copy == nil ? [] : [FaultKind.storeLost.rawValue]
    if let kind = line.cell.kind, kind != .storeLost { kinds.append(kind.rawValue) }
    guard !kinds.isEmpty else { return "write drills/\(line.component).yaml: a drill without a scenario" }
    return "write a drill with scenario: {faults: [\(kinds.joined(separator: ", "))]}\(others)"
  }

  private static func fields(_ line: DrillPlanLine) -> [(String, JSONText)] {
    [
      ("component", .text(line.component)), ("from", .text(line.cell.origin)), ("scenario", .text(line.cell.scenario)),
      ("state", .text(line.state.rawValue)),
      ("lastProven", line.lastProven.map { .text($0.record.hex) } ?? .nothing),
      ("provenAt", line.lastProven.map { .time($0.time) } ?? .nothing), ("period", .integer(line.period)),
      ("drill", line.drill.map { .text($0.file) } ?? .nothing), ("next", next(line).map { .text($0) } ?? .nothing),
    ]
  }
}
