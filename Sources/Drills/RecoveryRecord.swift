package import Bytes
import Cryptography
package import Format
package import Profiles
package import Repository

/// A real recovery: measured from the declaration of its incident, and put into the ledger like a drill, as a record of
/// its own sort.
package struct RecoveryRecord {
  private let access: MetaAccess
  private let incident: String
  private let objectives: Objectives
  private let tool: String

  /// - Parameters:
  ///   - access: of the restorer that signs
  ///   - incident: its name, as people know it: a ticket
  ///   - objectives: what the component's profile asks of a recovery
  ///   - tool: name and version of this program
  /// - Throws: `keyWrongRole` unless this key may sign records: to be known before hours of restoring, not after
  package init(
    _ access: MetaAccess, incident: String, objectives: Objectives, tool: String
  ) throws(Failure) {
    self.access = access
    self.incident = incident
    self.objectives = objectives
    self.tool = tool
    let repository = access.repository
    guard repository.authority.statement.isRestorer(repository.key.signing.publicKey) else {
      throw repository.wrongRole(to: "sign records", needs: [.restorer])
    }
  }

  /// Signs and stores the record.
  ///
  /// - Parameters:
  ///   - snapshot: what was restored
  ///   - checks: what was found; proven is only what all of them passed and one of them saw in the data
  ///   - evidence: that what was restored is there; without it nothing is proven
  ///   - clock: its measuring ends here
  ///   - bytes: plain bytes that were restored
  package func append(
    of snapshot: ListedSnapshot, checks: [Record.Check], evidence: RestoredEvidence?, clock: RecoveryClock,
    bytes: UInt64
  ) throws(Failure) -> (name: Name, record: Record) {
    let ledger = try Ledger.load(access)
    func nanoseconds(_ span: Seconds?) -> UInt64? { span.map { UInt64($0.count) * 1_000_000_000 } }
    let (phases, spans) = clock.finish()
    var particulars = Record.Particulars()
    particulars.engine = snapshot.snapshot.engine.kind
    particulars.spans = spans
    particulars.parentBodies = ledger.bodies(of: ledger.heads)
    let record = Record(
      sort: .recovery, drill: incident, component: snapshot.snapshot.component, snapshot: snapshot.name,
      writer: snapshot.writer.id, writerKey: snapshot.writer.enrolment.sign, sequence: snapshot.snapshot.sequence,
      parents: ledger.heads, number: ledger.nextNumber, started: clock.declared,
      verdict: DrillVerdict(checks, of: evidence).recorded, checks: checks, phases: phases, ttr: clock.elapsed,
      rto: nanoseconds(objectives.recoveryTime), rpo: nanoseconds(objectives.recoveryPoint),
      dataAge: DrillOutcome.dataAge(of: snapshot, at: clock.declared).nanoseconds, bytes: bytes, tool: tool,
      particulars: particulars)
    return (try Ledger.append(record, in: access), record)
  }
}
