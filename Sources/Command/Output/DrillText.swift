import Bytes
import Cryptography
import Drills
import Engine
import Format
import Profiles

/// What came of a drill, as people and programs see it.
enum DrillText {
  static func say(_ report: DrillReport, in context: RunContext) {
    let particulars = report.checks.filter { !$0.particulars.isEmpty }.map { check in
      (check.recorded.name, JSONText.list(check.particulars.map { .text($0) }))
    }
    let fields =
      RecordFields.of(report.record, name: report.name)
      + [
        ("particulars", .object(particulars)), ("kept", report.kept.map { .text($0) } ?? .nothing),
        ("removal", .count(report.removal)),
      ]
      + more(report)
    context.say(Statement("drill", fields, lines(report), isSummary: report.failure == nil))
  }

  /// What a drill says beside its record's own fields.
  private static func more(_ report: DrillReport) -> [(String, JSONText)] {
    let particulars = report.record.particulars
    func text(_ value: String?) -> JSONText { value.map { .text($0) } ?? .nothing }
    let scenario = particulars?.scenario.map { scenario in
      JSONText.object([
        ("seed", .count(scenario.seed)), ("outcome", .text(scenario.outcome.rawValue)),
        ("steps", .list(scenario.steps.map { .text($0) })),
        (
          "faults",
          .list(
            scenario.faults.map {
              .object([("kind", .text($0.kind)), ("detail", .text($0.detail)), ("fired", .count($0.fired))])
            })
        ),
      ])
    }
    let calm = report.calm.map { calm in
      JSONText.object([
        ("number", .count(calm.number)), ("timeToRecover", .count(calm.recoveryTime)),
        ("cost", .integer(calm.cost(of: report.record))),
      ])
    }
    return [
      ("target", text(particulars?.target)), ("origin", text(particulars?.origin)), ("scenario", scenario ?? .nothing),
      ("calm", particulars?.scenario.map { $0.outcome == .failed } ?? true ? .nothing : calm ?? .nothing),
    ]
  }

  /// What was done to the recovery, and how it came through.
  private static func scenario(_ report: DrillReport) -> [String] {
    guard let scenario = report.record.particulars?.scenario else { return [] }
    var faults = Table([("FAULT", .left), ("HAPPENED", .right), ("WHAT", .left)])
    for fault in scenario.faults {
      faults.add([fault.kind, fault.fired == 0 ? "never" : "\(fault.fired)", fault.detail])
    }
    var lines = faults.lines.map { "  \($0)" } + [""]
    let outcome =
      switch scenario.outcome {
      case .automatic: "recovered automatically"
      case .runbook: "recovered with the runbook"
      case .failed: "not recovered"
      }
    lines.append("  \(outcome) (seed \(scenario.seed))")
    for (index, step) in scenario.steps.enumerated() { lines.append("    step \(index + 1): \(step)") }
    if scenario.outcome == .failed { return lines + [""] }
    if let calm = report.calm {
      let cost = calm.cost(of: report.record)
      let words = "\(Duration.text(UInt64(cost.magnitude))) \(cost < 0 ? "less" : "more")"
      lines.append(
        "  \(words) than the last calm drill took (\(Duration.text(calm.recoveryTime)), record \(calm.number))")
    } else {
      lines.append("  no calm drill of this component on this kind of target to compare with")
    }
    return lines + [""]
  }

  /// The objectives that were missed, in words.
  static func missed(_ record: Record) -> [String] {
    var texts: [String] = []
    if record.objectives.recoveryTime == .missed, let rto = record.rto {
      texts.append(
        "the recovery took \(Duration.text(record.ttr.value)), longer than the RTO of \(Duration.objective(rto.value))")
    }
    if record.objectives.recoveryPoint == .missed, let age = record.dataAge, let rpo = record.rpo {
      texts.append(
        "the data is \(Duration.text(age.value)) old, older than the RPO of \(Duration.objective(rpo.value))")
    }
    return texts
  }

