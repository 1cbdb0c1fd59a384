import Profiles
import StoreS3

/// What a check of a store found, as people and programs see it.
enum StoreCheckText {
  static func say(_ report: StoreCheckReport, in context: RunContext) {
    context.say(Statement("storeCheck", fields(report), lines(report)))
  }

  private static func lines(_ report: StoreCheckReport) -> [String] {
    let server = report.server.isEmpty ? "" : ", \(report.server)"
    var lines = [
      report.store, "  at \(report.endpoint), region \(report.region)\(server)",
      "  as \(report.accessKey), from \(report.source)", "",
    ]
    var table = Table([("ABOUT", .left), ("QUESTION", .left), ("ANSWER", .left), ("DETAIL", .left)])
    var last: StoreFinding.Topic?
    for finding in sorted(report.findings) {
      let topic = finding.topic == last ? "" : finding.topic.rawValue
      table.add([topic, finding.name, word(finding.result), finding.detail])
      last = finding.topic
    }
    lines += table.lines
    if !report.rates.isEmpty { lines += [""] + speeds(report.rates) }
    lines.append("")
    for verdict in report.verdicts { lines.append("\(word(verdict.weight)): \(verdict.text)") }
    return lines
  }

  /// Topic by topic, each in the order in which its questions were asked.
  private static func sorted(_ findings: [StoreFinding]) -> [StoreFinding] {
    let topics: [StoreFinding.Topic] = [.access, .objects, .integrity, .writeOnce, .versions, .locks, .rights]
    return topics.flatMap { topic in findings.filter { $0.topic == topic } }
  }

  private static func speeds(_ rates: [StoreRate]) -> [String] {
    var table = Table([
      ("SPEED", .left), ("SIZE", .right), ("THREADS", .right), ("REQUESTS", .right), ("MEDIAN", .right),
      ("THROUGHPUT", .right),
    ])
    for rate in rates {
      let milliseconds = Double(rate.median) / 1e6
      let tenths = Int64((milliseconds * 10).rounded())
      table.add([
        rate.kind.rawValue, ByteCount(UInt64(rate.size)).text, "\(rate.threads)", "\(rate.count)",
        "\(tenths / 10).\(tenths % 10) ms", "\(ByteCount(UInt64(rate.throughput)).rounded)/s",
      ])
    }
    return table.lines
  }

  private static func word(_ result: StoreFinding.Result) -> String {
    switch result {
    case .yes: "yes"
    case .no: "no"
    case .unclear: "?"
    case .untried: "not tried"
    }
  }

  private static func word(_ weight: StoreVerdict.Weight) -> String {
    switch weight {
    case .good: "good"
    case .note: "note"
    case .warning: "warning"
    case .unfit: "UNFIT"
    }
  }

  private static func fields(_ report: StoreCheckReport) -> [(String, JSONText)] {
    let findings = report.findings.map { finding in
      JSONText.object([
        ("topic", .text(finding.topic.rawValue)), ("name", .text(finding.name)),
        ("result", .text(finding.result.rawValue)), ("detail", .text(finding.detail)),
      ])
    }
    let rates = report.rates.map { rate in
      JSONText.object([
        ("kind", .text(rate.kind.rawValue)), ("size", .integer(Int64(rate.size))),
        ("threads", .integer(Int64(rate.threads))), ("count", .integer(Int64(rate.count))),
        ("bytesPerSecond", .integer(Int64(rate.throughput))), ("medianMicroseconds", .count(rate.median / 1000)),
      ])
    }
    let verdicts = report.verdicts.map { verdict in
      JSONText.object([("weight", .text(verdict.weight.rawValue)), ("text", .text(verdict.text))])
    }
    return [
      ("store", .text(report.store)), ("endpoint", .text(report.endpoint)), ("region", .text(report.region)),
      ("server", .text(report.server)), ("accessKey", .text(report.accessKey)), ("source", .text(report.source)),
      ("findings", .list(findings)), ("rates", .list(rates)), ("verdicts", .list(verdicts)),
      ("left", .integer(Int64(report.left))), ("folder", .text(report.folder)),
    ]
  }
}
