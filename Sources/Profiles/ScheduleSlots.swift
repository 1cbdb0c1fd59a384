/// The time from one turn of a schedule to the next.
///
/// A run that begins in a slot keeps it. Nobody is punctual to the second, so a slot has a **grace** at both ends of
/// its beginning: a run that comes that much too early still counts for it, and one that has not come that much later is
/// overdue. A slot is missed when it is over and nothing was run in it.
package struct ScheduleSlot: Sendable, Hashable {
  /// When it is the schedule's turn.
  package let begin: Moment
  /// When it is its turn again.
  package let end: Moment

  /// A quarter of the slot, at most a day.
  package var grace: Seconds { Seconds(min((end.seconds - begin.seconds) / 4, 86_400)) }

  /// When the run is overdue.
  package var isOverdueFrom: Moment { Moment(seconds: begin.seconds + grace.count) }

  /// When a run counts for it at the earliest.
  package var isKeptFrom: Moment { Moment(seconds: begin.seconds - grace.count) }

  package func contains(_ moment: Moment) -> Bool { begin <= moment && moment < end }
}

extension Schedule {
  private static let day: Int64 = 86_400

  /// The slot in which a moment lies.
  ///
  /// `hourly` begins at each full hour, `daily` at midnight, `weekly` with Monday, `monthly` with the first of the
  /// month, as calendar events of systemd do; the others at the times that they name.
  ///
  /// - Parameter zone: seconds east of UTC of the clock that the schedule goes by
  package func slot(containing moment: Moment, zone: Int64) -> ScheduleSlot {
    let local = moment.seconds + zone
    let begin = turn(atOrBefore: local)
    return ScheduleSlot(
      begin: Moment(seconds: begin - zone), end: Moment(seconds: turn(after: begin) - zone))
  }

  /// The slot that follows.
  package func slot(after slot: ScheduleSlot, zone: Int64) -> ScheduleSlot {
    self.slot(containing: slot.end, zone: zone)
  }

  private func turn(atOrBefore local: Int64) -> Int64 {
    let today = local.quotientAndFloor(by: Schedule.day).0
    switch text {
    case "hourly": return local.quotientAndFloor(by: 3_600).0 * 3_600
    case "daily": return today * Schedule.day
    case "weekly": return (today - Schedule.weekday(today)) * Schedule.day
    case "monthly": return (today - Moment.date(ofDay: today).day) * Schedule.day
    default:
      let (days, clock) = times
      let found = (0...7).lazy.map { today - $0 }.first { day in
        days.contains(Schedule.weekday(day)) && day * Schedule.day + clock <= local
      }
      return (found ?? today) * Schedule.day + clock
    }
  }

  private func turn(after begin: Int64) -> Int64 {
    let today = begin.quotientAndFloor(by: Schedule.day).0
    switch text {
    case "hourly": return begin + 3_600
    case "daily": return begin + Schedule.day
    case "weekly": return begin + 7 * Schedule.day
    case "monthly":
      let date = Moment.date(ofDay: today)
      return begin + Moment.days(in: date.month, of: date.year) * Schedule.day
    default:
      let (days, clock) = times
      let found = (1...7).lazy.map { today + $0 }.first { days.contains(Schedule.weekday($0)) }
      return (found ?? today + 1) * Schedule.day + clock
    }
  }

  /// Days since Monday; 1970 began on a Thursday.
  private static func weekday(_ day: Int64) -> Int64 { (day + 3).quotientAndFloor(by: 7).1 }

  /// The days of the week, from 0 for Monday, and the seconds since midnight of a schedule that names a time.
  private var times: (days: Set<Int64>, clock: Int64) {
    let parts = text.split(separator: " ")
    let numbers = (parts.last ?? "").split(separator: ":").compactMap { Int64($0) }
    let clock = numbers.count == 2 ? numbers[0] * 3_600 + numbers[1] * 60 : 0
    guard parts.count == 2 else { return (Set(0..<7), clock) }
    var days: Set<Int64> = []
    for part in parts[0].split(separator: ",") {
      let ends = part.split(separator: ".").compactMap { Schedule.days.firstIndex(of: String($0)) }
      guard let first = ends.first, let last = ends.last else { continue }
      days.formUnion((first...last).map { Int64($0) })
    }
    return (days, clock)
  }
}
