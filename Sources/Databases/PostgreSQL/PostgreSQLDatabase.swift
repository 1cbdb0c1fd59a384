import Bytes
import Glibc
import Pipeline
import Profiles
import Synchronization

/// The dump of one database: a snapshot, its schema and its streams by several threads, and meanwhile the counts by
/// SQL, which must be those of the streams.
struct PostgreSQLDatabase: Sendable {
  private enum Job: Sendable {
    case schema
    case data(PostgreSQLStreamPlan.Stream)
  }

  let server: PostgreSQLServer
  let settings: PostgreSQLSettings
  let name: String
  let ledger: PostgreSQLLedger
  /// What the examination found.
  let losses: [String]

  /// Dumps it; what is wrong with the dump goes to the ledger.
  ///
  /// - Returns: what was dumped
  /// - Throws: what prevented a dump, what the sink threw
  func dump(stop: StopSignal) throws(Failure) -> TruthManifest {
    // What goes wrong in one thread ends the others, and not the run.
    try InnerStop.run(within: stop) { (inner) throws(Failure) in
      let snapshot = try PostgreSQLSnapshot.take(
        server.query(name), lockTimeout: settings.lockTimeout, stop: inner)
      ledger.holdsSnapshot(since: snapshot.taken)
      defer {
        snapshot.release()
        ledger.holdsSnapshot(since: nil)
      }
      var facts = try snapshot.facts(of: server)
      let plan = PostgreSQLStreamPlan(facts.tables, encoding: facts.database.encoding)
      let threads = start(plan, snapshot, inner)
      let counted = count(snapshot)
      for thread in threads { thread.join() }
      if let fatal = ledger.fatal { throw fatal }
      if let reason = inner.reason { throw reason }
      if let trouble = counted.trouble ?? (ledger.reasons.isEmpty ? nil : snapshot.trouble) { tell(trouble) }
      let contents = plan.streams.compactMap { ledger.contents(of: stream($0.name)) }
      if contents.count == plan.streams.count { compare(snapshot, counted.rows, contents, &facts, plan) }
      facts.heldMilliseconds = snapshot.heldMilliseconds
      facts.losses = losses
      facts.sequences = CopyContents.sequences(of: contents)
      try store(facts, inner)
      return CopyContents.truth(of: contents, database: name)
    }
  }

  private func stream(_ part: String) -> String { "\(PercentName.encode(name))/\(part)" }

  // MARK: Streams

  private func start(
    _ plan: PostgreSQLStreamPlan, _ snapshot: PostgreSQLSnapshot, _ inner: StopSignal
  ) -> [ThreadHandle] {
    let dump = PostgreSQLDump(
      server: server, ledger: ledger, lockWait: max(1, settings.lockTimeout.count) * 1000, stop: inner)
    let jobs = JobList([.schema] + plan.bySize.map { .data($0) })
    let identifier = snapshot.name
    let printsHex = snapshot.printsHex
    return (0..<max(1, settings.jobs ?? 2)).map { _ in
      Threads.run(named: "pg_dump", stop: inner) { [self] in
        while let job = jobs.next() {
          try inner.check()
          switch job {
          case .schema: try dump.schema(name, identifier, into: stream("schema.dump"))
          case .data(let part):
            try dump.data(
              name, identifier, plan.arguments(part), printsHex: printsHex, isHashing: settings.checksums,
              expecting: part.bytes, into: stream(part.name))
          }
        }
      }
    }
  }

  private final class JobList: Sendable {
    private let jobs: Mutex<[Job]>
    init(_ jobs: [Job]) { self.jobs = Mutex(jobs.reversed()) }
    func next() -> Job? { jobs.withLock { $0.popLast() } }
  }

  // MARK: Counts

  /// What SQL says about each table that can be counted, or why it says nothing.
  private func count(_ snapshot: PostgreSQLSnapshot) -> (rows: [UInt64]?, trouble: Failure?) {
    do {
      return (try snapshot.count(countable(snapshot).map(\.facts)), nil)
    } catch {
      return (nil, error)
    }
  }

  /// The session that counts also holds the snapshot: its end may be the cause of all that went wrong. Where nothing did,
  /// the streams tell that the dump is whole; without a second opinion it is still one.
  private func tell(_ trouble: Failure) {
    if ledger.reasons.isEmpty {
      ledger.warn("database \(Printable.quoted(name)): the rows could not be counted by SQL: \(trouble.description)")
    } else {
      object("the session that held the snapshot has ended: \(trouble.description)")
    }
  }

  private func countable(_ snapshot: PostgreSQLSnapshot) -> [PostgreSQLCatalog.Table] {
    snapshot.tables.filter { isDumped($0) && !$0.isOfExtension }
  }

  private func isDumped(_ table: PostgreSQLCatalog.Table) -> Bool {
    table.facts.kind == .table && !(server.facts.isStandby && table.isUnlogged)
  }

  /// Compares the streams with the catalogue and the counts, and writes rows and streams into the facts.
  private func compare(
    _ snapshot: PostgreSQLSnapshot, _ counted: [UInt64]?, _ contents: [CopyContents], _ facts: inout PostgreSQLFacts,
    _ plan: PostgreSQLStreamPlan
  ) {
    var found: [CopyStatement.QualifiedName: UInt64] = [:]
    for table in contents.flatMap(\.tables) {
      let name = CopyStatement.QualifiedName(schema: table.schema, name: table.name)
      if found.updateValue(table.rows, forKey: name) != nil { object("table \(table.title) was dumped twice") }
    }
    var counts: [CopyStatement.QualifiedName: UInt64] = [:]
    for (table, rows) in zip(countable(snapshot), counted ?? []) { counts[table.name] = rows }
    for (index, table) in snapshot.tables.enumerated() where isDumped(table) {
      let rows = found.removeValue(forKey: table.name)
      if let rows, let counted = counts[table.name], rows != counted {
        object("table \(table.title) has \(counted) rows by SQL and \(rows) in the dump")
      } else if rows == nil, !table.isOfExtension {
        object("table \(table.title) is missing in the dump")
      }
      facts.tables[index].rows = rows
      if rows != nil { facts.tables[index].stream = Array(stream(plan.stream(of: table.facts).name).utf8) }
    }
    let large = CopyStatement.QualifiedName(schema: Array("pg_catalog".utf8), name: Array("pg_largeobject".utf8))
    let objects = found.removeValue(forKey: large) ?? 0
    if objects != facts.largeObjects {
      object("there are \(facts.largeObjects) large objects by SQL and \(objects) in the dump")
    }
    for name in found.keys { object("table \(Printable.text(name.schema + [0x2e] + name.name)) is only in the dump") }
  }

  private func object(_ reason: String) { ledger.object("database \(Printable.quoted(name)): \(reason)") }

  // MARK: Facts

  private func store(_ facts: PostgreSQLFacts, _ stop: StopSignal) throws(Failure) {
    let bytes = Array(facts.json.utf8) + [UInt8(ascii: "\n")]
    _ = try SmallStream.feed(bytes, stop: stop) { (descriptor) throws(Failure) in
      try ledger.store(stream("about.json"), from: descriptor, watcher: nil)
    }
  }
}

extension PostgreSQLCatalog.Table {
  fileprivate var name: CopyStatement.QualifiedName {
    CopyStatement.QualifiedName(schema: facts.schema, name: facts.name)
  }
}
