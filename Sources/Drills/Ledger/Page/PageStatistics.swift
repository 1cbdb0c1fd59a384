import Format
import Profiles
import Repository

/// Figures over many recoveries, and the schedules.
enum PageStatistics {
  /// A mean of fewer than three would only look like knowledge.
  private static let fewest = 3

  static func table(_ groups: [RecoveryGroup]) -> String {
    let rows = groups.map { group in
      let times = group.times.sorted()
      let mean =
        times.count < fewest
        ? "–" : PageText.duration(UInt64(times.reduce(0.0) { $0 + Double($1) } / Double(times.count)))
      let ninth = Int((0.9 * Double(times.count)).rounded(.up)) - 1
      return PageTable.row(
        [
          group.component, group.scenario, "\(group.records.count)", "\(times.count)", mean, median(times),
          times.isEmpty ? "–" : PageText.duration(times[ninth]),
          times.last.map { PageText.duration($0) } ?? "–", errors(group),
        ], numbers: Set(2...8))
    }
    let titles = ["Component", "Scenario", "Records", "Proven", "MTTR", "Median", "90 %", "Worst", "Prediction off by"]
    return PageTable.whole(titles, numbers: Set(2...8), rows)
      + "<p class=\"soft\">Times of proven recoveries only; a mean from three on. Prediction: the mean distance between what was predicted before and what was measured.</p>"
  }

  private static func median(_ sorted: [UInt64]) -> String {
    guard let last = sorted.last else { return "–" }
    let middle = sorted.count / 2
    let pair = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1], sorted[middle]) : (sorted[middle], sorted[middle])
    return PageText.duration(min(pair.0 / 2 + pair.1 / 2 + (pair.0 % 2 + pair.1 % 2) / 2, last))
  }

  /// How far predictions were off, on average.
  private static func errors(_ group: RecoveryGroup) -> String {
    let shares = group.records.filter { $0.verdict == .proven }.compactMap { record -> Double? in
      guard let expected = record.particulars?.prediction?.ttr.value, record.ttr.value > 0 else { return nil }
      return abs(Double(expected) - Double(record.ttr.value)) / Double(record.ttr.value)
    }
    guard !shares.isEmpty else { return "–" }
    return "\(PageText.decimal(shares.reduce(0, +) / Double(shares.count) * 100)) %"
  }

  static func schedules(_ standings: [ScheduleStanding]) -> String {
    guard !standings.isEmpty else { return "<p class=\"soft\">No drill declares a schedule.</p>" }
    let rows = standings.map { standing in
      PageTable.row(
        [
          standing.drill, standing.component, standing.schedule ?? "none any more", PageText.time(standing.first),
          "\(standing.kept)", "\(standing.missed.count)", PageText.time(standing.last),
          standing.next.map { "\(PageText.time($0.begin))\(standing.isOverdue ? ", overdue" : "")" } ?? "–",
        ], numbers: [4, 5])
    }
    return PageTable.whole(
      ["Drill", "Component", "Schedule", "Since", "Kept", "Missed", "Last run", "Next"], numbers: [4, 5], rows)
  }
}
