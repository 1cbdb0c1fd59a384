import Drills
import Format
import Profiles

/// What records say together, as people and programs see it.
enum StatisticsText {
  /// One row for each component and scenario; drills and real recoveries by themselves where there are both.
  static func table(_ statistics: [DrillStatistics]) -> [String] {
    var table = Table([
      ("COMPONENT", .left), ("SCENARIO", .left), ("OF", .left), ("PROVEN", .right), ("FAILED", .right),
      ("INCONCLUSIVE", .right), ("MEAN", .right), ("90 % INTERVAL", .left), ("P50", .right), ("P90", .right),
      ("WORST", .right), ("RTO MET", .right), ("EACH GB", .right), ("EACH 30 D", .right),
    ])
    for statistic in statistics {
      for (title, times) in rows(statistic) {
        table.add([statistic.component, statistic.scenario.text, title] + cells(times))
      }
    }
    return table.lines
  }

  private static func rows(_ statistic: DrillStatistics) -> [(String, TimesToRecover)] {
    if statistic.recoveries.count == 0 { return [("drills", statistic.all)] }
    if statistic.drills.count == 0 { return [("recoveries", statistic.all)] }
    return [("both", statistic.all), ("drills", statistic.drills), ("recoveries", statistic.recoveries)]
  }

  private static func cells(_ times: TimesToRecover) -> [String] {
    func text(_ value: UInt64?) -> String { value.map { Duration.text($0) } ?? "-" }
    let interval = times.interval.map { "\(Duration.text($0.lowerBound)) to \(Duration.text($0.upperBound))" } ?? "-"
    let objective = times.objective.of == 0 ? "-" : "\(times.objective.met) of \(times.objective.of)"
    return [
      "\(times.proven)", "\(times.failed)", "\(times.inconclusive)", text(times.mean), interval, text(times.p50),
      text(times.p90), text(times.worst), objective, signed(times.trend.perGigabyte), signed(times.trend.perMonth),
    ]
  }

  /// Nanoseconds more or less: `+1.20 s`.
  private static func signed(_ nanoseconds: Double?) -> String {
    guard let nanoseconds else { return "-" }
    let text = Duration.text(UInt64(min(abs(nanoseconds), 1e18)))
    return nanoseconds < 0 ? "-\(text)" : "+\(text)"
  }

  /// A share as signed percent: `+12 %`; of less than ten percent with one digit more.
  static func percent(_ share: Double, signed: Bool = true) -> String {
    let tenths = Int64((min(max(share, -1e9), 1e9) * 1000).rounded())
    let size = tenths.magnitude
    let digits = size < 100 ? "\(size / 10).\(size % 10)" : "\((size + 5) / 10)"
    let sign = tenths < 0 ? "-" : signed ? "+" : ""
    return "\(sign)\(digits) %"
  }

  /// How good predictions were, in one sentence part.
  static func text(_ quality: PredictionQuality) -> String {
    "predictions missed by \(percent(quality.meanAbsoluteError, signed: false)) on average over \(quality.count) "
      + "(bias \(percent(quality.bias))), \(quality.within) within their interval"
  }

  // MARK: - For programs

  static func perMille(_ share: Double) -> JSONText { .integer(Int64((min(max(share, -1e12), 1e12) * 1000).rounded())) }

  static func fields(_ statistic: DrillStatistics) -> [(String, JSONText)] {
    [
      ("component", .text(statistic.component)), ("scenario", .text(statistic.scenario.text)),
      ("all", fields(statistic.all)), ("drills", fields(statistic.drills)),
      ("recoveries", fields(statistic.recoveries)),
    ]
  }

  private static func fields(_ times: TimesToRecover) -> JSONText {
    func count(_ value: UInt64?) -> JSONText { value.map { .count($0) } ?? .nothing }
    func whole(_ value: Double?) -> JSONText { value.map { .integer(Int64(min(max($0, -1e18), 1e18))) } ?? .nothing }
    return .object([
      ("proven", .integer(Int64(times.proven))), ("failed", .integer(Int64(times.failed))),
      ("inconclusive", .integer(Int64(times.inconclusive))), ("mean", count(times.mean)),
      ("meanLow", count(times.interval?.lowerBound)), ("meanHigh", count(times.interval?.upperBound)),
      ("p50", count(times.p50)), ("p90", count(times.p90)), ("worst", count(times.worst)),
      ("objectiveMet", .integer(Int64(times.objective.met))), ("objectiveOf", .integer(Int64(times.objective.of))),
      ("perGigabyte", whole(times.trend.perGigabyte)), ("perMonth", whole(times.trend.perMonth)),
    ])
  }

  static func fields(_ quality: PredictionQuality) -> JSONText {
    .object([
      ("count", .integer(Int64(quality.count))),
      ("meanAbsoluteErrorPerMille", perMille(quality.meanAbsoluteError)), ("biasPerMille", perMille(quality.bias)),
      ("within", .integer(Int64(quality.within))),
    ])
  }
}

extension TimesToRecover {
  /// All records, of whatever verdict.
  fileprivate var count: Int { proven + failed + inconclusive }
}
