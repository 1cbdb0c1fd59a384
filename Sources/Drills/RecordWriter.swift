import Bytes
import Cryptography
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// What a recovery, rehearsed or real, leaves for its record.
struct RecoveryOutcome {
  let sort: Record.Sort
  /// The drill's name, or the incident's.
  let name: String
  let checks: [Record.Check]
  let verdict: DrillVerdict
  let objectives: Objectives
  /// With its measuring ended.
  let clock: RecoveryClock
  /// Plain bytes that reached the target.
  let bytes: UInt64
  let age: DataAge
  /// What is known of it beside what every record says.
  var particulars = Record.Particulars()
}

/// Fills, signs and stores records: the one place that makes them.
struct RecordWriter {
  private let access: MetaAccess
  private let tool: String
  private let known: Ledger?

  /// - Parameters:
  ///   - access: of the restorer that signs
  ///   - tool: name and version of this program
  ///   - known: the ledger as the run found it, where it has looked: only what came since is read again
  init(_ access: MetaAccess, tool: String, knowing known: Ledger? = nil) {
    self.access = access
    self.tool = tool
    self.known = known
  }

  /// Throws `keyWrongRole` unless this key may sign records: to be asked before hours of restoring, not after.
  func requireSigner() throws(Failure) {
    let repository = access.repository
    guard repository.authority.statement.isRestorer(repository.key.signing.publicKey) else {
      throw repository.wrongRole(to: "sign records", needs: [.restorer])
    }
  }

  /// Puts the record behind all heads that the store shows now. Recoveries that end at the same moment fork the
  /// ledger; the next one joins it.
  func append(_ outcome: RecoveryOutcome, of snapshot: ListedSnapshot) throws(Failure) -> (name: Name, record: Record) {
    let ledger = try Ledger.load(access, knowing: known)
    func nanoseconds(_ span: Seconds?) -> UInt64? { span.map { UInt64($0.count) * 1_000_000_000 } }
    let (phases, spans) = outcome.clock.finish()
    var particulars = outcome.particulars
    particulars.engine = snapshot.snapshot.engine.kind
    particulars.spans = spans
    particulars.parentBodies = ledger.bodies(of: ledger.heads)
    particulars.dataAgeFrom = outcome.age.nanoseconds == nil ? nil : outcome.age.origin.rawValue
    particulars.zone = Machine.zone
    particulars.cores = UInt64(UsableCores.count())
    particulars.memory = Machine.memory
    let record = Record(
      sort: outcome.sort, drill: outcome.name, component: snapshot.snapshot.component, snapshot: snapshot.name,
      writer: snapshot.writer.id, writerKey: snapshot.writer.enrolment.sign, sequence: snapshot.snapshot.sequence,
      parents: ledger.heads, number: ledger.nextNumber, started: outcome.clock.declared,
      verdict: outcome.verdict.recorded, checks: outcome.checks, phases: phases, ttr: outcome.clock.elapsed,
      rto: nanoseconds(outcome.objectives.recoveryTime), rpo: nanoseconds(outcome.objectives.recoveryPoint),
      dataAge: outcome.age.nanoseconds, bytes: outcome.bytes, tool: tool, particulars: particulars)
    return (try Ledger.append(record, in: access), record)
  }
}

/// The machine that recovers.
enum Machine {
  /// Bytes of memory; nil where nobody knows.
  static var memory: UInt64? {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? UInt64(pages) * UInt64(size) : nil
  }

  /// The zone of this host now, in seconds east of UTC.
  static var zone: Int64? {
    var moment = time(nil)
    var fields = tm()
    return localtime_r(&moment, &fields) == nil ? nil : Int64(fields.tm_gmtoff)
  }
}
