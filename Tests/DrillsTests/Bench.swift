import Bytes
import Databases
import Drills
import Engine
import Format
import Pipeline
import Profiles
import Repository
import Store
import Synchronization
import TestKit
import Testing

/// A database, a repository with its keys, and a folder for scratch targets.
final class Bench: Sendable {
  let folder = TemporaryFolder()
  let store: LocalStore
  let keys: NewRepository.Keys
  /// A value of the database that must stay inside of it.
  static let secret = "rosebud-4711"

  init() throws {
    store = try LocalStore(folder.path("repository"), create: true)
    keys = try NewRepository.create(in: store, components: ["orders"], label: "test host")
    guard mkdirs([scratch, folder.path("tree")]) else { throw Failure(.defect, "no folders") }
    try change(
      """
      CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER, total REAL, note TEXT);
      INSERT INTO customer VALUES (1, '\(Bench.secret)'), (2, 'Grace');
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO invoice SELECT i, 1 + i % 2, i * 1.5, hex(randomblob(40)) FROM n;
      """)
  }

  var database: String { folder.path("orders.db") }
  var scratch: String { folder.path("scratch") }
  /// What lies in the scratch folder.
  var leftovers: [String] { Files.names(in: scratch) }

  private func mkdirs(_ paths: [String]) -> Bool {
    paths.allSatisfy { (try? DurableFile.createFolder($0)) != nil }
  }

  /// Runs SQL on the live database.
  func change(_ sql: String) throws {
    let outcome = try Program.run(["sqlite3", "-bail", database], input: Array(sql.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// Backs up; returns the snapshot's name.
  @discardableResult
  func backUp(_ source: (any DumpSource)? = nil) throws -> Name {
    let repository = try OpenRepository(store, key: keys.writer, state: nil)
    let source = source ?? SQLiteSource(SQLiteSettings(path: database, scratch: scratch))
    let run = BackupRun(
      try WriterAccess(repository), BackupRequest(component: "orders", source: source, profile: "{}"),
      stop: StopSignal(), progress: RunProgress()
    ) { _ in }
    let report = try run.run()
    #expect(report.snapshot.verdict == .complete)
    return report.name
  }

  /// A drill with these checks, as its file would have them.
  func drill(_ checks: String = "[integrity, manifest]", select: String = "latest", keep: String = "never") throws
    -> Drill
  {
    let text = """
      drill: orders-lost
      component: orders
      repository: \(folder.path("repository"))
      select: \(select)
      target: {kind: scratch-directory, folder: \(scratch), keep: \(keep)}
      checks: \(checks)
      """
    return try Drill.parse(Array(text.utf8), file: "drill.yaml") { _ in nil }
  }

  /// Runs a drill.
  @discardableResult
  func run(
    _ drill: Drill, store: (any Store)? = nil, stop: StopSignal = StopSignal(), events: Events = Events(),
    key: KeyFile? = nil
  ) throws -> DrillReport {
    let clock = RecoveryClock()
    let run = DrillRun(
      drill, tool: "lifeboat test", clock: clock, stop: stop, progress: RunProgress(), workers: 2, events: events.take)
    return try run.run { [self] (_) throws(Failure) in
      let repository = try clock.measure(.open) { () throws(Failure) in
        try OpenRepository(store ?? self.store, key: key ?? keys.restorer, state: nil)
      }
      return try RestorerAccess(repository, to: "drill")
    }
  }

  func history() throws -> DrillHistory {
    try DrillHistory.load(
      try MetaAccess(try OpenRepository(store, key: keys.keeper, state: nil), to: "read the ledger"))
  }

  /// The prefix of the writer's packs.
  var packs: String { "writers/\(keys.writer.writer?.id.hex ?? "")/packs/" }

  /// Changes every pack in the store.
  func eachPack(_ body: (_ path: String) throws -> Void) throws {
    let paths = Files.tree(folder.path("repository/\(packs)"))
    #expect(!paths.isEmpty)
    for path in paths { try body(folder.path("repository/\(packs)\(path)")) }
  }
}

/// Keeps the events of a run.
final class Events: Sendable {
  private let kept = Mutex<[Event]>([])
  private let onStep: @Sendable (String) -> Void

  init(onStep: @escaping @Sendable (String) -> Void = { _ in }) { self.onStep = onStep }

  var take: EventSink {
    { [self] event in
      kept.withLock { $0.append(event) }
      if case .step(let name) = event { onStep(name) }
    }
  }

  var notes: [String] {
    kept.withLock { $0.compactMap { if case .note(let text) = $0 { text } else { nil } } }
  }

  var warnings: [String] {
    kept.withLock { $0.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
  }
}

extension DrillReport {
  /// The outcomes in the order of the checks: `restore pass`, `integrity fail`.
  var outcomes: [String] { record.checks.map { "\($0.name) \($0.outcome.rawValue)" } }
}
