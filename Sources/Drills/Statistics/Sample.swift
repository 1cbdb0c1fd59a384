/// Measured values, sorted, and what is said of them.
struct Sample {
  let sorted: [Double]

  init(_ values: some Sequence<Double>) { sorted = values.sorted() }

  var isEmpty: Bool { sorted.isEmpty }

  var mean: Double { sorted.reduce(0, +) / Double(max(1, sorted.count)) }

  /// The middle value, or the mean of the two in the middle; nil without values.
  var median: Double? {
    guard !sorted.isEmpty else { return nil }
    let half = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
  }

  /// The smallest value that at least this share of all values does not exceed (nearest rank): one that was really
  /// measured, and with few of them rather the worst than something between. Nil without values.
  func reached(by share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  /// The standard deviation of a sample; nil for fewer than two values.
  var deviation: Double? {
    guard sorted.count >= 2 else { return nil }
    let mean = mean
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(sorted.count - 1)).squareRoot()
  }

  /// The interval in which the mean of all such values lies with this probability: mean ± t·s/√n (Student 1908). Nil
  /// for fewer than three values: two would give ± six times their distance.
  func intervalOfMean(level: Double) -> (low: Double, high: Double)? {
    guard sorted.count >= 3, let deviation else { return nil }
    let t = StudentDistribution.twoSided(level: level, degrees: sorted.count - 1)
    let half = t * deviation / Double(sorted.count).squareRoot()
    return (mean - half, mean + half)
  }
}

/// A slope that a few wild values do not bend.
enum RobustSlope {
  /// The median of the slopes through all pairs of points that differ in x (Theil 1950, Sen 1968): up to 29 % of the
  /// points may be anything. Nil where no two differ in x.
  ///
  /// - Parameter points: at most some thousands, for every pair is looked at; of more, the newest count
  static func of(_ points: [(x: Double, y: Double)]) -> Double? {
    let points = points.suffix(2_000)
    var slopes: [Double] = []
    for (index, one) in points.enumerated() {
      for other in points.dropFirst(index + 1) where other.x != one.x {
        slopes.append((other.y - one.y) / (other.x - one.x))
      }
    }
    return Sample(slopes).median
  }
}
