/// A part of a recovery, named by what has been reached at its end.
package enum Phase: Hashable, Sendable {
  /// Somebody decided to restore: from the declaration of an incident to the start of this program.
  case decision
  /// A person has typed the passphrase.
  case passphrase
  /// The key file was read and unlocked.
  case unlock
  /// The authority chain and the enrolments are verified.
  case open
  /// The history was read and a snapshot taken from it.
  case choose
  /// It is known where each blob lies.
  case index
  /// There is an empty folder, or a running server, to restore to.
  case target
  /// What could keep the load from succeeding was looked for.
  case examined
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
  /// The restored data has answered a query.
  case firstQuery
  /// One check has its outcome.
  case check(String)
  /// A step of the runbook, or a command of the rescue kit, is done.
  case step(String)
  /// Time that no phase claims.
  case unattributed

  /// The name on the record.
  package var name: String {
    switch self {
    case .decision: "decision to restore"
    case .passphrase: "passphrase given"
    case .unlock: "keys unlocked"
    case .open: "repository opened"
    case .choose: "snapshot chosen"
    case .index: "index loaded"
    case .target: "target made"
    case .examined: "target examined"
    case .firstByte: "first byte"
    case .lastByte: "last byte"
    case .ready: "target ready"
    case .loaded: "data loaded"
    case .indexes: "indexes built"
    case .analyzed: "tables analyzed"
    case .settled: "database in place"
    case .firstQuery: "first good query"
    case .check(let name): "check: \(name)"
    case .step(let name): "step: \(name)"
    case .unattributed: "unattributed"
    }
  }

  /// Whether a person was waited for.
  package var isHuman: Bool { self == .decision || self == .passphrase }
}
