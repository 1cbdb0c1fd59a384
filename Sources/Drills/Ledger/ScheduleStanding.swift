import Format
package import Profiles
package import Repository

/// How a drill stands against the schedule that its own records declare.
///
/// Each record carries the schedule that its drill file had, and the zone of the host. It counts from the first record
/// that declares one, until a record says another; so a drill that was left out, or taken out of the ledger, leaves a
/// slot in which nothing was run, and a schedule that was taken back stands there as taken back.
package struct ScheduleStanding: Sendable, Equatable {
  package let drill: String
  package let component: String
  /// What the newest record declares; nil where it declares none any more.
  package let schedule: String?
  /// Seconds east of UTC of the host that declared it.
  package let zone: Int64
  /// The first record that declares one, and the newest of the drill.
  package let first: Moment
  package let last: Moment
  /// Slots in which it was run.
  package let kept: Int
  /// Slots that are over and in which it was not.
  package let missed: [ScheduleSlot]
  /// The slot in which the next run is expected; nil without a schedule.
  package let next: ScheduleSlot?
  /// Whether that one's grace is over, too.
  package let isOverdue: Bool

  /// Whether somebody must look at it.
  package var hasGap: Bool { !missed.isEmpty || isOverdue }

  /// The drills that ever declared a schedule, by name.
  ///
  /// - Parameters:
  ///   - entries: all records
  ///   - now: what is later is not yet missed
  package static func all(_ entries: [LedgerEntry], now: Moment) -> [ScheduleStanding] {
    let drills = entries.filter { $0.record.sort == .drill }
    return Dictionary(grouping: drills) { DrillName(drill: $0.record.drill, component: $0.record.component) }
      .sorted { $0.key < $1.key }
      .compactMap { name, entries in
        var walk = ScheduleWalk()
        // A start in the future is a problem of its own, and would push everything after it out of its place.
        let runs = entries.map(Run.init).filter { $0.moment <= now }.sorted { $0.moment < $1.moment }
        for run in runs { walk.take(run) }
        return walk.end(name, now: now)
      }
  }

  fileprivate struct DrillName: Hashable, Comparable {
    let drill: String
    let component: String

    static func < (one: DrillName, other: DrillName) -> Bool {
      (one.drill, one.component) < (other.drill, other.component)
    }
  }

  fileprivate struct Run {
    let moment: Moment
    let schedule: Schedule?
    let zone: Int64

    init(_ entry: LedgerEntry) {
      moment = Moment(seconds: Int64(entry.record.started.value / 1_000_000_000))
      schedule = entry.record.particulars?.schedule.flatMap { Schedule($0) }
      zone = min(max(entry.record.particulars?.zone ?? 0, -86_400), 86_400)
    }
  }
}

/// Goes from run to run and gives each the slot that it keeps.
private struct ScheduleWalk {
  private var schedule: Schedule?
  private var zone: Int64 = 0
  private var slot: ScheduleSlot?
  private var first: Moment?
  private var last = Moment(seconds: 0)
  private var kept = 0
  private var missed: [ScheduleSlot] = []

  mutating func take(_ run: ScheduleStanding.Run) {
    last = run.moment
    if let schedule, let current = slot { slot = keep(run.moment, schedule, after: current) }
    guard let declared = run.schedule else {
      schedule = nil
      slot = nil
      return
    }
    if first == nil { first = run.moment }
    if slot == nil { kept += 1 }
    if slot == nil || declared != schedule {
      slot = declared.slot(containing: run.moment, zone: run.zone)
    } else if let current = slot, run.zone != zone {
      // Summer time moved the turns; the run keeps the turn that it kept.
      slot = declared.slot(containing: max(run.moment, current.begin), zone: run.zone)
    }
    schedule = declared
    zone = run.zone
  }

  /// The slot that a run keeps; what lies between is missed.
  private mutating func keep(_ moment: Moment, _ schedule: Schedule, after current: ScheduleSlot) -> ScheduleSlot {
    var found = schedule.slot(containing: max(moment, current.begin), zone: zone)
    let following = schedule.slot(after: found, zone: zone)
    if found.begin == current.begin, moment >= following.isKeptFrom { found = following }
    guard found.begin > current.begin else { return current }
    miss(after: current, schedule) { $0.begin < found.begin }
    kept += 1
    return found
  }

  @discardableResult
  private mutating func miss(
    after current: ScheduleSlot, _ schedule: Schedule, while isMissed: (ScheduleSlot) -> Bool
  ) -> ScheduleSlot {
    var next = schedule.slot(after: current, zone: zone)
    while isMissed(next) {
      missed.append(next)
      next = schedule.slot(after: next, zone: zone)
    }
    return next
  }

  mutating func end(_ name: ScheduleStanding.DrillName, now: Moment) -> ScheduleStanding? {
    guard let first else { return nil }
    var next: ScheduleSlot?
    if let schedule, let slot { next = miss(after: slot, schedule) { $0.end <= now } }
    return ScheduleStanding(
      drill: name.drill, component: name.component, schedule: schedule?.text, zone: zone, first: first, last: last,
      kept: kept, missed: missed, next: next, isOverdue: next.map { $0.isOverdueFrom <= now } ?? false)
  }
}
