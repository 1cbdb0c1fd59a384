package import Bytes
package import Pipeline
package import Profiles
import Synchronization

/// Databases of a PostgreSQL server, dumped by `pg_dump` in plain text: the form that is readable without us, that psql
/// loads, whose rows can be counted and hashed as they pass, and that changes least from day to day.
///
/// Measured with 356 MB of pgbench and JSON and a second day of 20,000 transactions, stored bytes in MB for the first and
/// the second day: plain 34.2 and 3.1; custom without compression 34.7 and 3.1; directory without compression, which
/// needs disk of the dump's size, 34.3 and 3.1; custom as it is by default 35.5 and 36.9.
///
/// Streams: `globals.sql` with roles and tablespaces; for each database `schema.dump` (custom format, everything but
/// data), `data-0001.sql` with everything but big tables, one more for each of these, all of one snapshot; and
/// `about.json`, which `PostgreSQLFacts` reads.
///
/// The least that the role needs is LOGIN, CONNECT and `pg_read_all_data`. What that role does not see is refused
/// before anything starts, or named: passwords of roles, subscriptions, options of user mappings.
package struct PostgreSQLSource: DumpSource {
  private let settings: PostgreSQLSettings
  /// What `prepare` found, for `dump` right after it; a look costs some sessions.
  private let prepared = Prepared()

  package init(_ settings: PostgreSQLSettings) { self.settings = settings }

  package var parallelStreams: Int { max(1, settings.jobs ?? 2) }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    let look = try Look(settings, stop)
    prepared.keep(look)
    let version = look.server.facts.version
    var notes = look.notes
    notes.append(
      "pg_dump \(look.server.tools.version.text)" + (look.server.tools.folder.map { " in \($0)" } ?? "")
        + ", databases: \(PostgreSQLExamination.list(look.databases.map(\.name)))")
    if look.server.facts.isStandby {
      let lag = look.server.facts.lagMilliseconds
      notes.append(
        lag.map { "a standby, at most \(Seconds.rounded(nanoseconds: $0 * 1_000_000)) behind its primary" }
          ?? "a standby that can't say how far it is behind its primary")
    }
    let identifier = look.server.facts.systemIdentifier
    return SourceDescription(
      engine: "postgresql", version: version.text,
      identity: look.server.connection.label + (identifier.isEmpty ? "" : ", system \(identifier)"),
      expectedSize: look.databases.reduce(0) { $0 + $1.examination.bytes }, notes: notes + look.losses,
      lag: look.server.facts.lagMilliseconds.map { Seconds(($0 + 999) / 1000) })
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let look: Look
    if let found = prepared.take() { look = found } else { look = try Look(settings, stop) }
    let ledger = PostgreSQLLedger(sink)
    var truth = TruthManifest(engine: "postgresql")
    if settings.globals {
      let dump = PostgreSQLDump(
        server: look.server, ledger: ledger, lockWait: max(1, settings.lockTimeout.count) * 1000, stop: stop)
      try attempt(ledger, stop) { () throws(Failure) in try dump.globals() }
    }
    for (name, examination) in look.databases {
      let database = PostgreSQLDatabase(
        server: look.server, settings: settings, name: name, ledger: ledger,
        losses: look.globalLosses + examination.losses)
      try attempt(ledger, stop) { () throws(Failure) in
        let found = try database.dump(stop: stop)
        truth = TruthManifest(
          engine: truth.engine, tables: truth.tables + found.tables, sequences: truth.sequences + found.sequences)
      }
    }
    return DumpOutcome(
      verdict: DumpOutcome.verdict(ledger.reasons), truth: truth, warnings: ledger.warnings,
      errorText: ledger.errorText)
  }

  /// A part of the dump: once anything is stored, what goes wrong is a reason and no error, and the other parts go on.
  private func attempt(
    _ ledger: PostgreSQLLedger, _ stop: StopSignal, _ part: () throws(Failure) -> Void
  ) throws(Failure) {
    do {
      try part()
    } catch {
      try stop.check()
      if let fatal = ledger.fatal { throw fatal }
      guard ledger.hasStored else { throw error }
      ledger.object(error.description)
    }
  }

  /// The server and the databases as they were found, before anything is written.
  private struct Look: Sendable {
    let server: PostgreSQLServer
    let databases: [(name: String, examination: PostgreSQLExamination)]
    let notes: [String]
    /// What is lost with roles and tablespaces.
    let globalLosses: [String]

    init(_ settings: PostgreSQLSettings, _ stop: StopSignal) throws(Failure) {
      let connection = try PostgreSQLConnection(settings.server, failing: .sourceFailed, stop: stop)
      server = try PostgreSQLServer.find(connection, databases: settings.databases, stop: stop)
      let (names, notes) = try server.databases(settings, stop: stop)
      var databases: [(name: String, examination: PostgreSQLExamination)] = []
      for name in names {
        let examination = try PostgreSQLExamination(server, name, lockTimeout: settings.lockTimeout, stop: stop)
        databases.append((name, examination))
      }
      self.databases = databases
      self.notes = notes
      globalLosses =
        settings.globals && !server.readsPasswords
        ? ["roles are dumped without their passwords: the role \(server.role) may not read pg_authid"] : []
    }

    var losses: [String] { globalLosses + databases.flatMap(\.examination.losses) }
  }

  private final class Prepared: Sendable {
    private let look = Mutex<Look?>(nil)
    func keep(_ found: Look) { look.withLock { $0 = found } }
    func take() -> Look? { look.withLock { $0.take() } }
  }
}
