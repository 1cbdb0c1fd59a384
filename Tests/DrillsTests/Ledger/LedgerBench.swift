import Bytes
import Cryptography
import Drills
import Format
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

/// A repository without a backup, into which records can be put as if drills had been run at any time.
final class LedgerBench: Sendable {
  static let second: UInt64 = 1_000_000_000

  let folder = TemporaryFolder()
  let store: LocalStore
  let keys: NewRepository.Keys

  init() throws {
    store = try LocalStore(folder.path("repository"), create: true)
    keys = try NewRepository.create(in: store, components: ["orders"], label: "test host")
  }

  func access(_ key: KeyFile? = nil, state: String? = nil) throws -> MetaAccess {
    let key = key ?? keys.keeper
    let kept = try state.map { try HostState(root: $0, repository: key.repository) }
    return try MetaAccess(try OpenRepository(store, key: key, state: kept), to: "test")
  }

  func file(of name: Name) -> String { folder.path("repository/records/\(name.hex)") }

  /// Nanoseconds since 1970 of an RFC 3339 text.
  static func time(_ text: String) throws -> UInt64 {
    UInt64(try #require(Moment(text)).seconds) * second
  }

  /// A record that follows what is there now.
  func record(
    _ drill: String = "orders-lost", component: String = "orders", at started: String = "2026-11-02T03:00:00Z",
    seconds: Double = 42, verdict: Record.Verdict = .proven, _ change: (inout Record) -> Void = { _ in }
  ) throws -> Record {
    let ledger = try Ledger.load(try access(keys.restorer))
    let total = UInt64(seconds * 1000) * 1_000_000
    var particulars = Record.Particulars()
    particulars.parentBodies = ledger.bodies(of: ledger.heads)
    let outcome: Record.Check.Outcome = verdict == .proven ? .pass : verdict == .failed ? .fail : .unmeasured
    var record = Record(
      sort: .drill, drill: drill, component: component, snapshot: Name([UInt8](repeating: 7, count: 32)) ?? .zero,
      writer: keys.writer.writer?.id ?? .zero, writerKey: keys.writer.signing.publicKey, sequence: 1,
      parents: ledger.heads, number: ledger.nextNumber, started: try LedgerBench.time(started), verdict: verdict,
      checks: [Record.Check(name: "manifest", outcome: outcome, detail: "12 tables", looksAtData: true)],
      phases: [
        Record.Phase(name: "first byte", nanoseconds: total / 4),
        Record.Phase(name: "last byte", nanoseconds: total / 4 * 3),
        Record.Phase(name: "unattributed", nanoseconds: total - total / 4 - total / 4 * 3),
      ], ttr: total, rto: 900 * LedgerBench.second, rpo: nil, dataAge: nil, bytes: 300_000_000, tool: "lifeboat test",
      particulars: particulars)
    change(&record)
    return record
  }

  /// Signs a record two seconds after its end, or when it is said, and puts it.
  @discardableResult
  func append(_ record: Record, signedAt time: UInt64? = nil) throws -> Name {
    let end = record.started.value.addingReportingOverflow(record.ttr.value)
    let header = Envelope.Header(
      kind: .record, repository: keys.restorer.repository, writer: .zero, authority: 0,
      time: time ?? (end.overflow ? record.started.value : end.partialValue + 2 * LedgerBench.second))
    return try plant(Envelope.seal(header, body: record.body, by: keys.restorer.signing))
  }

  /// Puts records of a drill that declares a schedule, at these times.
  func run(
    _ drill: String = "orders-lost", schedule: String?, zone: Int64 = 0, at times: [String]
  ) throws {
    for time in times {
      try append(
        try record(drill, at: time) {
          $0.particulars?.schedule = schedule
          $0.particulars?.zone = zone
        })
    }
  }

  /// Puts an envelope as it is, sealed as records are.
  @discardableResult
  func plant(_ envelope: [UInt8]) throws -> Name {
    let access = try access()
    let bytes = try Age.seal(envelope, to: try access.repository.authority.metaRecipients())
    let name = ObjectDigest.name(of: bytes)
    try access.repository.objects.put(.record(name), bytes)
    return name
  }

  func verify(_ noted: [NotedRecord] = [], now: String? = nil, state: String? = nil) throws -> LedgerVerification {
    let now = try now.map(LedgerBench.time) ?? WallClock.now()
    return try LedgerVerification.verify(try access(state: state), noted: noted, now: now)
  }

  /// The ledger as an export.
  func export(now: UInt64 = WallClock.now(), signed: Bool = false) throws -> LedgerFile {
    let access = try access(keys.restorer)
    return try LedgerExport.file(
      try LedgerVerification.verify(access, now: now), access,
      evidence: signed ? LedgerFile.Evidence(keys.restorer.signing) : nil, tool: "lifeboat test", now: now)
  }
}

extension LedgerVerification {
  /// What is wrong, as `kind` and the beginning of the id of the record.
  var found: [String] {
    problems.map { "\($0.kind.rawValue) \($0.record.map { String($0.hex.prefix(12)) } ?? "-")" }.sorted()
  }
}

extension Name {
  /// As problems name it in the tests.
  func problem(_ kind: LedgerProblem.Kind) -> String { "\(kind.rawValue) \(hex.prefix(12))" }
}
