package import Format

/// What the records of one component under one scenario say of the time to recover.
///
/// Only a proven recovery has a TTR: one that failed recovered nothing, and of an inconclusive one nobody knows. Both are
/// counted beside. Drills and real recoveries are told apart, and counted together as well: a recovery under pressure is
/// the better evidence, drills are the more of them.
package struct DrillStatistics: Sendable {
  package let component: String
  package let scenario: ScenarioKey
  /// Drills and real recoveries.
  package let all: TimesToRecover
  package let drills: TimesToRecover
  package let recoveries: TimesToRecover

  /// - Parameter records: of this component and scenario, in any order
  init(component: String, scenario: ScenarioKey, _ records: [Record]) {
    self.component = component
    self.scenario = scenario
    all = TimesToRecover(records)
    drills = TimesToRecover(records.filter { $0.sort == .drill })
    recoveries = TimesToRecover(records.filter { $0.sort == .recovery })
  }

  /// The statistics of each component and scenario that has a record: by component, calm first.
  package static func of(_ records: [Record]) -> [DrillStatistics] {
    struct Group: Hashable {
      let component: String
      let scenario: ScenarioKey
    }
    return Dictionary(grouping: records) { Group(component: $0.component, scenario: ScenarioKey($0)) }
      .map { DrillStatistics(component: $0.key.component, scenario: $0.key.scenario, $0.value) }
      .sorted { ($0.component, $0.scenario) < ($1.component, $1.scenario) }
  }
}

/// Times to recover, in nanoseconds, and what became of those recoveries that have none.
package struct TimesToRecover: Sendable {
  /// The share of intervals of the mean that hold it.
  package static let level = 0.9
  /// How many times a mean needs: fewer would only look like knowledge.
  private static let leastForMean = 3

  /// How many were proven, so have a time.
  package let proven: Int
  package let failed: Int
  package let inconclusive: Int
  /// Nil for fewer than three.
  package let mean: UInt64?
  /// Where the mean of all such recoveries lies with a probability of 90 %: Student's t. It takes the times for normally
  /// distributed; a distribution-free interval of the median would need five of them, and these are few. Nil for fewer
  /// than three.
  package let interval: ClosedRange<UInt64>?
  /// The median; nil without any.
  package let p50: UInt64?
  /// The time that nine of ten did not exceed; of fewer than ten the worst. Nil without any.
  package let p90: UInt64?
  package let worst: UInt64?
  /// How many of those that had an RTO met it: proven ones within it, of proven and failed ones together. A recovery
  /// that failed met nothing; an inconclusive one is not counted.
  package let objective: (met: Int, of: Int)
  package let trend: TrendOfRecovery

  /// - Parameter records: in any order
  init(_ records: [Record]) {
    let proven = records.filter { $0.verdict == .proven }
    let sample = Sample(proven.map { Double($0.ttr.value) })
    self.proven = proven.count
    failed = records.count { $0.verdict == .failed }
    inconclusive = records.count { $0.verdict == .inconclusive }
    mean = proven.count >= TimesToRecover.leastForMean ? UInt64(clamping: sample.mean) : nil
    interval = sample.intervalOfMean(level: TimesToRecover.level).map {
      UInt64(clamping: $0.low)...UInt64(clamping: $0.high)
    }
    p50 = sample.median.map { UInt64(clamping: $0) }
    p90 = sample.reached(by: 0.9).map { UInt64(clamping: $0) }
    worst = sample.sorted.last.map { UInt64(clamping: $0) }
    let judged = records.filter { $0.rto != nil && $0.verdict != .inconclusive }
    objective = (judged.count { $0.objectives.recoveryTime == .met }, judged.count)
    trend = TrendOfRecovery(proven)
  }
}

/// Where times to recover go: with size, and with time.
package struct TrendOfRecovery: Sendable {
  /// Sizes that differ by less than this factor say nothing of size.
  package static let leastRatio = 1.25

  /// How many nanoseconds a gigabyte (10^9 bytes) more takes; nil for fewer than three recoveries, or where their sizes
  /// differ by less than a quarter.
  package let perGigabyte: Double?
  /// How many nanoseconds a recovery takes longer each 30 days, growth of the data included; nil for fewer than three
  /// recoveries, or within less than a day.
  package let perMonth: Double?

  private static let day = 86_400e9

  init(_ proven: [Record]) {
    let records = proven.sorted { $0.started.value < $1.started.value }
    let sizes = records.map { Double($0.bytes) }
    guard records.count >= 3, let smallest = sizes.min(), let largest = sizes.max(),
      let first = records.first?.started.value, let last = records.last?.started.value
    else {
      (perGigabyte, perMonth) = (nil, nil)
      return
    }
    perGigabyte =
      largest >= smallest * TrendOfRecovery.leastRatio && smallest > 0
      ? RobustSlope.of(zip(sizes, records).map { (x: $0 / 1e9, y: Double($1.ttr.value)) }) : nil
    perMonth =
      Double(last - first) >= TrendOfRecovery.day
      ? RobustSlope.of(
        records.map { (x: Double($0.started.value - first) / (30 * TrendOfRecovery.day), y: Double($0.ttr.value)) })
      : nil
  }
}

extension UInt64 {
  /// Nanoseconds that a model gives; thirty years, where they are more: nothing is to be known there.
  init(estimated nanoseconds: Double) { self.init(clamping: Swift.min(nanoseconds, 1e18)) }

  /// The nearest whole number that is one; 0 for what is none at all.
  init(clamping value: Double) {
    self = value >= 18_446_744_073_709_549_568 ? .max : value > 0 ? UInt64(value.rounded()) : 0
  }
}
