import Format

/// The time of one recovery, drawn: every phase in a lane of its own, those side by side that ran side by side, and above
/// them the critical path, which gives each moment to the one that was waited for.
struct PageTimeline {
  private struct Bar {
    let moments: Range<UInt64>
    let isCritical: Bool
  }

  private struct Lane {
    let name: String
    let isHuman: Bool
    var bars: [Bar]
    var time: UInt64
  }

  private static let width = 960.0
  private static let left = 190.0
  private static let right = 870.0
  private static let rowHeight = 22.0
  private static let top = 62.0

  private let record: Record
  private let spans: [Record.Span]
  private let pieces: [(span: Int?, moments: Range<UInt64>)]
  private let total: UInt64

  init(_ record: Record) {
    self.record = record
    spans = PageTimeline.spans(record)
    // What a drawing can hold: no time that was measured is longer than a century.
    total = min(max(1, record.ttr.value), 1 << 62)
    pieces = CriticalPath.pieces(
      spans.map { $0.start.value..<max($0.start.value, $0.end.value) }, total: total)
  }

  /// The spans of a record; one that has only phases did them one after the other.
  private static func spans(_ record: Record) -> [Record.Span] {
    if let spans = record.particulars?.spans, !spans.isEmpty { return spans }
    var moment: UInt64 = 0
    return record.phases.compactMap { phase in
      let start = moment
      moment &+= phase.nanoseconds.value
      guard phase.name != Phase.unattributed.name else { return nil }
      return Record.Span(name: phase.name, start: start, end: max(start, moment))
    }
  }

  var figure: String {
    let lanes = lanes
    let height = PageTimeline.top + Double(lanes.count) * PageTimeline.rowHeight + 8
    let bottom = height - 8
    let ticks = TimeAxis.ticks(to: total, atMost: 8).map { tick in
      Drawing.line("grid", x(tick), 20, x(tick), bottom) + Drawing.text("soft mid", x(tick), 13, TimeAxis.text(tick))
    }
    let rows = lanes.enumerated().map { row($0.element, number: $0.offset) }
    let label =
      "Timeline of \(PageText.duration(record.ttr.value)): "
      + lanes.map { "\($0.name) \(PageText.duration($0.time))" }.joined(separator: ", ")
    let drawing = Drawing.whole(
      width: PageTimeline.width, height: height, label: label, ticks.joined() + strip + rows.joined())
    return "<figure class=\"timeline\">\(drawing)\(legend(lanes))</figure>"
  }

  // MARK: - Lanes

  private var lanes: [Lane] {
    var order: [String] = []
    var lanes: [String: Lane] = [:]
    let critical = Set(pieces.compactMap(\.span))
    for (index, span) in spans.enumerated() {
      let moments = span.start.value..<max(span.start.value, min(span.end.value, total))
      let bar = Bar(moments: moments, isCritical: critical.contains(index))
      if lanes[span.name] == nil {
        order.append(span.name)
        lanes[span.name] = Lane(name: span.name, isHuman: span.isHuman, bars: [], time: 0)
      }
      lanes[span.name]?.bars.append(bar)
      lanes[span.name]?.time &+= moments.upperBound - moments.lowerBound
    }
    return order.compactMap { lanes[$0] }
      .sorted { ($0.bars.map(\.moments.lowerBound).min() ?? 0) < ($1.bars.map(\.moments.lowerBound).min() ?? 0) }
  }

  private func row(_ lane: Lane, number: Int) -> String {
    let y = PageTimeline.top + Double(number) * PageTimeline.rowHeight
    var drawn = Drawing.text("end", PageTimeline.left - 12, y + 15, lane.isHuman ? "\(lane.name) (person)" : lane.name)
    for bar in lane.bars {
      let (from, wide) = extent(bar.moments)
      let title =
        "\(lane.name): from \(PageText.duration(bar.moments.lowerBound)) to \(PageText.duration(bar.moments.upperBound))"
      let style = lane.isHuman ? "person" : bar.isCritical ? "crit" : "par"
      drawn += Drawing.box(style, x: from, y: y + 4, width: wide, height: 14, title: title)
      if lane.isHuman { drawn += Drawing.hatch(x: from, y: y + 4, width: wide, height: 14) }
    }
    return drawn + Drawing.text("soft end", PageTimeline.width - 4, y + 15, PageText.duration(lane.time))
  }

  /// The critical path as one bar.
  private var strip: String {
    let y = 26.0
    var drawn = Drawing.text("strong end", PageTimeline.left - 12, y + 18, "critical path")
    for piece in pieces {
      let (from, wide) = extent(piece.moments)
      let span = piece.span.map { spans[$0] }
      let title =
        "\(span?.name ?? Phase.unattributed.name): \(PageText.duration(piece.moments.upperBound - piece.moments.lowerBound))"
      let inner = max(wide - 1, 0.8)
      if span == nil {
        drawn += Drawing.box("none", x: from + 0.5, y: y + 4.5, width: max(wide - 1, 0.8), height: 19, title: title)
      } else if span?.isHuman == true {
        drawn += Drawing.box("person", x: from, y: y + 4, width: inner, height: 20, title: title)
        drawn += Drawing.hatch(x: from, y: y + 4, width: inner, height: 20)
      } else {
        drawn += Drawing.box("crit", x: from, y: y + 4, width: inner, height: 20, title: title)
      }
    }
    return drawn
      + Drawing.text("strong end", PageTimeline.width - 4, y + 18, PageText.duration(record.ttr.value))
  }

  // MARK: - Scale

  private func x(_ moment: UInt64) -> Double {
    PageTimeline.left + (PageTimeline.right - PageTimeline.left) * Double(min(moment, total)) / Double(total)
  }

  /// Where a bar begins, and how wide it is: never so narrow that nobody sees it.
  private func extent(_ moments: Range<UInt64>) -> (from: Double, wide: Double) {
    let from = x(moments.lowerBound)
    return (from, max(x(moments.upperBound) - from, 1.5))
  }

  private func legend(_ lanes: [Lane]) -> String {
    var samples = [
      Drawing.sample(Drawing.box("crit", x: 0, y: 1, width: 24, height: 10), "waited for: on the critical path")
    ]
    if lanes.contains(where: { $0.bars.contains { !$0.isCritical } }) {
      samples.append(Drawing.sample(Drawing.box("par", x: 0, y: 1, width: 24, height: 10), "beside it: cost no time"))
    }
    if lanes.contains(where: \.isHuman) {
      let box = Drawing.box("person", x: 0.5, y: 1.5, width: 23, height: 9)
      samples.append(
        Drawing.sample(box + Drawing.hatch(x: 0.5, y: 1.5, width: 23, height: 9), "a person was waited for"))
    }
    if pieces.contains(where: { $0.span == nil }) {
      samples.append(
        Drawing.sample(Drawing.box("none", x: 0.5, y: 1.5, width: 23, height: 9), "unattributed: no phase claims it"))
    }
    return "<figcaption>\(samples.joined())</figcaption>"
  }
}
