import Format
import Repository

/// Recoveries that can be compared: of one component, under one scenario, rehearsed or real.
struct RecoveryGroup {
  let component: String
  /// `calm`, the kinds of its faults, or `real recovery`.
  let scenario: String
  /// Oldest first.
  let records: [Record]

  /// In the order of their names, the calm ones first.
  static func all(_ entries: [LedgerEntry]) -> [RecoveryGroup] {
    let groups = Dictionary(grouping: entries.map(\.record)) { [$0.component, name(of: $0)] }
    return groups.map { key, records in
      RecoveryGroup(
        component: key[0], scenario: key[1], records: records.sorted { $0.started.value < $1.started.value })
    }.sorted { ($0.component, $0.rank, $0.scenario) < ($1.component, $1.rank, $1.scenario) }
  }

  static func name(of record: Record) -> String {
    if record.sort == .recovery { return "real recovery" }
    let kinds = record.particulars?.scenario?.faults.map(\.kind) ?? []
    return kinds.isEmpty ? "calm" : kinds.sorted().joined(separator: " + ")
  }

  private var rank: Int { scenario == "calm" ? 0 : scenario == "real recovery" ? 1 : 2 }

  /// Times of what was proven, in nanoseconds, oldest first.
  var times: [UInt64] { records.filter { $0.verdict == .proven }.map(\.ttr.value) }
}

/// How the time to recover went over time, drawn beside its objective.
struct PageTrend {
  private static let width = 960.0
  private static let height = 250.0
  private static let left = 64.0
  private static let right = 900.0
  private static let top = 22.0
  private static let bottom = 214.0

  private let group: RecoveryGroup
  private let limit: UInt64
  private let from: UInt64
  private let to: UInt64

  init(_ group: RecoveryGroup) {
    self.group = group
    let longest = max(1, group.records.map(PageTrend.time).max() ?? 1)
    // An objective that is far away would press the curve flat on its axis: it is said in words then.
    let objectives = group.records.compactMap(PageTrend.objective).filter { $0 / 4 <= longest }
    limit = max(longest, objectives.max() ?? 0)
    from = group.records.first?.started.value ?? 0
    to = group.records.last?.started.value ?? 0
  }

  /// The drawing; of a single record there is no trend, and words say more.
  var markup: String {
    guard group.records.count == 1, let record = group.records.first else { return figure }
    let against = PageRecord.against("RTO", record.objectives.recoveryTime, record.ttr.value, record.rto?.value)
    let text = "\(PageText.duration(record.ttr.value)) on \(PageText.time(record.started.value)), the only record"
    return "<p>\(PageText.badge(PageText.verdict(record.verdict))) \(Markup.text(text))</p>\(against)"
  }

  private var figure: String {
    let ticks = TimeAxis.ticks(to: limit + limit / 12, atMost: 5)
    let top = max(ticks.last ?? limit, limit + limit / 12)
    let grid = ticks.map { tick in
      Drawing.line(tick == 0 ? "axis" : "grid", PageTrend.left, y(tick, top), PageTrend.right, y(tick, top))
        + Drawing.text("soft end", PageTrend.left - 8, y(tick, top) + 4, TimeAxis.text(tick))
    }.joined()
    let proven = group.records.filter { $0.verdict == .proven }
    let curve = proven.count > 1 ? Drawing.path("curve", proven.map { (x($0), y(PageTrend.time($0), top)) }) : ""
    let marks = group.records.map { mark($0, top) }.joined()
    let drawing = Drawing.whole(
      width: PageTrend.width, height: PageTrend.height, label: label,
      grid + dates + objective(top) + curve + marks)
    return "<figure class=\"trend\">\(drawing)<figcaption>\(legend)</figcaption></figure>"
  }

  // MARK: - Parts

