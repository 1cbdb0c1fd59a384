package import Bytes
package import Format
package import Profiles
package import Repository

/// A real recovery: measured from the declaration of its incident, and put into the ledger like a drill, as a record of
/// its own sort.
package struct RecoveryRecord {
  private let writer: RecordWriter
  private let incident: String
  private let objectives: Objectives
  /// What is known of it beside what every record says: the target, where the data came from.
  package var particulars = Record.Particulars()

  /// - Parameters:
  ///   - access: of the restorer that signs
  ///   - incident: its name, as people know it: a ticket
  ///   - objectives: what the component's profile asks of a recovery
  ///   - tool: name and version of this program
  /// - Throws: `keyWrongRole` unless this key may sign records: to be known before hours of restoring, not after
  package init(
    _ access: MetaAccess, incident: String, objectives: Objectives, tool: String
  ) throws(Failure) {
    writer = RecordWriter(access, tool: tool)
    self.incident = incident
    self.objectives = objectives
    try writer.requireSigner()
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
    _ = clock.finish()
    return try writer.append(
      RecoveryOutcome(
        sort: .recovery, name: incident, checks: checks, verdict: DrillVerdict(checks, of: evidence),
        objectives: objectives,
        clock: clock, bytes: bytes, age: DataAge(of: snapshot, at: clock.declared), particulars: particulars),
      of: snapshot)
  }
}
