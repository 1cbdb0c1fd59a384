package import Bytes
package import Format
package import Repository

/// What the ledger says of how long this recovery takes.
package struct KitMeasured: Sendable, Equatable {
  /// One measured time.
  package struct Time: Sendable, Equatable {
    package let nanoseconds: UInt64
    /// When the recovery began, in nanoseconds since 1970.
    package let when: UInt64
    package let verdict: Record.Verdict
    package let record: Name
  }

  /// A whole recovery, with its phases in order.
  package struct Run: Sendable, Equatable {
    package let sort: Record.Sort
    /// The drill, or the incident.
    package let name: String
    package let time: Time
    package let bytes: UInt64
    package let target: String?
    package let phases: [Record.Phase]
  }

  /// The newest time of each step of the kit, by its title; none for a step that was never measured.
  package private(set) var steps: [String: Time] = [:]
  /// The newest drill or recovery, whatever came of it.
  package private(set) var last: Run?
  /// The newest that proved a snapshot.
  package private(set) var proven: Run?

  /// Nothing was ever measured.
  package init() {}

  /// - Parameters:
  ///   - component: whose
  ///   - ledger: verified
  package init(_ component: String, in ledger: Ledger) {
    for entry in ledger.entries where entry.record.component == component {
      let run = KitMeasured.run(entry)
      last = run
      if entry.record.verdict == .proven { proven = run }
      for (title, nanoseconds) in KitMeasured.steps(of: entry.record) {
        steps[title] = Time(
          nanoseconds: nanoseconds, when: entry.record.started.value, verdict: entry.record.verdict, record: entry.name)
      }
    }
  }

  private static func run(_ entry: LedgerEntry) -> Run {
    let record = entry.record
    let time = Time(
      nanoseconds: record.ttr.value, when: record.started.value, verdict: record.verdict, record: entry.name)
    return Run(
      sort: record.sort, name: record.drill, time: time, bytes: record.bytes, target: record.particulars?.target,
      phases: record.phases)
  }

  /// As long as a step really took, which may be more than it cost.
  private static func steps(of record: Record) -> [String: UInt64] {
    let prefix = Phase.step("").name
    var times: [String: UInt64] = [:]
    for phase in record.phases where phase.name.hasPrefix(prefix) {
      times[String(phase.name.dropFirst(prefix.count))] = phase.nanoseconds.value
    }
    var spans: [String: UInt64] = [:]
    for span in record.particulars?.spans ?? [] where span.name.hasPrefix(prefix) {
      spans[String(span.name.dropFirst(prefix.count)), default: 0] += span.end.value - span.start.value
    }
    return times.merging(spans) { $1 }
  }
}