  /// The objective as it was at each run.
  private func objective(_ top: UInt64) -> String {
    var points: [(Double, Double)] = []
    var last: UInt64?
    for record in group.records {
      guard let rto = PageTrend.objective(record), rto <= top else { continue }
      if let last, last != rto { points.append((x(record), y(last, top))) }
      points.append((x(record), y(rto, top)))
      last = rto
    }
    guard let last, let first = points.first else { return "" }
    let line = [(PageTrend.left, first.1)] + points + [(PageTrend.right, y(last, top))]
    return Drawing.path("limit", line, title: "RTO \(PageText.objective(last))")
      + Drawing.text("limitname", PageTrend.right + 6, y(last, top) + 4, "RTO")
  }

  private func mark(_ record: Record, _ top: UInt64) -> String {
    let title =
      "\(record.drill), \(PageText.time(record.started.value)): \(PageText.duration(record.ttr.value)), \(record.verdict.rawValue)"
    let (x, y) = (x(record), y(PageTrend.time(record), top))
    switch record.verdict {
    case .failed: return Drawing.cross("cross", x, y, 5, title: title)
    case .inconclusive: return Drawing.circle("hollow", x, y, 4.5, title: title)
    case .proven:
      return record.sort == .recovery
        ? Drawing.diamond("dot", x, y, 6.5, title: title) : Drawing.circle("dot", x, y, 5, title: title)
    }
  }

  private var dates: String {
    guard from < to else {
      return Drawing.text("soft mid", x(from), PageTrend.bottom + 20, PageText.time(from))
    }
    let isShort = to - from < 3 * 86_400_000_000_000
    let count: UInt64 = isShort ? 4 : 5
    return (0...count).map { step in
      let moment = from + (to - from) / count * step
      let text = isShort ? String(PageText.time(moment).dropFirst(5).dropLast(4)) : PageText.date(moment)
      return Drawing.line("axis", x(moment), PageTrend.bottom, x(moment), PageTrend.bottom + 4)
        + Drawing.text("soft mid", x(moment), PageTrend.bottom + 20, text)
    }.joined()
  }

  private var legend: String {
    var samples: [String] = []
    let verdicts = Set(group.records.map(\.verdict))
    let isReal = group.records.first?.sort == .recovery
    if verdicts.contains(.proven) {
      let shape =
        isReal ? Drawing.diamond("dot", 12, 6, 5, title: "") : Drawing.circle("dot", 12, 6, 4.5, title: "proven")
      samples.append(Drawing.sample(shape, "proven"))
    }
    if verdicts.contains(.failed) {
      samples.append(Drawing.sample(Drawing.cross("cross", 12, 6, 4, title: ""), "failed: no time to recover"))
    }
    if verdicts.contains(.inconclusive) {
      samples.append(Drawing.sample(Drawing.circle("hollow", 12, 6, 4, title: "inconclusive"), "inconclusive"))
    }
    if let rto = group.records.last?.rto?.value {
      let isDrawn = rto <= limit
      samples.append(
        isDrawn
          ? Drawing.sample(Drawing.line("limit", 0, 6, 24, 6), "RTO \(PageText.objective(rto))")
          : "<span>RTO \(Markup.text(PageText.objective(rto))), far above this scale</span>")
    } else {
      samples.append("<span>no RTO</span>")
    }
    return samples.joined()
  }

  private var label: String {
    let values = group.records.map { "\(PageText.date($0.started.value)) \(PageText.duration($0.ttr.value))" }
    return "Time to recover of \(group.component), \(group.scenario): \(values.joined(separator: ", "))"
  }

  // MARK: - Scale

  /// What a drawing can hold: no time that was measured is longer than thirty years.
  private static let longest: UInt64 = 1 << 60

  private static func time(_ record: Record) -> UInt64 { min(record.ttr.value, longest) }

  private static func objective(_ record: Record) -> UInt64? { record.rto.map { min($0.value, longest) } }

  private func x(_ record: Record) -> Double { x(record.started.value) }

  private func x(_ moment: UInt64) -> Double {
    let (first, last) = (PageTrend.left + 30, PageTrend.right - 30)
    guard from < to else { return (first + last) / 2 }
    return first + (last - first) * Double(moment - from) / Double(to - from)
  }

  private func y(_ value: UInt64, _ top: UInt64) -> Double {
    PageTrend.bottom - (PageTrend.bottom - PageTrend.top) * Double(value) / Double(max(1, top))
  }
}
