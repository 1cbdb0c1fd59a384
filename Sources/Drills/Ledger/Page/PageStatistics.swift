import Format
import Profiles
import Repository

/// Figures over many recoveries, and the schedules.
enum PageStatistics {
  static func table(_ groups: [RecoveryGroup]) -> String {
    let rows = groups.map { group in
      let times = TimesToRecover(group.records)
      let cells = [
        group.component, group.scenario, "\(group.records.count)", "\(times.proven)", mean(times), text(times.p50),
        text(times.p90), text(times.worst), errors(group),
      ]
      return PageTable.row(cells, numbers: Set(2...8))
    }
    let titles = ["Component", "Scenario", "Records", "Proven", "MTTR", "Median", "90 %", "Worst", "Prediction off by"]
    return PageTable.whole(titles, numbers: Set(2...8), rows)
      + "<p class=\"soft\">Times of proven recoveries only; a mean from three on, with the interval that holds it with a probability of 90 % (Student’s t). Prediction: the mean distance of what was measured from what was predicted before, as a share of the prediction.</p>"
  }

  private static func text(_ time: UInt64?) -> String { time.map { PageText.duration($0) } ?? "–" }

  private static func mean(_ times: TimesToRecover) -> String {
    guard let mean = times.mean, let interval = times.interval else { return text(times.mean) }
    return "\(text(mean)) (\(text(interval.lowerBound))–\(text(interval.upperBound)))"
  }

  /// How far predictions were off, on average.
  private static func errors(_ group: RecoveryGroup) -> String {
    PredictionQuality(group.records).map { "\(PageText.decimal($0.meanAbsoluteError * 100)) %" } ?? "–"
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
