import Glibc

/// How far recoveries were from the model, and so how far the next may be.
///
/// Times are told apart by their ratio: the logarithm of measured to modelled. The interval is the one of the next value
/// in a weighted regression (Draper and Smith, Applied Regression Analysis, chapter 3), which widens away from the sizes
/// that were measured: ±t·s·√(1 + h), where s² is the sum of squares over n − p, p the parameters (two where sizes tell
/// the fixed part from the one per byte) and h the leverage of the new size. It is never narrower than
///
/// - the spread that was seen: from nine tenths of the residuals on one side to nine tenths on the other, of fewer than
///   ten all of them;
/// - what a few records that agree by chance would hide: 30 % by their number, at least 2 %;
/// - a factor of two on either side, where there are fewer than three records: nothing is known of their spread; up to
///   eight for a size far from two that were measured;
/// - the models in which everything grows, or nothing does, where all records have one size.
struct EstimateSpread: Sendable {
  /// Four of five recoveries: the level of `Record.Prediction`.
  private static let level = 0.8
  private static let ignorance = log(2.0)
  /// The leverage at which what is assumed of two records has become a factor of eight.
  private static let mostDistance = 17.0

  private let residuals: Sample
  private let deviation: Double
  private let degrees: Int
  /// The sums of 1, x and x² over the records, each by its weight: for leverages. In units of the largest size.
  private let sums: (count: Double, sizes: Double, squares: Double)
  private let unit: Double
  private let hasSlope: Bool
  /// The mean size and time where all records have one size.
  private let single: (bytes: Double, time: Double)?
  /// The shortest and the longest time that people were waited for, in nanoseconds.
  let waits: (low: Double, high: Double)

  init(_ all: [MeasuredRecovery], _ phases: [PhaseModel]) {
    let times = all.map { max(1, $0.expected(by: phases)) }
    residuals = Sample(zip(all, times).map { log(max(1, $0.machine) / $1) })
    let sizes = all.map(\.bytes)
    let (smallest, largest) = (max(1, sizes.min() ?? 1), max(1, sizes.max() ?? 1))
    unit = largest
    hasSlope = largest >= smallest * TrendOfRecovery.leastRatio
    degrees = all.count - (hasSlope ? 2 : 1)
    let squares = residuals.sorted.reduce(0) { $0 + $1 * $1 }
    deviation = degrees > 0 ? (squares / Double(degrees)).squareRoot() : 0
    var sums = (count: 0.0, sizes: 0.0, squares: 0.0)
    for (one, time) in zip(all, times) {
      let (size, weight) = (one.bytes / largest, 1 / (time * time))
      sums.count += weight
      sums.sizes += weight * size
      sums.squares += weight * size * size
    }
    self.sums = sums
    let count = Double(max(1, all.count))
    single =
      hasSlope
      ? nil : (sizes.reduce(0, +) / count, zip(all, times).reduce(0) { $0 + max(1, $1.1) } / count)
    waits = (all.map(\.people).min() ?? 0, all.map(\.people).max() ?? 0)
  }

  /// - Parameters:
  ///   - time: what the model gives, in nanoseconds
  ///   - bytes: at which size
  func interval(around time: Double, at bytes: Double) -> (low: Double, high: Double) {
    guard time > 0 else { return (0, 0) }
    let half = half(around: time, at: bytes)
    let seen = (low: residuals.tail(below: 0.1) ?? 0, high: residuals.tail(above: 0.9) ?? 0)
    var low = time * exp(min(-half, seen.low))
    var high = time * exp(max(half, seen.high))
    if let single, single.bytes > 0 {
      let ratio = bytes / single.bytes
      low = min(low, single.time * min(1, ratio) * exp(-half))
      high = max(high, single.time * max(1, ratio) * exp(half))
    }
    return (low, high)
  }

  private func half(around time: Double, at bytes: Double) -> Double {
    let count = residuals.sorted.count
    var half = max(0.02, 0.3 / Double(count))
    if count < 3 {
      let distance = min(leverage(of: bytes, time), EstimateSpread.mostDistance)
      half = EstimateSpread.ignorance * max(1, ((1 + distance) / 2).squareRoot())
    }
    guard degrees > 0 else { return half }
    let t = StudentDistribution.twoSided(level: EstimateSpread.level, degrees: degrees)
    return max(half, t * deviation * (1 + leverage(of: bytes, time)).squareRoot())
  }

  /// The variance of the model's value at a size, as a share of the variance of one recovery there.
  private func leverage(of bytes: Double, _ time: Double) -> Double {
    guard hasSlope else { return 1 / Double(max(1, residuals.sorted.count)) }
    let size = bytes / unit
    let determinant = sums.count * sums.squares - sums.sizes * sums.sizes
    guard determinant > 0 else { return 0 }
    return (sums.squares - 2 * size * sums.sizes + size * size * sums.count) / determinant / (time * time)
  }
}

extension Sample {
  /// The value that a share of all values lies below, as a rank among one more than there are (Hyndman and Fan 1996,
  /// definition 6, without interpolating): of fewer than 1/share − 1 values the smallest.
  func tail(below share: Double) -> Double? {
    guard !isEmpty else { return nil }
    let rank = Int((share * Double(sorted.count + 1)).rounded(.down))
    return sorted[max(rank, 1) - 1]
  }

  /// The same from the other end.
  func tail(above share: Double) -> Double? {
    guard !isEmpty else { return nil }
    let rank = Int((share * Double(sorted.count + 1)).rounded(.up))
    return sorted[min(rank, sorted.count) - 1]
  }
}
