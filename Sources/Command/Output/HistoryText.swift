import Bytes
import Drills
import Format
import Profiles

/// Past drills and recoveries, as people and programs see them.
struct HistoryText {
  private let lines: [DrillHistory.Line]
  private let components: [DrillHistory.Component]

  /// - Parameter component: nil for all
  init(_ history: DrillHistory, _ component: String?) {
    lines = history.lines.filter { component == nil || $0.record.component == component }
    components = history.components.filter { component == nil || $0.name == component }
  }

  func say(isJSON: Bool, in context: RunContext) {
    guard isJSON else {
      context.say(Statement("history", [], lines.isEmpty ? ["No drill has been recorded yet."] : table + means))
      return
    }
    for line in lines { context.say(Statement("record", RecordFields.of(line.record, name: line.name), [])) }
    for component in components {
      context.say(
        Statement(
          "component",
          [
            ("component", .text(component.name)), ("records", .count(UInt64(component.lines.count))),
            ("lastProven", component.lastProven.map { .text($0.name.hex) } ?? .nothing),
            ("meanTimeToRecover", component.meanTimeToRecover.map { .count($0) } ?? .nothing),
          ], []))
    }
  }

  private var table: [String] {
    var table = Table([
      ("NUMBER", .right), ("TIME", .left), ("DRILL OR INCIDENT", .left), ("COMPONENT", .left), ("VERDICT", .left),
      ("TTR", .right),
      ("RTO", .left), ("DATA AGE", .right), ("RPO", .left), ("SNAPSHOT", .left), ("RECORD", .left),
    ])
    for line in lines {
      let record = line.record
      table.add([
        "\(record.number)", LocalTime.text(record.started.value),
        record.sort == .recovery ? "incident \(record.drill)" : record.drill, record.component,
        record.verdict.rawValue,
        Duration.text(record.ttr.value), HistoryText.text(record.objectives.recoveryTime),
        record.dataAge.map { Duration.text($0.value) } ?? "-", HistoryText.text(record.objectives.recoveryPoint),
        String(record.snapshot.hex.prefix(12)), String(line.name.hex.prefix(12)),
      ])
    }
    return table.lines
  }

  /// A mean of fewer than three would only look like knowledge.
  private var means: [String] {
    [""]
      + components.map { component in
        let proven = component.recoveryTimes.count
        let last =
          component.lastProven.map { "last proven \(LocalTime.text($0.record.started.value))" } ?? "never proven"
        let mean = component.meanTimeToRecover.map { ", MTTR \(Duration.text($0)) over \(proven) recoveries" } ?? ""
        return "\(component.name): \(last)\(mean)"
      }
  }

  private static func text(_ result: ObjectiveResult) -> String { result == .unset ? "-" : result.rawValue }
}
