import Bytes
import Format
import Profiles
import Repository

/// Looks for times that can't be. They are the signer's own, so what fits proves little; what doesn't, shows a clock that
/// is wrong, or a record that was made up.
struct LedgerTimes {
  /// Clocks of two hosts differ by no more than this, in nanoseconds.
  static let allowance: UInt64 = 300_000_000_000

  let entries: [LedgerEntry]
  /// Nanoseconds since 1970.
  let now: UInt64

  var problems: [LedgerProblem] {
    let known = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    return entries.compactMap { entry in
      let parents = entry.record.parents.compactMap { known[$0] }
      guard let what = odd(entry, parents) else { return nil }
      return LedgerProblem(
        .time, .warning, of: entry.name, "the record \(entry.name.short) (number \(entry.record.number)) \(what)",
        next: "Compare the clocks of the hosts that sign records.")
    }
  }

  private func odd(_ entry: LedgerEntry, _ parents: [LedgerEntry]) -> String? {
    let signed = entry.header.time
    let started = entry.record.started.value
    if LedgerTimes.isAfter(signed, now) { return "is signed in the future, at \(LedgerTimes.text(signed))" }
    if LedgerTimes.isAfter(started, signed) {
      return "begins at \(LedgerTimes.text(started)), after it was signed at \(LedgerTimes.text(signed))"
    }
    if LedgerTimes.isAfter(LedgerTimes.sum(started, entry.record.ttr.value), signed) {
      return "measured more time than went by between its start and its signature"
    }
    if let late = parents.first(where: { LedgerTimes.isAfter($0.header.time, signed) }) {
      return "is signed at \(LedgerTimes.text(signed)), before the one that it follows, \(late.name.short)"
    }
    return nil
  }

  static func text(_ nanoseconds: UInt64) -> String { Moment(seconds: Int64(nanoseconds / 1_000_000_000)).text }

  /// Whether one moment is after another by more than clocks differ.
  static func isAfter(_ one: UInt64, _ other: UInt64) -> Bool { one > sum(other, allowance) }

  private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
