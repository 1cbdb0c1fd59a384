package import Bytes
package import Format
import Pipeline

/// A part of a recovery, named by what has been reached at its end.
package enum Phase: Hashable, Sendable {
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
  /// One check has its outcome.
  case check(String)
  /// Time that no phase claims.
  case unattributed

  /// The name on the record.
  package var name: String {
    switch self {
    case .unlock: "keys unlocked"
    case .open: "repository opened"
    case .choose: "snapshot chosen"
    case .target: "target made"
    case .index: "index loaded"
    case .firstByte: "first byte"
    case .lastByte: "last byte"
    case .ready: "target ready"
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
  private let start: UInt64
  private var end: UInt64?
  private var claimedUntil: UInt64
  private var spans: [(phase: Phase, nanoseconds: UInt64)] = []

  /// The declaration: now.
  package init() {
    declared = WallClock.now()
    start = MonotonicClock.now()
    claimedUntil = start
  }

  /// Nanoseconds since the declaration; stands still once the clock has finished.
  package var elapsed: UInt64 { (end ?? MonotonicClock.now()) - start }

  /// Runs `body` and gives its time to the phase, also when it throws.
  package func measure<Result>(
    _ phase: Phase, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let begin = MonotonicClock.now()
    defer { claim(phase, from: begin, to: MonotonicClock.now()) }
    return try body()
  }

  /// Gives a span to a phase, less what is claimed already. A phase that comes again grows where it first stood.
  func claim(_ phase: Phase, from begin: UInt64, to finish: UInt64) {
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
