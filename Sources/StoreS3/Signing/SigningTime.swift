import Glibc
import Profiles

/// A moment as signatures, headers of HTTP and retention dates write it; always UTC, in whole seconds.
package struct SigningTime: Sendable, Equatable {
  /// `20130524T000000Z`.
  package let text: String
  /// `20130524`.
  package let day: String
  /// `2013-05-24T00:00:00Z`.
  package let dashed: String

  /// - Parameter time: nanoseconds since the epoch
  package init(_ time: UInt64) {
    dashed = Moment(seconds: Int64(time / 1_000_000_000)).text
    text = dashed.filter { $0 != "-" && $0 != ":" }
    day = String(text.prefix(8))
  }

  /// Nanoseconds since the epoch of a date in a header: `Fri, 24 May 2013 00:00:00 GMT`. Nil for any other form.
  package static func ofHeader(_ text: String) -> UInt64? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT" || words[5] == "UTC", let day = number(words[1], 1...31),
      let month = months.firstIndex(of: String(words[2])), let year = number(words[3], 1970...9999)
    else { return nil }
    let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
      let second = number(clock[2], 0...60)
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
    let seconds = timegm(&parts)
    return seconds < 0 ? nil : UInt64(seconds) * 1_000_000_000
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func number(_ text: Substring, _ range: ClosedRange<Int32>) -> Int32? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int32(text) else { return nil }
    return range.contains(value) ? value : nil
  }
}
