/// A point in time since 1970-01-01T00:00:00Z, written as RFC 3339 with a zone. People write whole seconds; what a
/// database answers may be finer.
package struct Moment: Hashable, Comparable, Sendable {
  /// Seconds since 1970 in UTC, leap seconds not counted.
  package let seconds: Int64
  /// Nanoseconds within the second.
  package let nanoseconds: UInt32

  /// The moment `seconds` after 1970 began.
  package init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = min(nanoseconds, 999_999_999)
  }

  /// Reads `2026-11-20T03:00:00Z`, with a space for the `T`, a fraction (dropped) and an offset like `+01:00` allowed;
  /// nil without a zone, for a day that doesn't exist, and for years before 1970 or after 9999.
  package init?(_ text: String) {
    self.init(text, assumingUTC: false)
  }

  /// Reads like `init(_:)`; `assumingUTC` also takes a time without a zone, as SQLite's `datetime()` prints it.
  package init?(_ text: String, assumingUTC: Bool) {
    guard let moment = Moment.read(text, assumingUTC: assumingUTC) else { return nil }
    self.init(seconds: moment.seconds)
  }

  /// Reads what a database answers, as fine as it does: RFC 3339, `YYYY-MM-DD HH:MM:SS.ffffff` with a zone as
  /// PostgreSQL prints it, or without one and then in UTC, a date (its first second), or seconds since 1970 with a
  /// fraction or without.
  package static func answered(_ text: String) -> Moment? {
    read(text, assumingUTC: true) ?? sinceEpoch(text)
      ?? (text.utf8.count == 10 ? read("\(text)T00:00:00Z", assumingUTC: true) : nil)
  }

  /// Nanoseconds since 1970; zero before, and the largest number for moments that are too far away.
  package var sinceEpoch: UInt64 {
    let (whole, overflow) = UInt64(max(0, seconds)).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isFar) = whole.addingReportingOverflow(seconds < 0 ? 0 : UInt64(nanoseconds))
    return overflow || isFar ? .max : sum
  }

  private static func read(_ text: String, assumingUTC: Bool) -> Moment? {
    var scanner = Scanner(rest: Array(text.utf8)[...])
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
      let day = scanner.digits(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), scanner.take(":"),
      let second = scanner.digits(2)
    else { return nil }
    var fraction: UInt32 = 0
    if scanner.take(".") {
      guard let found = scanner.fraction() else { return nil }
      fraction = found
    }
    guard let offset = scanner.zone(assumingUTC: assumingUTC), scanner.rest.isEmpty else { return nil }
    guard (1970...9999).contains(year), (1...12).contains(month), day >= 1, day <= Moment.days(in: month, of: year),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    let days = Moment.days(before: year) + (1..<month).reduce(0) { $0 + Moment.days(in: $1, of: year) } + day - 1
    return Moment(seconds: days * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanoseconds: fraction)
  }

  private static func sinceEpoch(_ text: String) -> Moment? {
    var scanner = Scanner(rest: Array(text.utf8)[...])
    let whole = scanner.rest.prefix { $0 != UInt8(ascii: ".") }.count
    guard (1...12).contains(whole), let seconds = scanner.digits(whole), seconds <= 253_402_300_799 else { return nil }
    if scanner.rest.isEmpty { return Moment(seconds: seconds) }
    guard scanner.take("."), let fraction = scanner.fraction(), scanner.rest.isEmpty else { return nil }
    return Moment(seconds: seconds, nanoseconds: fraction)
  }

  /// `2026-11-20T03:00:00Z`, with a fraction where there is one; moments before the year 1 or after 9999 print as the
  /// nearest within.
  package var text: String {
    let (days, rest) = min(max(seconds, -62_135_596_800), 253_402_300_799).quotientAndFloor(by: 86_400)
    let (year, month, left) = Moment.date(ofDay: days)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    var clock = "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
    if nanoseconds > 0 {
      var digits = "\(nanoseconds)"
      digits = String(repeating: "0", count: 9 - digits.count) + digits
      while digits.hasSuffix("0") { digits.removeLast() }
      clock += "." + digits
    }
    return "\(year)-\(two(month))-\(two(left + 1))T\(clock)Z"
  }

  package static func < (left: Moment, right: Moment) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// The year, the month from 1 and the day of the month from 0 of a day since 1970.
  static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    var year: Int64 = max(1, 1970 + days / 365 - 8)
    while Moment.days(before: year + 1) <= days { year += 1 }
    var left = days - Moment.days(before: year)
    var month: Int64 = 1
    while left >= Moment.days(in: month, of: year) {
      left -= Moment.days(in: month, of: year)
      month += 1
    }
    return (year, month, left)
  }

  /// Days from 1970-01-01 to the first day of `year`, in the Gregorian calendar.
  static func days(before year: Int64) -> Int64 {
    let past = year - 1
    return 365 * (year - 1970) + (past / 4 - past / 100 + past / 400) - 477
  }

  static func days(in month: Int64, of year: Int64) -> Int64 {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}

extension Moment: CustomStringConvertible {
  package var description: String { text }
}

extension Int64 {
  /// Quotient and remainder, the remainder never negative.
  func quotientAndFloor(by divisor: Int64) -> (Int64, Int64) {
    let rest = ((self % divisor) + divisor) % divisor
    return ((self - rest) / divisor, rest)
  }
}

/// Takes a date apart from the left.
private struct Scanner {
  var rest: ArraySlice<UInt8>

  mutating func take(_ character: Character) -> Bool {
    guard let byte = character.asciiValue, rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  mutating func digits(_ count: Int) -> Int64? {
    guard rest.count >= count else { return nil }
    let digits = rest.prefix(count)
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(count)
    return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  /// Digits after the point as nanoseconds; finer ones are dropped. Nil where there is none.
  mutating func fraction() -> UInt32? {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    var value: UInt32 = 0
    for place in 0..<9 {
      value = value * 10 + (place < digits.count ? UInt32(digits[digits.startIndex + place] - 0x30) : 0)
    }
    return value
  }

  /// The zone's offset from UTC in seconds.
  mutating func zone(assumingUTC: Bool) -> Int64? {
    if take("Z") || take("z") { return 0 }
    let sign: Int64
    if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return assumingUTC ? 0 : nil }
    guard let hours = digits(2), hours < 24 else { return nil }
    // PostgreSQL prints whole hours without minutes.
    if assumingUTC, rest.isEmpty { return sign * hours * 3_600 }
    _ = take(":")
    guard let minutes = digits(2), minutes < 60 else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}
