import Engine
import Profiles

/// A reading of the progress on one line: `1.42 GiB of 10.0 GiB, 312 MiB/s, 120 MiB new, 28 s left`.
enum ProgressText {
  static func of(_ reading: ProgressReading) -> String {
    var parts = [amount(reading)]
    if let rate = reading.rate, reading.unit == .bytes { parts.append("\(ByteCount(UInt64(rate)).rounded)/s") }
    if let fresh = reading.newBytes { parts.append("\(ByteCount(fresh).rounded) new") }
    if let age = reading.snapshotAge { parts.append("snapshot \(Duration.text(age)) old") }
    if let left = reading.secondsLeft, left < 1e9 {
      parts.append("\(Duration.text(UInt64(left * 1e9))) left")
    } else {
      parts.append(Duration.text(reading.elapsed))
    }
    return parts.joined(separator: ", ")
  }

  private static func amount(_ reading: ProgressReading) -> String {
    func text(_ count: UInt64) -> String { reading.unit == .bytes ? ByteCount(count).rounded : "\(count)" }
    let unit = reading.unit == .bytes ? "" : " \(reading.unit.rawValue)"
    // Estimates may fall short; a total that is already passed would only confuse.
    guard let total = reading.total, total >= reading.done else { return text(reading.done) + unit }
    return "\(text(reading.done)) of \(text(total))\(unit)"
  }
}

/// Counts with their nouns.
enum Plural {
  /// `1 snapshot`, `2 snapshots`.
  static func of(_ count: UInt64, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }
}

/// Spans of time for people.
enum Duration {
  static func text(_ nanoseconds: UInt64) -> String { Seconds.rounded(nanoseconds: Int64(clamping: nanoseconds)) }

  /// An objective as its file spells it: `15m`.
  static func objective(_ nanoseconds: UInt64) -> String { Seconds(Int64(clamping: nanoseconds / 1_000_000_000)).text }
}
