/// What the answer of a drill's query must be.
package enum Expectation: Sendable, Equatable {
  /// Exactly this text.
  case equals(String)
  /// A number within bounds; a missing bound is open.
  case within(minimum: Double?, maximum: Double?)
  /// A moment that lies at most this long before the reference moment.
  case fresherThan(Seconds)

  /// What is expected, for a record: `= 412`, `>= 1`, `fresher than 24h`.
  package var text: String {
    switch self {
    case .equals(let value): "= \(value)"
    case .within(let minimum, let maximum):
      [minimum.map { ">= \(Expectation.plain($0))" }, maximum.map { "<= \(Expectation.plain($0))" }]
        .compactMap { $0 }.joined(separator: " and ")
    case .fresherThan(let span): "fresher than \(span.text)"
    }
  }

  /// Judges the rows that a query gave.
  ///
  /// - Parameters:
  ///   - rows: the answer, a row a line; exactly one row of one column is expected
  ///   - reference: the moment that freshness is measured against
  /// - Returns: nil if the answer is as expected, otherwise why it isn't, in lower case
  package func objection(to rows: [String], reference: Moment) -> String? {
    guard rows.count == 1, let value = rows.first else { return "one row is expected, the query gave \(rows.count)" }
    let shown = value.count > 60 ? "\(value.prefix(60))…" : value
    switch self {
    case .equals(let expected):
      return Array(value.utf8) == Array(expected.utf8) ? nil : "\(shown) where \(expected) is expected"
    case .within(let minimum, let maximum):
      guard let number = Double(value), number.isFinite else { return "\(shown) is not a number" }
      if let minimum, number < minimum { return "\(shown) is below \(Expectation.plain(minimum))" }
      if let maximum, number > maximum { return "\(shown) is above \(Expectation.plain(maximum))" }
      return nil
    case .fresherThan(let span):
      guard let moment = Moment.answered(value) else { return "\(shown) is not a moment in time" }
      let age = reference.seconds - moment.seconds
      return age <= span.count ? nil : "\(moment.text) is \(Seconds(age).text) old where \(span.text) is allowed"
    }
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  /// Reads the keys `expect`, `minimum`, `maximum` and `fresher-than` of a check.
  static func read(_ section: Section) -> Expectation? {
    let exact = section.field("expect")
    let minimum = section.field("minimum")
    let maximum = section.field("maximum")
    let fresher = section.field("fresher-than")
    let isRange = minimum != nil || maximum != nil
    guard [exact != nil, isRange, fresher != nil].filter({ $0 }).count == 1 else {
      section.problem("one of expect, minimum and maximum, or fresher-than is expected")
      return nil
    }
    if let exact { return exact.text("the expected value").map { .equals($0) } }
    if let fresher { return fresher.seconds().map { .fresherThan($0) } }
    let bounds = (minimum?.decimal(), maximum?.decimal())
    if let low = bounds.0, let high = bounds.1, low > high {
      section.problem("minimum \(plain(low)) is above maximum \(plain(high))")
      return nil
    }
    return .within(minimum: bounds.0, maximum: bounds.1)
  }
}
