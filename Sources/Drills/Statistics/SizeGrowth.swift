import Format
package import Repository

/// How fast the dumps of a component grow.
package struct SizeGrowth: Sendable {
  /// Bytes a nanosecond; below zero where they shrink.
  private let rate: Double
  /// The newest snapshot: its size, and when its dump began, in nanoseconds since 1970.
  package let bytes: UInt64
  package let time: UInt64

  private static let day: UInt64 = 86_400_000_000_000

  /// Bytes a day.
  package var perDay: Double { rate * Double(SizeGrowth.day) }

  /// - Parameter points: sizes of dumps, and when they began, in nanoseconds since 1970; in any order
  /// - Returns: nil for fewer than three dumps, or within less than a day: that is no growth yet
  package init?(_ points: [(time: UInt64, bytes: UInt64)]) {
    let points = points.sorted { ($0.time, $0.bytes) < ($1.time, $1.bytes) }
    guard points.count >= 3, let first = points.first, let last = points.last,
      last.time - first.time >= SizeGrowth.day,
      let rate = RobustSlope.of(points.map { (x: Double($0.time - first.time), y: Double($0.bytes)) })
    else { return nil }
    self.rate = rate
    (time, bytes) = last
  }

  /// The growth of a component's complete snapshots.
  package init?(of component: String, in history: SnapshotHistory) {
    self.init(
      history.snapshots.filter { $0.snapshot.component == component && $0.isComplete }
        .map { ($0.snapshot.started.value, $0.snapshot.catalogue.length) })
  }

  /// When dumps reach a size, in nanoseconds since 1970: the time of the newest where it is reached already. Nil where
  /// they don't grow to it within a hundred years.
  package func time(reaching size: UInt64) -> UInt64? {
    guard size > bytes else { return time }
    guard rate > 0 else { return nil }
    let wait = Double(size - bytes) / rate
    guard wait < 36_500 * Double(SizeGrowth.day) else { return nil }
    return time + UInt64(clamping: wait)
  }
}
