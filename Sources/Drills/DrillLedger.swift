import Bytes
import Cryptography
import Format
import Profiles
import Repository

/// What a drill measured, with its clock stopped.
struct DrillOutcome {
  /// A snapshot that is younger than the declaration by more than this, in nanoseconds, shows clocks that disagree.
  private static let clockAllowance: UInt64 = 300_000_000_000

  let verdict: DrillVerdict
  let checks: [Record.Check]
  let phases: [Record.Phase]
  let spans: [Record.Span]
  let recoveryTime: UInt64
  let declared: UInt64
  let bytes: UInt64

  init(_ rehearsal: Rehearsal, _ clock: RecoveryClock) {
    (phases, spans) = clock.finish()
    recoveryTime = clock.elapsed
    declared = clock.declared
    checks = rehearsal.results.map(\.recorded)
    verdict = DrillVerdict(checks, of: rehearsal.evidence)
    bytes = rehearsal.bytes
  }

  /// How old the restored data was at the declaration, in nanoseconds. The dump was consistent when it began or later,
  /// so its start is the safe moment to count from.
  func dataAge(of snapshot: ListedSnapshot) -> (nanoseconds: UInt64?, problem: String?) {
    DrillOutcome.dataAge(of: snapshot, at: declared)
  }

  static func dataAge(
    of snapshot: ListedSnapshot, at declared: UInt64
  ) -> (nanoseconds: UInt64?, problem: String?) {
    let started = snapshot.snapshot.started.value
    if started <= declared { return (declared - started, nil) }
    if started - declared <= DrillOutcome.clockAllowance { return (0, nil) }
    return (nil, "the snapshot is younger than this drill: the clocks of the two hosts disagree")
  }
}

/// Fills and signs a drill's record.
struct DrillLedger {
  private let access: MetaAccess
  private let drill: Drill
  private let tool: String

  init(_ access: MetaAccess, drill: Drill, tool: String) {
    self.access = access
    self.drill = drill
    self.tool = tool
  }

  /// Throws `keyWrongRole` unless this key may sign records: to be asked before hours of restoring, not after.
  func requireSigner() throws(Failure) {
    let repository = access.repository
    guard repository.authority.statement.isRestorer(repository.key.signing.publicKey) else {
      throw repository.wrongRole(to: "sign records", needs: [.restorer])
    }
  }

  /// Puts the record behind all heads that the store shows now. Drills that end at the same moment fork the ledger;
  /// the next one joins it.
  func append(_ outcome: DrillOutcome, of snapshot: ListedSnapshot) throws(Failure) -> (name: Name, record: Record) {
    let ledger = try Ledger.load(access)
    func nanoseconds(_ span: Seconds?) -> UInt64? { span.map { UInt64($0.count) * 1_000_000_000 } }
    var particulars = Record.Particulars()
    particulars.engine = snapshot.snapshot.engine.kind
    particulars.spans = outcome.spans
    particulars.parentBodies = ledger.bodies(of: ledger.heads)
    let record = Record(
      sort: .drill, drill: drill.name, component: snapshot.snapshot.component, snapshot: snapshot.name,
      writer: snapshot.writer.id, writerKey: snapshot.writer.enrolment.sign, sequence: snapshot.snapshot.sequence,
      parents: ledger.heads, number: ledger.nextNumber, started: outcome.declared,
      verdict: outcome.verdict.recorded, checks: outcome.checks, phases: outcome.phases, ttr: outcome.recoveryTime,
      rto: nanoseconds(drill.objectives.recoveryTime), rpo: nanoseconds(drill.objectives.recoveryPoint),
      dataAge: outcome.dataAge(of: snapshot).nanoseconds, bytes: outcome.bytes, tool: tool,
      particulars: particulars)
    return (try Ledger.append(record, in: access), record)
  }
}
