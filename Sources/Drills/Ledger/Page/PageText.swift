import Format
import Profiles

/// Figures as people read them. Never where a machine reads.
enum PageText {
  static func duration(_ nanoseconds: UInt64) -> String { Seconds.rounded(nanoseconds: Int64(clamping: nanoseconds)) }

  /// An objective as its file spells it: `15m`.
  static func objective(_ nanoseconds: UInt64) -> String { Seconds(Int64(clamping: nanoseconds / 1_000_000_000)).text }

  /// `2026-11-20 03:15 UTC`.
  static func time(_ nanoseconds: UInt64) -> String { time(Moment(seconds: Int64(nanoseconds / 1_000_000_000))) }

  static func time(_ moment: Moment) -> String {
    let text = moment.text
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }

  /// `2026-11-20`.
  static func date(_ nanoseconds: UInt64) -> String {
    String(Moment(seconds: Int64(nanoseconds / 1_000_000_000)).text.prefix(10))
  }

  /// `0`, `517 B`, `3.1 MB`: powers of a thousand.
  static func bytes(_ count: UInt64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(value < 9.95 ? decimal(value) : "\(Int(value.rounded()))") \(units[unit])"
  }

  /// `12345` as `12,345`.
  static func count(_ value: UInt64) -> String {
    var digits = String(value)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  /// `4.2 %`; of nothing, nothing.
  static func share(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "–" }
    let percent = Double(part) / Double(whole) * 100
    return percent < 9.95 ? "\(decimal(percent)) %" : "\(Int(percent.rounded())) %"
  }

  /// With one digit behind the point.
  static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }

  /// What a verdict is called, with a sign of its own, so that no colour has to carry it.
  static func verdict(_ verdict: Record.Verdict) -> (sign: String, word: String, style: String) {
    switch verdict {
    case .proven: ("✓", "proven", "good")
    case .failed: ("✕", "failed", "bad")
    case .inconclusive: ("?", "inconclusive", "unsure")
    }
  }

  static func outcome(_ outcome: Record.Check.Outcome) -> (sign: String, word: String, style: String) {
    switch outcome {
    case .pass: ("✓", "pass", "good")
    case .fail: ("✕", "fail", "bad")
    case .skipped: ("–", "skipped", "soft")
    case .unmeasured: ("?", "unmeasured", "unsure")
    }
  }

  static func objective(_ result: ObjectiveResult) -> (sign: String, word: String, style: String) {
    switch result {
    case .met: ("✓", "met", "good")
    case .missed: ("✕", "missed", "bad")
    case .unmeasured: ("?", "unmeasured", "unsure")
    case .unset: ("–", "no objective", "soft")
    }
  }

  /// A word with its sign, as a badge.
  static func badge(_ look: (sign: String, word: String, style: String)) -> String {
    "<span class=\"badge \(look.style)\"><span aria-hidden=\"true\">\(look.sign)</span> \(Markup.text(look.word))</span>"
  }
}
