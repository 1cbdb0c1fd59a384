package import Bytes
package import Format
import Pipeline
package import Profiles

/// A part of a recovery, named by what has been reached at its end.
package enum Phase: Hashable, Sendable {
  /// Somebody decided to restore: from the declaration of an incident to the start of this program.
  case decision
  /// The key file was read, and its passphrase asked for where it has one.
  case unlock
  /// The authority chain and the enrolments are verified.
  case open
  /// The history was read and a snapshot taken from it.
  case choose
  /// There is an empty folder to restore to.
  case target
  /// It is known where each blob lies.
  case index
  /// The first decrypted and verified bytes reach the target.
  case firstByte
  /// The last ones do.
  case lastByte
  /// Everything has reached the disk, with modes and times.
  case ready
  /// A server has all rows.
  case loaded
  /// It has its indexes and constraints.
  case indexes
  /// Its planner knows the tables.
  case analyzed
  /// What was loaded has its own name, and applications can find it.
  case settled
  /// One check has its outcome.
  case check(String)
  /// Time that no phase claims.
  case unattributed

  /// The name on the record.
  package var name: String {
    switch self {
    case .decision: "decision to restore"
    case .unlock: "keys unlocked"
    case .open: "repository opened"
    case .choose: "snapshot chosen"
    case .target: "target made"
    case .index: "index loaded"
    case .firstByte: "first byte"
    case .lastByte: "last byte"
    case .ready: "target ready"
    case .loaded: "data loaded"
    case .indexes: "indexes built"
    case .analyzed: "tables analyzed"
    case .settled: "database in place"
    case .check(let name): "check: \(name)"
    case .unattributed: "unattributed"
    }
  }
}

/// Measures a recovery from its declaration, by the clock that counts suspension.
///
/// Phases follow each other and never overlap: no moment is claimed twice, and what no phase claims is a phase of its
/// own. So they always sum exactly to the total. Used from one thread.
package final class PhaseClock {
  /// The time of day of the declaration, in nanoseconds since 1970: for stamps, never for measuring.
  package let declared: UInt64
  /// Nanoseconds from the declaration to the start, by the time of day: there is no other clock that saw both.
  private let before: UInt64
  private let start: UInt64
  private var end: UInt64?
  private var claimedUntil: UInt64
  private var spans: [(phase: Phase, nanoseconds: UInt64)] = []

  /// The declaration: now.
  package init() {
    declared = WallClock.now()
    before = 0
    start = MonotonicClock.now()
    claimedUntil = start
  }

  /// A declaration in the past, in seconds since 1970: what has passed until now is the phase `decision`.
  ///
  /// - Throws: `usage` for a time that is yet to come
  package init(declaredAt moment: Moment) throws(Failure) {
    declared = UInt64(max(0, moment.seconds)) * 1_000_000_000
    let wall = WallClock.now()
    guard declared <= wall else {
      throw Failure(
        .usage, "the incident is declared for a time that is yet to come", at: "--since",
        next: "Give the time at which it was declared, with its zone.")
    }
    before = wall - declared
    start = MonotonicClock.now()
    claimedUntil = start
    spans = [(.decision, before)]
  }

  /// Nanoseconds since the declaration; stands still once the clock has finished.
  package var elapsed: UInt64 { before + (end ?? MonotonicClock.now()) - start }

  /// Runs `body` and gives its time to the phase, also when it throws.
  package func measure<Result>(
    _ phase: Phase, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let begin = MonotonicClock.now()
    defer { claim(phase, from: begin, to: MonotonicClock.now()) }
    return try body()
  }

  /// Gives a span to a phase, less what is claimed already. A phase that comes again grows where it first stood.
  package func claim(_ phase: Phase, from begin: UInt64, to finish: UInt64) {
    guard end == nil else { return }
    let begin = max(begin, claimedUntil)
    let finish = max(begin, finish)
    claimedUntil = finish
    if let place = spans.firstIndex(where: { $0.phase == phase }) {
      spans[place].nanoseconds += finish - begin
    } else {
      spans.append((phase, finish - begin))
    }
  }

  /// Ends the measuring, once: the phases in the order in which they came, then the unattributed time. Their sum is
  /// `elapsed`. Later calls give the same phases.
  package func finish() -> [Record.Phase] {
    if end == nil { end = MonotonicClock.now() }
    let claimed = spans.reduce(0) { $0 + $1.nanoseconds }
    let rest = (phase: Phase.unattributed, nanoseconds: elapsed - claimed)
    return (spans + [rest]).map { Record.Phase(name: $0.phase.name, nanoseconds: $0.nanoseconds) }
  }
}
