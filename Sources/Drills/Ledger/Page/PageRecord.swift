import Bytes
import Cryptography
import Format
import Repository

/// One record on the page: what was measured, against what was wanted, and what was checked.
struct PageRecord {
  private let entry: LedgerEntry
  private var record: Record { entry.record }

  init(_ entry: LedgerEntry) { self.entry = entry }

  var markup: String {
    let title = record.sort == .recovery ? "Real recovery: \(record.drill)" : record.drill
    let head =
      "<h3>\(Markup.text(title)) \(PageText.badge(PageText.verdict(record.verdict)))</h3>"
      + "<p class=\"when\">\(Markup.text("\(record.component), \(PageText.time(record.started.value)), record \(record.number)"))</p>"
    let parts = [
      head, facts, "<h4>Timeline</h4>", PageTimeline(record).figure, scenario, checks, phases, fine,
    ]
    return "<article id=\"record-\(entry.name.short)\">\(parts.joined(separator: "\n"))</article>\n"
  }

  // MARK: - Facts

  private var facts: String {
    var facts = [
      fact("Time to recover", PageText.duration(record.ttr.value), againstRTO),
      fact("Age of the data", record.dataAge.map { PageText.duration($0.value) } ?? "not measured", againstRPO),
      fact("Restored", PageText.bytes(record.bytes), Markup.text(rate)),
    ]
    if let prediction = record.particulars?.prediction {
      let value = "\(PageText.duration(prediction.ttr.value)) predicted"
      let range = "\(PageText.duration(prediction.low.value)) to \(PageText.duration(prediction.high.value))"
      facts.append(fact("Prediction", value, Markup.text("\(range); measured \(difference(prediction))")))
    }
    if let target = record.particulars?.target {
      facts.append(fact("Restored to", target, Markup.text(record.particulars?.destroyed ?? "")))
    }
    return "<dl class=\"facts\">\(facts.joined())</dl>"
  }

  private func fact(_ name: String, _ value: String, _ more: String) -> String {
    "<div><dt>\(Markup.text(name))</dt><dd>\(Markup.text(value))\(more.isEmpty ? "" : "<small>\(more)</small>")</dd></div>"
  }

  private var againstRTO: String {
    PageRecord.against("RTO", record.objectives.recoveryTime, record.ttr.value, record.rto?.value)
  }

  private var againstRPO: String {
    let source = record.particulars?.dataAgeFrom.map { ", by its \($0 == "data" ? "newest row" : "snapshot")" } ?? ""
    return PageRecord.against("RPO", record.objectives.recoveryPoint, record.dataAge?.value, record.rpo?.value)
      + Markup.text(source)
  }

  /// A bar up to its objective, and the same in words.
  static func against(_ name: String, _ result: ObjectiveResult, _ measured: UInt64?, _ objective: UInt64?) -> String {
    guard let objective else { return "no \(name)" }
    let look = PageText.objective(result)
    let words =
      "<span class=\"\(look.style)\"><span aria-hidden=\"true\">\(look.sign)</span> \(look.word)</span>"
      + " – \(name) \(Markup.text(PageText.objective(objective)))"
    guard let measured else { return words }
    let whole = Double(max(measured, objective, 1)) * 1.02
    let (part, mark) = (256 * Double(measured) / whole, 256 * Double(objective) / whole)
    let bar =
      Drawing.box("track", x: 0, y: 2, width: 256, height: 5)
      + Drawing.box(measured > objective ? "over" : "crit", x: 0, y: 2, width: max(part, 2), height: 5)
      + Drawing.line("axis", mark, -1, mark, 10)
    return
      "<svg class=\"meter\" viewBox=\"0 0 256 9\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\(bar)</svg>\(words)"
  }

  /// Where the data came from, and how much of it a second.
  private var rate: String {
    let origin = record.particulars?.origin.map { ["from \($0)"] } ?? []
    let seconds = Double(record.ttr.value) / 1e9
    guard seconds > 0, record.bytes > 0 else { return origin.joined() }
    let share = min(Double(record.bytes) / seconds, 1e18)
    return (origin + ["\(PageText.bytes(UInt64(share))) a second over all"]).joined(separator: ", ")
  }

  private func difference(_ prediction: Record.Prediction) -> String {
    let (expected, measured) = (prediction.ttr.value, record.ttr.value)
    guard expected > 0 else { return PageText.duration(measured) }
    let isMore = measured >= expected
    let share = PageText.share(isMore ? measured - expected : expected - measured, of: expected)
    return "\(PageText.duration(measured)), \(share) \(isMore ? "more" : "less")"
  }

  // MARK: - Tables

