import Drills
import Format
import Testing

@Suite("Statistics of times to recover")
struct StatisticsTests {
  private func all(_ records: [Record]) throws -> TimesToRecover { try #require(DrillStatistics.of(records).first).all }

  @Test("has the quantiles of Student's t that tables have")
  func quantiles() {
    let table: [(Double, Int, Double)] = [
      (0.9, 1, 6.314), (0.9, 2, 2.920), (0.9, 4, 2.132), (0.8, 1, 3.078), (0.8, 3, 1.638), (0.95, 10, 2.228),
      (0.9, 9, 1.833), (0.99, 30, 2.750), (0.9, 1_000_000, 1.645),
    ]
    for (level, degrees, t) in table {
      #expect(abs(StudentDistribution.twoSided(level: level, degrees: degrees) - t) < 0.0006, "\(level) \(degrees)")
    }
  }

  @Test("a mean and its interval only from three on; the worst and the median from the first")
  func few() throws {
    for count in 1...4 {
      let times = try all((1...count).map { Recoveries.taking(Double($0)) })
      #expect(times.proven == count && (times.mean != nil) == (count >= 3) && (times.interval != nil) == (count >= 3))
      #expect(times.worst == UInt64(count) * 1_000_000_000 && times.p50 != nil && times.p90 == times.worst)
    }
    let times = try all([1, 2, 3].map { Recoveries.taking($0) })
    #expect(times.mean == 2_000_000_000 && times.p50 == 2_000_000_000)
    // t of two degrees of freedom times s / √3.
    let interval = try #require(times.interval)
    #expect(interval.lowerBound.distance(to: 314_000_000).magnitude < 1_000_000)
    #expect(interval.upperBound.distance(to: 3_686_000_000).magnitude < 1_000_000)
  }

  @Test("the ninth of ten is p90, and an interval never begins below zero")
  func ranks() throws {
    let times = try all((1...10).map { Recoveries.taking(Double($0)) })
    #expect(times.p90 == 9_000_000_000 && times.p50 == 5_500_000_000)
    let wild = try all([0.001, 0.001, 100].map { Recoveries.taking($0) })
    #expect(wild.interval?.lowerBound == 0)
  }

  @Test("only proven recoveries have a time; the others are counted, and a failed one met no objective")
  func verdicts() throws {
    let records = [
      Recoveries.taking(1, rto: 2), Recoveries.taking(3, rto: 2), Recoveries.taking(1, verdict: .failed, rto: 2),
      Recoveries.taking(1, verdict: .inconclusive, rto: 2), Recoveries.taking(1),
    ]
    let times = try all(records)
    #expect(times.proven == 3 && times.failed == 1 && times.inconclusive == 1)
    #expect(times.objective == (met: 1, of: 3) && times.worst == 3_000_000_000)
  }

  @Test("drills and real recoveries are told apart, components and scenarios are kept apart")
  func groups() throws {
    let records = [
      Recoveries.taking(1), Recoveries.taking(2, sort: .recovery),
      Recoveries.taking(3, kinds: ["throttling", "resets"]),
      Recoveries.taking(4, kinds: ["resets", "throttling", "resets"]), Recoveries.taking(5, component: "orders"),
      Recoveries.record([("last byte", 6)], isBare: true),
    ]
    let statistics = DrillStatistics.of(records)
    #expect(
      statistics.map { "\($0.component) \($0.scenario.text)" } == [
        "orders calm", "shop calm", "shop resets+throttling",
      ])
    let calm = statistics[1]
    #expect(calm.all.proven == 3 && calm.drills.proven == 2 && calm.recoveries.proven == 1)
    #expect(statistics[2].all.proven == 2)
  }

  @Test("a scenario is read as it is written, in any order, and no other word is one")
  func words() {
    #expect(ScenarioKey(text: "calm") == .calm)
    #expect(ScenarioKey(text: "throttling+resets")?.text == "resets+throttling")
    for text in ["", "+", "calm+resets", "thunder", "resets+", "Resets"] { #expect(ScenarioKey(text: text) == nil) }
  }

  @Test("the trend is that of most recoveries, whatever one of them did")
  func trend() throws {
    let sizes: [UInt64] = [1, 2, 3, 4, 5, 6, 7]
    var records = sizes.map { size in
      Recoveries.taking(2 + 3 * Double(size), bytes: size * 1_000_000_000, at: Recoveries.start + size * Recoveries.day)
    }
    let straight = try all(records).trend
    #expect(straight.perGigabyte.map { abs($0 - 3e9) < 1e3 } == true)
    #expect(straight.perMonth.map { abs($0 - 90e9) < 1e5 } == true)
    records[3] = Recoveries.taking(500, bytes: 4_000_000_000, at: Recoveries.start + 4 * Recoveries.day)
    #expect(try all(records).trend.perGigabyte.map { abs($0 - 3e9) < 1e3 } == true)
  }

  @Test("there is no trend over two recoveries, over sizes that hardly differ, or within a day")
  func noTrend() throws {
    #expect(try all([1, 2].map { Recoveries.taking($0, bytes: UInt64($0) * 1_000_000) }).trend.perGigabyte == nil)
    let near = try all([100, 110, 120].map { Recoveries.taking(Double($0), bytes: UInt64($0) * 1_000_000) }).trend
    #expect(near.perGigabyte == nil && near.perMonth == nil)
    #expect(try all([1, 2, 3].map { Recoveries.taking($0, bytes: 0) }).trend.perGigabyte == nil)
  }

  @Test("predictions are measured by what came of them, and only where the recovery was proven")
  func predictions() throws {
    let said = Record.Prediction(ttr: 10_000_000_000, low: 9_000_000_000, high: 12_000_000_000, records: 3)
    let records = [
      Recoveries.taking(11, prediction: said), Recoveries.taking(13, prediction: said),
      Recoveries.taking(9, prediction: said), Recoveries.taking(50, verdict: .failed, prediction: said),
      Recoveries.taking(1),
    ]
    #expect(records.map { $0.predictionError.map { Int(($0 * 100).rounded()) } } == [10, 30, -10, nil, nil])
    #expect(records.map(\.isWithinPrediction) == [true, false, true, nil, nil])
    let quality = try #require(PredictionQuality(records))
    #expect(quality.count == 3 && quality.within == 2)
    #expect(abs(quality.meanAbsoluteError - 0.5 / 3) < 1e-9 && abs(quality.bias - 0.1) < 1e-9)
    #expect(PredictionQuality([Recoveries.taking(1)]) == nil)
  }
}
