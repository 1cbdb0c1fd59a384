/// The time of one phase as a fixed part and one for each byte, neither of them negative.
struct PhaseModel: Sendable {
  /// One measured time of the phase.
  struct Point {
    let bytes: Double
    let nanoseconds: Double
    /// How much it counts.
    let weight: Double
  }

  let name: String
  let scaling: PhaseScaling
  /// Nanoseconds.
  let fixed: Double
  /// Nanoseconds a byte.
  let perByte: Double
  /// Whether the records had sizes that tell the two apart; otherwise the phase's kind decided.
  let isMeasured: Bool

  /// - Parameter points: at least one
  init(_ name: String, _ points: [Point]) {
    self.name = name
    scaling = PhaseScaling(phase: name)
    let sizes = points.map(\.bytes)
    let smallest = sizes.min() ?? 0
    let differs = (sizes.max() ?? 0) >= max(smallest, 1) * TrendOfRecovery.leastRatio
    switch scaling {
    case .human:
      (fixed, perByte, isMeasured) = (Sample(points.map(\.nanoseconds)).median ?? 0, 0, true)
    case .fixed:
      (fixed, perByte, isMeasured) = (PhaseModel.mean(points), 0, true)
    case .data, .open:
      isMeasured = differs
      if differs {
        (fixed, perByte) = PhaseModel.line(points)
      } else if scaling == .data, smallest > 0 {
        (fixed, perByte) = (0, PhaseModel.mean(points) / PhaseModel.meanSize(points))
      } else {
        (fixed, perByte) = (PhaseModel.mean(points), 0)
      }
    }
  }

  func nanoseconds(at bytes: Double) -> Double { fixed + perByte * bytes }

  private static func mean(_ points: [Point]) -> Double {
    points.reduce(0) { $0 + $1.weight * $1.nanoseconds } / points.reduce(0) { $0 + $1.weight }
  }

  private static func meanSize(_ points: [Point]) -> Double {
    points.reduce(0) { $0 + $1.weight * $1.bytes } / points.reduce(0) { $0 + $1.weight }
  }

  /// Weighted least squares with both parts at least zero. With two of them the constrained optimum is the free one, or
  /// lies where the part that would be negative is zero (Lawson and Hanson, Solving Least Squares Problems, chapter 23);
  /// both can't be, for no time is negative.
  private static func line(_ points: [Point]) -> (fixed: Double, perByte: Double) {
    // In units of the largest size, for sums of squares of bytes lose their digits.
    let unit = points.map(\.bytes).max() ?? 1
    var (count, sizes, squares, times, products) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let size = point.bytes / unit
      count += point.weight
      sizes += point.weight * size
      squares += point.weight * size * size
      times += point.weight * point.nanoseconds
      products += point.weight * size * point.nanoseconds
    }
    let slope = (count * products - sizes * times) / (count * squares - sizes * sizes)
    if slope <= 0 { return (times / count, 0) }
    let fixed = (times - slope * sizes) / count
    return fixed >= 0 ? (fixed, slope / unit) : (0, products / squares / unit)
  }
}
