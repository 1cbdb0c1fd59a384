package import Bytes
package import Engine
package import Format
package import Pipeline
package import Profiles

/// Tells of the outcome of a drill or a real recovery, with the id of its record: an id that somebody else keeps is what
/// makes it visible later that a record was taken out of the ledger.
///
/// The programs under `notify` that ask for `proven` or `unproven` find in their environment, beside what they find after a
/// backup: `LIFEBOAT_DRILL` (its name, or that of the incident), `LIFEBOAT_SORT` (`drill` or `recovery`), `LIFEBOAT_RECORD`
/// (the id), and `LIFEBOAT_TTR` (seconds).
package enum DrillNotification {
  /// Tells of a drill.
  package static func send(
    _ report: DrillReport, to notifications: [Notification], stop: StopSignal, events: @escaping EventSink
  ) {
    send(report.record, name: report.name, because: report.failure, to: notifications, stop: stop, events: events)
  }

  /// Tells of a record.
  ///
  /// - Parameters:
  ///   - record: what was signed
  ///   - name: its id
  ///   - failure: why it proves nothing; nil where it does
  ///   - notifications: of the component's profile
  ///   - stop: of the run; nobody is told of one that a person stopped
  ///   - events: gets what the programs print, and a warning for one that fails
  package static func send(
    _ record: Record, name: Name, because failure: Failure?, to notifications: [Notification], stop: StopSignal,
    events: @escaping EventSink
  ) {
    guard !stop.isStopped else { return }
    let thousandths = record.ttr.value / 1_000_000
    let rest = String(thousandths % 1000)
    let seconds = "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    Notifier(stop: stop, events: events).tell(
      notifications, of: record.verdict == .proven ? .proven : .unproven, component: record.component,
      snapshot: record.snapshot.hex, verdict: record.verdict.rawValue,
      error: String((failure?.description ?? "").map { $0.isNewline ? " " : $0 }),
      more: [
        "LIFEBOAT_DRILL": record.drill, "LIFEBOAT_SORT": record.sort.rawValue, "LIFEBOAT_RECORD": name.hex,
        "LIFEBOAT_TTR": seconds,
      ])
  }
}
