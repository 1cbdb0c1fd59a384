package import Bytes
package import Format
package import Repository

/// What a drill left behind.
///
/// The exit status of a drill goes by `failure`; without one it is 0, or 1 (warnings) where an objective is missed or
/// a warning was given: a recovery may be proven and too slow.
package struct DrillReport: Sendable {
  /// The name of the signed record.
  package let name: Name
  package let record: Record
  /// The snapshot that was restored.
  package let snapshot: ListedSnapshot
  /// The restore itself, then the drill's checks in their order: what the record has, with particulars.
  package let checks: [CheckResult]
  /// Where the restored data was kept.
  package let kept: String?
  /// How long it took to take the target down, in nanoseconds: after the recovery, and no part of its time.
  package let removal: UInt64
  /// What a person must look at; each was an event, too.
  package let warnings: [String]
  /// What the cost of a scenario is measured against; nil where there was no calm drill before.
  package let calm: CalmDrill?

  /// What makes the drill end as failed: anything but `proven`.
  package var failure: Failure? {
    guard record.verdict != .proven else { return nil }
    let unpassed = record.checks.filter { $0.outcome == (record.verdict == .failed ? .fail : .unmeasured) }
    var reasons = unpassed.map { "\($0.name): \($0.detail)" }
    if record.verdict == .inconclusive {
      reasons += (record.particulars?.scenario?.faults ?? []).filter { $0.fired == 0 }.map {
        "\($0.kind) never happened"
      }
    }
    let reason = reasons.isEmpty ? "no check looked at the data" : reasons.joined(separator: "; ")
    return Failure(
      .unproven, "the drill \(record.verdict == .failed ? "failed" : "is inconclusive"): \(reason)",
      at: "drill \(record.drill)", next: kept.map { "Look at what was restored: \($0)" } ?? "")
  }

  /// Whether the drill ends with warnings, or worse.
  package var needsAttention: Bool { failure != nil || record.objectives.isMissed || !warnings.isEmpty }
}
