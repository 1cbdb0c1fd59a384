/// When a component is backed up: `hourly`, `daily`, `weekly`, `monthly`, `03:15`, `Mon 03:15`, `Mon..Fri 03:15`,
/// `Tue,Sat 22:00`. Each of them is a calendar event of systemd, too. A profile carries it; nothing starts runs by it yet.
package struct Schedule: Sendable, Hashable {
  /// As it was written, with one space between its parts.
  package let text: String

  /// The forms, for an error.
  static let expected = "hourly, daily, weekly, monthly, HH:MM, or days and a time such as Mon..Fri 03:15"
  static let pattern =
    "^(hourly|daily|weekly|monthly|((Mon|Tue|Wed|Thu|Fri|Sat|Sun)([.,]+(Mon|Tue|Wed|Thu|Fri|Sat|Sun))* +)?[0-2][0-9]:[0-5][0-9])$"
  private static let words = ["hourly", "daily", "weekly", "monthly"]
  static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

  /// Reads one of the forms; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: " ")
    switch parts.count {
    case 1: guard Schedule.words.contains(String(parts[0])) || Schedule.isTime(parts[0]) else { return nil }
    case 2: guard Schedule.isDays(parts[0]), Schedule.isTime(parts[1]) else { return nil }
    default: return nil
    }
    self.text = parts.joined(separator: " ")
  }

  private static func isTime(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && Words.isPlain(String($0), also: "") }),
      let hour = Int(parts[0]), let minute = Int(parts[1])
    else { return false }
    return (0..<24).contains(hour) && (0..<60).contains(minute)
  }

  /// Days and ranges of days, `Mon,Wed..Fri`, each day at most once.
  private static func isDays(_ text: Substring) -> Bool {
    var seen: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: ".", omittingEmptySubsequences: false)
      let isRange = ends.count == 3 && ends[1].isEmpty
      guard ends.count == 1 || isRange, let first = days.firstIndex(of: String(ends[0])),
        let last = days.firstIndex(of: String(ends[ends.count - 1])), first < last || (first == last && !isRange)
      else { return false }
      for day in days[first...last] where !seen.insert(day).inserted { return false }
    }
    return true
  }
}
