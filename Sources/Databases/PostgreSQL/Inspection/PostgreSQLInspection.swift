import Bytes
import Glibc
import Pipeline
import Profiles
import Synchronization

/// A PostgreSQL server, looked into by `psql`, `pg_amcheck` and `pg_dump`.
final class PostgreSQLInspection: ServerInspection {
  private let settings: ServerSettings
  /// Found once: looking for tools and asking for versions takes time.
  private let known = Mutex<PostgreSQLServer?>(nil)
  private let passwordFile = Mutex<SecretFile?>(nil)

  init(_ settings: ServerSettings) { self.settings = settings }

  func server(_ stop: StopSignal) throws(Failure) -> PostgreSQLServer {
    if let server = known.withLock({ $0 }) { return server }
    let connection = try PostgreSQLConnection(settings, failing: .targetRefused, stop: stop)
    let server = try PostgreSQLServer.find(connection, stop: stop)
    known.withLock { $0 = server }
    return server
  }

  func databases(stop: StopSignal) throws(Failure) -> Set<String> {
    let server = try server(stop)
    let rows = try server.query(server.maintenance).rows(
      "SELECT datname FROM pg_database WHERE datallowconn;", columns: 1, stop: stop)
    return Set(rows.map { String(decoding: $0[0], as: UTF8.self) })
  }

  // MARK: - Queries

  func answer(
    to query: String, in database: String, timeout: Seconds, stop: StopSignal
  ) throws(Failure) -> [String] {
    let statement = try ReadingStatement(query, .postgresql)
    let server = try server(stop)
    let asked = server.query(database)
    var command = asked.command
    command.input = .bytes(Array(PostgreSQLInspection.script(statement, timeout).utf8))
    let result = try run(command, timeout: timeout, stop: stop)
    guard result.exit.succeeded else {
      var failure = asked.failure(result.errorText)
      // 3 is an error of the script; others are those of the way to the server.
      if result.exit == .exited(3) || hasLostServer(result.errorText) {
        failure = Failure(.unproven, failure.what, at: failure.place, next: failure.next)
      }
      throw failure
    }
    return try PostgreSQLQuery.split(result.output, columns: 1, server.connection).map {
      String(decoding: $0[0], as: UTF8.self)
    }
  }

  /// The search path stays that of the database, for the query is written for it.
  private static func script(_ statement: ReadingStatement, _ timeout: Seconds) -> String {
    """
    SET client_encoding = 'UTF8';
    SET standard_conforming_strings = on;
    SET statement_timeout = '\(max(1, timeout.count))s';
    SET lock_timeout = '60s';
    SET idle_in_transaction_session_timeout = 0;
    SET DateStyle = ISO;
    SET IntervalStyle = postgres;
    SET TimeZone = 'UTC';
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    \(statement.text)
    ;
    ROLLBACK;

    """
  }

  // MARK: - Programs

  func variables(database: String?) -> [String: String] {
    var variables = ["PGTZ": "UTC"]
    variables["PGHOST"] = settings.host ?? settings.socket
    variables["PGPORT"] = settings.port.map { "\($0)" }
    variables["PGUSER"] = settings.user
    variables["PGSERVICE"] = settings.service
    variables["PGDATABASE"] = database
    variables["PGSSLMODE"] = settings.tls.mode?.rawValue
    variables["PGSSLROOTCERT"] = settings.tls.caFile.map { SQLiteCommand.absolute($0) }
    variables["PGSSLCERT"] = settings.tls.certificate.map { SQLiteCommand.absolute($0) }
    variables["PGSSLKEY"] = settings.tls.key.map { SQLiteCommand.absolute($0) }
    variables["PGPASSFILE"] = passFile()
    return variables
  }

  /// A `.pgpass`; nil where there is no password, or it can't be had.
  private func passFile() -> String? {
    guard let reference = settings.password else { return nil }
    return passwordFile.withLock { file in
      if file == nil, let password = try? SecretFetcher.fetch(reference, stop: StopSignal()) {
        file = try? SecretFile(PostgreSQLConnection.line(password), for: nil)
      }
      return file?.path
    }
  }

  // MARK: - pg_amcheck

  func integrity(
    of databases: [String], expected: TruthManifest, isScratch: Bool, stop: StopSignal
  ) throws(Failure) -> ServerIntegrity {
    try AmcheckRun(server: server(stop), databases: databases, mayInstall: isScratch).run(stop: stop)
  }

  func sample(
    of databases: [(name: String, place: String)], expected: TruthManifest, drawn: Set<[UInt8]>, stop: StopSignal
  ) throws(Failure) -> TruthManifest? {
    try PostgreSQLSample(server: server(stop), expected: expected, drawn: drawn).take(databases, stop: stop)
  }
}
