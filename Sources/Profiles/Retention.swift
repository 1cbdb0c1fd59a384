/// Which snapshots are kept; what any rule keeps is kept. A profile carries it; `prune` does not read it yet.
package struct Retention: Sendable, Equatable {
  /// The newest ones.
  package var last: Int?
  /// The newest of each of so many days.
  package var daily: Int?
  package var weekly: Int?
  package var monthly: Int?
  package var yearly: Int?
  /// All that are not older.
  package var within: Seconds?

  private static let counts = 1...100_000

  package init(
    last: Int? = nil, daily: Int? = nil, weekly: Int? = nil, monthly: Int? = nil, yearly: Int? = nil,
    within: Seconds? = nil
  ) {
    self.last = last
    self.daily = daily
    self.weekly = weekly
    self.monthly = monthly
    self.yearly = yearly
    self.within = within
  }

  init(_ section: Section) {
    last = section.field("keep-last", "so many of the newest snapshots")?.integer(Retention.counts)
    daily = section.field("keep-daily", "the newest of each of so many days")?.integer(Retention.counts)
    weekly = section.field("keep-weekly", "the newest of each of so many weeks")?.integer(Retention.counts)
    monthly = section.field("keep-monthly", "the newest of each of so many months")?.integer(Retention.counts)
    yearly = section.field("keep-yearly", "the newest of each of so many years")?.integer(Retention.counts)
    within = section.field("keep-within", "all snapshots that are not older")?.span()
    if section.names.isEmpty { section.problem("at least one rule is expected; an empty group would keep nothing") }
    section.end()
  }
}
