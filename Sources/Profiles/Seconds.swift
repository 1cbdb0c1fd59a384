/// A span of time in whole seconds, as profiles write it: `90s`, `15m`, `24h`, `7d`, `1h30m`.
package struct Seconds: Hashable, Comparable, Sendable {
  /// The span in seconds, never negative.
  package let count: Int64

  /// The longest span that is understood: 100 years of 365 days.
  private static let limit: Int64 = 100 * 365 * 86_400
  private static let units: [(letter: Character, seconds: Int64)] = [
    ("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
  ]

  /// A span of `count` seconds; negative counts become zero.
  package init(_ count: Int64) { self.count = max(0, count) }

  /// Reads numbers with units `w d h m s`, largest first, each at most once; nil for anything else.
  package init?(_ text: String) {
    var total: Int64 = 0
    var allowed = Seconds.units[...]
    var digits = ""
    for character in text {
      if character.isASCII, character.isNumber, digits.count < 12 {
        digits.append(character)
        continue
      }
      guard let number = Int64(digits), let index = allowed.firstIndex(where: { $0.letter == character }) else {
        return nil
      }
      let (part, overflow) = number.multipliedReportingOverflow(by: allowed[index].seconds)
      guard !overflow, part <= Seconds.limit else { return nil }
      total += part
      guard total <= Seconds.limit else { return nil }
      allowed = allowed[(index + 1)...]
      digits = ""
    }
    guard digits.isEmpty, !text.isEmpty else { return nil }
    count = total
  }

  /// The shortest exact spelling without weeks: `15m`, `1h30m`, `7d`; reading it gives the same span.
  package var text: String {
    var rest = count
    var text = ""
    for unit in Seconds.units.dropFirst() where rest >= unit.seconds {
      text += "\(rest / unit.seconds)\(unit.letter)"
      rest %= unit.seconds
    }
    return text.isEmpty ? "0s" : text
  }

  package static func < (left: Seconds, right: Seconds) -> Bool { left.count < right.count }

  /// A measured span for people: `0.42 s`, `12.3 s`, `4m12s`, `3h05m`. Never used where a machine reads.
  package static func rounded(nanoseconds: Int64) -> String {
    let hundredths = (min(max(0, nanoseconds), .max - 5_000_000) + 5_000_000) / 10_000_000
    if hundredths < 1_000 { return "\(hundredths / 100).\(padded(hundredths % 100)) s" }
    let tenths = (hundredths + 5) / 10
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
    let seconds = (hundredths + 50) / 100
    if seconds < 3_600 { return "\(seconds / 60)m\(padded(seconds % 60))s" }
    let minutes = (seconds + 30) / 60
    if minutes < 48 * 60 { return "\(minutes / 60)h\(padded(minutes % 60))m" }
    let hours = (minutes + 30) / 60
    return "\(hours / 24)d\(padded(hours % 24))h"
  }

  private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension Seconds: CustomStringConvertible {
  package var description: String { text }
}
