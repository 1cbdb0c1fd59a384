package import Format
import Repository

/// The last proven drill of a component in which nothing went wrong: what a scenario's cost is measured against.
package struct CalmDrill: Sendable, Equatable {
  /// The step in which a rehearsal puts its faults, or its kit, where they belong: no part of a recovery.
  static let placing = "faults placed"

  /// Its number in the ledger.
  package let number: UInt64
  /// Its time to recover, in nanoseconds.
  package let recoveryTime: UInt64

  /// The newest that restored to the same kind of target. A rescue kit makes its own, so that it is compared with any.
  ///
  /// - Returns: nil where there is none
  init?(before record: Record, in ledger: Ledger) {
    func target(_ record: Record) -> String { record.particulars?.target ?? FolderTarget.word }
    let calm = ledger.entries.filter { entry in
      let other = entry.record
      return other.sort == .drill && other.component == record.component && other.verdict == .proven
        && other.particulars?.scenario == nil
    }
    let wanted = target(record)
    let same = calm.last { target($0.record) == wanted }
    guard let calm = same ?? (KitTarget.isNamed(by: wanted) ? calm.last : nil) else { return nil }
    number = calm.record.number
    recoveryTime = calm.record.ttr.value
  }

  /// What a recovery under a scenario cost beyond this one, in nanoseconds: less than zero where it was faster. The
  /// time in which the faults themselves were placed is no part of a recovery.
  package func cost(of record: Record) -> Int64 {
    let placing = record.phases.first { $0.name == Phase.step(CalmDrill.placing).name }?.nanoseconds.value ?? 0
    return Int64(clamping: record.ttr.value - placing) - Int64(clamping: recoveryTime)
  }
}
