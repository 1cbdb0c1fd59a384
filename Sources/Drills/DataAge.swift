import Bytes
import Format
import Profiles
import Repository

/// How old the recovered data was when disaster struck: what a recovery point is measured by.
struct DataAge: Sendable {
  /// Where it is from.
  enum Origin: String, Sendable {
    /// The newest row of the recovered data itself.
    case data
    /// The start of the dump: it was consistent then or later, so that this is the safe moment to count from.
    case snapshot
  }

  /// What is younger than the disaster by more than this shows clocks that disagree.
  private static let allowance: UInt64 = 300_000_000_000

  let origin: Origin
  /// Nil where it could not be measured.
  let nanoseconds: UInt64?
  /// Why.
  let problem: String?

  /// From the dump's start to a moment, both in nanoseconds since 1970.
  init(of snapshot: ListedSnapshot, at disaster: UInt64) {
    self.init(
      .snapshot, from: snapshot.snapshot.started.value, to: disaster,
      problem: "the snapshot is younger than this recovery: the clocks of the two hosts disagree")
  }

  /// From the newest row.
  init(newest row: Moment, at disaster: UInt64) {
    self.init(
      .data, from: row.sinceEpoch, to: disaster,
      problem: "the newest row is younger than this recovery: clocks disagree, or the data has moments yet to come")
  }

  /// Nothing could be measured.
  init(unmeasured problem: String) {
    origin = .data
    nanoseconds = nil
    self.problem = problem
  }

  private init(_ origin: Origin, from start: UInt64, to disaster: UInt64, problem: String) {
    self.origin = origin
    let isLate = start > disaster && start - disaster > DataAge.allowance
    nanoseconds = isLate ? nil : disaster - min(start, disaster)
    self.problem = isLate ? problem : nil
  }
}