  private var scenario: String {
    guard let scenario = record.particulars?.scenario else { return "" }
    let rows = scenario.faults.map { fault in
      let look = fault.fired > 0 ? "\(PageText.count(fault.fired)) ×" : "never"
      return PageTable.row([fault.kind, fault.detail, look], numbers: [2])
    }
    let word =
      switch scenario.outcome {
      case .automatic: ("✓", "recovered by itself", "good")
      case .runbook: ("✓", "recovered with the runbook", "unsure")
      case .failed: ("✕", "not recovered", "bad")
      }
    let steps =
      scenario.steps.isEmpty
      ? "" : "<h4>Steps of the runbook</h4><ol>\(scenario.steps.map { "<li>\(Markup.text($0))</li>" }.joined())</ol>"
    let table = PageTable.whole(["What happened to it", "How", "Fired"], numbers: [2], rows)
    return
      "<h4>Scenario</h4><p>\(PageText.badge(word)) <span class=\"soft\">seed \(scenario.seed)</span></p>\(table)\(steps)"
  }

  private var checks: String {
    let rows = record.checks.map { check in
      let name = Markup.text(check.name) + (check.looksAtData ? "" : " <span class=\"soft\">(not of the data)</span>")
      let cells = [name, PageText.badge(PageText.outcome(check.outcome)), Markup.text(check.detail)]
      return "<tr>\(cells.map { "<td>\($0)</td>" }.joined())</tr>"
    }
    return "<h4>Checks</h4>" + PageTable.whole(["Check", "Outcome", "Detail"], numbers: [], rows)
  }

  private var phases: String {
    let human = Set((record.particulars?.spans ?? []).filter(\.isHuman).map(\.name))
    let rows = record.phases.map { phase in
      PageTable.row(
        [
          human.contains(phase.name) ? "\(phase.name) (person)" : phase.name,
          PageText.duration(phase.nanoseconds.value), PageText.share(phase.nanoseconds.value, of: record.ttr.value),
          phase.bytes.map { PageText.bytes($0) } ?? "", phase.requests.map { PageText.count($0) } ?? "",
          phase.retries.map { PageText.count($0) } ?? "",
        ], numbers: [1, 2, 3, 4, 5])
    }
    func sum(_ values: [UInt64?]) -> UInt64? {
      let known = values.compactMap { $0 }
      return known.isEmpty ? nil : known.reduce(0, &+)
    }
    let total = PageTable.row(
      [
        "Total", PageText.duration(record.ttr.value), "",
        sum(record.phases.map(\.bytes)).map { PageText.bytes($0) } ?? "",
        sum(record.phases.map(\.requests)).map { PageText.count($0) } ?? "",
        sum(record.phases.map(\.retries)).map { PageText.count($0) } ?? "",
      ], numbers: [1, 2, 3, 4, 5], style: "sum")
    let titles = ["Phase, up to", "On the critical path", "Share", "Read", "Requests", "Retries"]
    return "<h4>Phases</h4>" + PageTable.whole(titles, numbers: [1, 2, 3, 4, 5], rows + [total])
  }

  private var fine: String {
    var lines = [
      ("Record", entry.name.hex), ("Snapshot", "\(record.snapshot.hex) (number \(record.sequence) of its writer)"),
      ("Signed by", "\(entry.signer.hex), \(PageText.time(entry.header.time))"),
      ("Follows", record.parents.isEmpty ? "nothing: the first" : record.parents.map(\.hex).joined(separator: ", ")),
      ("Tool", record.tool),
    ]
    if let cores = record.particulars?.cores, let memory = record.particulars?.memory {
      lines.append(("Machine", "\(cores) cores, \(PageText.bytes(memory)) of memory"))
    }
    if let engine = record.particulars?.engine { lines.append(("Engine", engine)) }
    return
      "<dl class=\"fine\">\(lines.map { "<dt>\($0.0)</dt><dd><code>\(Markup.text($0.1))</code></dd>" }.joined())</dl>"
  }
}

/// Tables of the page.
enum PageTable {
  /// - Parameters:
  ///   - titles: of the columns
  ///   - numbers: the columns that hold figures
  ///   - rows: as `row` makes them
  static func whole(_ titles: [String], numbers: Set<Int>, _ rows: [String]) -> String {
    let head = titles.enumerated().map { index, title in
      "<th scope=\"col\"\(numbers.contains(index) ? " class=\"n\"" : "")>\(Markup.text(title))</th>"
    }
    return
      "<div class=\"wide\"><table><thead><tr>\(head.joined())</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
  }

  /// Cells of plain text.
  static func row(_ cells: [String], numbers: Set<Int>, style: String = "") -> String {
    let cells = cells.enumerated().map { index, cell in
      "<td\(numbers.contains(index) ? " class=\"n\"" : "")>\(Markup.text(cell))</td>"
    }
    return "<tr\(style.isEmpty ? "" : " class=\"\(style)\"")>\(cells.joined())</tr>"
  }
}