  private static func lines(_ report: DrillReport) -> [String] {
    let record = report.record
    var lines = [
      "drill \(record.drill): \(record.verdict.rawValue)",
      "  \(record.component) from \(SnapshotText.origin(report.snapshot))", "",
    ]
    lines += phases(record).map { "  \($0)" } + [""]
    var checks = Table([("CHECK", .left), ("OUTCOME", .left), ("DETAIL", .left)])
    for check in report.checks {
      checks.add([check.recorded.name, check.recorded.outcome.rawValue, check.recorded.detail])
      for particular in check.particulars.prefix(5) { checks.add(["", "", particular]) }
    }
    lines += checks.lines.map { "  \($0)" } + [""]
    lines += scenario(report)
    lines.append(
      "  TTR \(Duration.text(record.ttr.value))\(objective("RTO", record.rto, record.objectives.recoveryTime))")
    let age = record.dataAge.map { Duration.text($0.value) } ?? "not measured"
    lines.append("  data age \(age)\(objective("RPO", record.rpo, record.objectives.recoveryPoint))")
    lines.append("  record \(report.name.hex)")
    if let kept = report.kept {
      lines.append("  the restored data is kept in \(kept)")
    } else {
      lines.append("  what was restored was removed in \(Duration.text(report.removal)), which is no part of the TTR")
    }
    return lines
  }

  private static func objective(_ name: String, _ value: WideInteger?, _ result: ObjectiveResult) -> String {
    value.map { ", \(name) \(Duration.objective($0.value)): \(result.rawValue)" } ?? ", no \(name)"
  }

  /// The phases in milliseconds that add up to the total as it is printed, not only as it was measured.
  private static func phases(_ record: Record) -> [String] {
    let exact = record.phases.map(\.nanoseconds.value)
    let total = (record.ttr.value + 500_000) / 1_000_000
    var shown = exact.map { $0 / 1_000_000 }
    let missing = Int(total - min(total, shown.reduce(0, +)))
    let order = exact.indices.sorted { exact[$0] % 1_000_000 > exact[$1] % 1_000_000 }
    for index in order.prefix(missing) { shown[index] += 1 }
    var table = Table([("PHASE", .left), ("SECONDS", .right)])
    for (phase, milliseconds) in zip(record.phases, shown) { table.add([phase.name, seconds(milliseconds)]) }
    table.add(["total", seconds(total)])
    return table.lines
  }

  private static func seconds(_ milliseconds: UInt64) -> String {
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}

/// The fields of a record as JSON.
enum RecordFields {
  static func of(_ record: Record, name: Name) -> [(String, JSONText)] {
    let checks = record.checks.map { check in
      JSONText.object([
        ("name", .text(check.name)), ("outcome", .text(check.outcome.rawValue)), ("detail", .text(check.detail)),
        ("looksAtData", .truth(check.looksAtData)),
      ])
    }
    let phases = record.phases.map { phase in
      JSONText.object([("name", .text(phase.name)), ("nanoseconds", .count(phase.nanoseconds.value))])
    }
    func optional(_ value: WideInteger?) -> JSONText { value.map { .count($0.value) } ?? .nothing }
    return [
      ("record", .text(name.hex)), ("number", .count(record.number)),
      ("parents", .list(record.parents.map { .text($0.hex) })), ("sort", .text(record.sort.rawValue)),
      ("drill", .text(record.drill)), ("component", .text(record.component)), ("snapshot", .text(record.snapshot.hex)),
      ("writer", .text(record.writer.hex)), ("writerKey", .text(record.writerKey.hex)),
      ("sequence", .count(record.sequence)), ("started", .time(record.started.value)),
      ("verdict", .text(record.verdict.rawValue)), ("checks", .list(checks)), ("phases", .list(phases)),
      ("timeToRecover", .count(record.ttr.value)), ("rto", optional(record.rto)), ("dataAge", optional(record.dataAge)),
      ("rpo", optional(record.rpo)), ("recoveryTime", .text(record.objectives.recoveryTime.rawValue)),
      ("recoveryPoint", .text(record.objectives.recoveryPoint.rawValue)), ("bytes", .count(record.bytes)),
      ("tool", .text(record.tool)),
    ]
  }
}
