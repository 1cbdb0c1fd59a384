import Bytes
import Drills
import Format
import Profiles

/// Past drills and recoveries, as people and programs see them.
struct HistoryText {
  private let lines: [DrillHistory.Line]
  private let components: [DrillHistory.Component]
  private let statistics: [DrillStatistics]

  /// - Parameters:
  ///   - component: nil for all
  ///   - scenario: nil for all
  init(_ history: DrillHistory, _ component: String?, _ scenario: ScenarioKey? = nil) {
    lines = history.lines.filter { line in
      (component == nil || line.record.component == component)
        && (scenario == nil || ScenarioKey(line.record) == scenario)
    }
    components = history.components.filter { component == nil || $0.name == component }
    statistics = DrillStatistics.of(lines.map(\.record))
  }

  func say(isJSON: Bool, in context: RunContext) {
    guard isJSON else {
      let texts = lines.isEmpty ? [empty] : table + [""] + StatisticsText.table(statistics) + [""] + summaries
      context.say(Statement("history", [], texts))
      return
    }
    for line in lines {
      context.say(
        Statement("record", RecordFields.of(line.record, name: line.name) + HistoryText.fields(line.record), []))
    }
    for statistic in statistics { context.say(Statement("statistics", StatisticsText.fields(statistic), [])) }
    for component in components { context.say(Statement("component", HistoryText.fields(component), [])) }
  }

  // MARK: - For people

  private var empty: String {
    components.isEmpty ? "No drill has been recorded yet." : "No drill of this scenario has been recorded yet."
  }

  private var table: [String] {
    var table = Table([
      ("NUMBER", .right), ("TIME", .left), ("DRILL OR INCIDENT", .left), ("COMPONENT", .left), ("SCENARIO", .left),
      ("VERDICT", .left), ("TTR", .right), ("PREDICTED", .right), ("RTO", .left), ("DATA AGE", .right), ("RPO", .left),
      ("SNAPSHOT", .left), ("RECORD", .left),
    ])
    for line in lines {
      let record = line.record
      table.add([
        "\(record.number)", LocalTime.text(record.started.value),
        record.sort == .recovery ? "incident \(record.drill)" : record.drill, record.component,
        ScenarioKey(record).text, record.verdict.rawValue, Duration.text(record.ttr.value),
        HistoryText.predicted(record), HistoryText.text(record.objectives.recoveryTime),
        record.dataAge.map { Duration.text($0.value) } ?? "-", HistoryText.text(record.objectives.recoveryPoint),
        String(record.snapshot.hex.prefix(12)), String(line.name.hex.prefix(12)),
      ])
    }
    return table.lines
  }

  /// What was predicted, and how far the recovery was from it: `4.10 s, +12 %`.
  private static func predicted(_ record: Record) -> String {
    guard let prediction = record.particulars?.prediction else { return "-" }
    let text = Duration.text(prediction.ttr.value)
    return record.predictionError.map { "\(text), \(StatisticsText.percent($0))" } ?? text
  }

  /// A mean of fewer than three would only look like knowledge.
  private var summaries: [String] {
    components.map { component in
      let proven = component.recoveryTimes.count
      let last =
        component.lastProven.map { "last proven \(LocalTime.text($0.record.started.value))" } ?? "never proven"
      let mean = component.meanTimeToRecover.map { ", MTTR \(Duration.text($0)) over \(proven) recoveries" } ?? ""
      let quality = component.predictions.map { "; \(StatisticsText.text($0))" } ?? ""
      return "\(component.name): \(last)\(mean)\(quality)"
    }
  }

  private static func text(_ result: ObjectiveResult) -> String { result == .unset ? "-" : result.rawValue }

  // MARK: - For programs

  private static func fields(_ record: Record) -> [(String, JSONText)] {
    var predicted = JSONText.nothing
    if let prediction = record.particulars?.prediction {
      predicted = .object([
        ("timeToRecover", .count(prediction.ttr.value)), ("low", .count(prediction.low.value)),
        ("high", .count(prediction.high.value)), ("records", .count(prediction.records)),
        ("errorPerMille", record.predictionError.map(StatisticsText.perMille) ?? .nothing),
        ("within", record.isWithinPrediction.map { .truth($0) } ?? .nothing),
      ])
    }
    return [("scenarioKey", .text(ScenarioKey(record).text)), ("predicted", predicted)]
  }

  private static func fields(_ component: DrillHistory.Component) -> [(String, JSONText)] {
    [
      ("component", .text(component.name)), ("records", .count(UInt64(component.lines.count))),
      ("lastProven", component.lastProven.map { .text($0.name.hex) } ?? .nothing),
      ("meanTimeToRecover", component.meanTimeToRecover.map { .count($0) } ?? .nothing),
      ("predictions", component.predictions.map(StatisticsText.fields) ?? .nothing),
    ]
  }
}
