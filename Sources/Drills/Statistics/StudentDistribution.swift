import Glibc

/// Student's t distribution, for intervals from few values whose spread is only estimated from themselves.
package enum StudentDistribution {
  /// More degrees are the normal distribution to four digits, and would only cost time.
  private static let mostDegrees = 10_000

  /// The value t for which a share `level` lies between −t and t: for 0.9 and 2 degrees of freedom 2.920.
  ///
  /// - Parameters:
  ///   - level: above 0 and below 1
  ///   - degrees: degrees of freedom, at least 1
  package static func twoSided(level: Double, degrees: Int) -> Double {
    var low = 0.0
    var high = 2.0
    while share(within: high, degrees) < level, high < 1e12 { high *= 2 }
    // Each step halves the interval: a hundred of them leave nothing of it.
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if share(within: middle, degrees) < level { low = middle } else { high = middle }
    }
    return high
  }

  /// The share between −t and t. For whole degrees of freedom the integral is a finite sum (Abramowitz and Stegun,
  /// Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
  private static func share(within t: Double, _ degrees: Int) -> Double {
    let degrees = min(max(1, degrees), mostDegrees)
    let angle = atan(t / Double(degrees).squareRoot())
    let (sine, cosine) = (sin(angle), cos(angle))
    let isOdd = !degrees.isMultiple(of: 2)
    if degrees == 1 { return 2 * angle / .pi }
    var term = isOdd ? cosine : 1
    var sum = term
    for step in stride(from: isOdd ? 3 : 2, to: degrees, by: 2) {
      term *= cosine * cosine * Double(step - 1) / Double(step)
      sum += term
    }
    return isOdd ? 2 / .pi * (angle + sine * sum) : sine * sum
  }
}
