import Bytes
import Pipeline
import Profiles

/// One state of a database, held open for all who dump of it: a transaction that has locked every table against changes
/// of its definition, and then exported what it sees.
///
/// The locks come first. A table that is emptied by TRUNCATE or rewritten between a snapshot and a lock would be dumped
/// as empty, without a word.
final class PostgreSQLSnapshot {
  /// What `pg_dump --snapshot` is given.
  let name: String
  /// When it was taken, in nanoseconds since 1970.
  let taken: UInt64
  let database: PostgreSQLFacts.Database
  /// How far a standby was behind, in milliseconds.
  let lagMilliseconds: Int64?
  /// How the server prints `bytea` unless told otherwise; a dump is always to be in `hex`.
  let printsHex: Bool
  let tables: [PostgreSQLCatalog.Table]
  private let session: PostgreSQLSession
  private let watch = Stopwatch()

  private static let tries = 3
  /// Statements that are sent before their results are read.
  private static let batch = 200

  /// Settings of later versions: one would end the transaction after a while whatever it does, the other lets the server
  /// notice in the middle of a count that nobody waits for it any more.
  private static let guards = """
    SELECT set_config(v.name, v.value, false)
    FROM (VALUES ('transaction_timeout', '0'), ('client_connection_check_interval', '5s')) v (name, value)
    WHERE EXISTS (SELECT FROM pg_settings s WHERE s.name = v.name);
    """

  /// Takes it; again if a table vanishes meanwhile.
  static func take(
    _ query: PostgreSQLQuery, lockTimeout: Seconds, stop: StopSignal
  ) throws(Failure) -> PostgreSQLSnapshot {
    for _ in 1..<tries {
      do {
        return try PostgreSQLSnapshot(query, lockTimeout, stop)
      } catch {
        try stop.check()
        guard error.what.contains("does not exist"), error.what.contains("relation") || error.what.contains("schema")
        else { throw error }
      }
    }
    return try PostgreSQLSnapshot(query, lockTimeout, stop)
  }

  private init(_ query: PostgreSQLQuery, _ lockTimeout: Seconds, _ stop: StopSignal) throws(Failure) {
    let session = try PostgreSQLSession(query, stop: stop)
    self.session = session
    let patience = "SET lock_timeout = '\(max(1, lockTimeout.count))s';\n"
    _ = try session.rows(patience + PostgreSQLSnapshot.guards, columns: 1)
    let before = try session.rows(PostgreSQLCatalog.tables, columns: PostgreSQLCatalog.tableColumns)
    _ = try session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;", columns: 1)
    try PostgreSQLSnapshot.lock(before.map(PostgreSQLCatalog.table), session)
    name = String(decoding: try session.rows("SELECT pg_export_snapshot();", columns: 1)[0][0], as: UTF8.self)
    taken = WallClock.now()
    let row = try session.rows(PostgreSQLCatalog.database, columns: PostgreSQLCatalog.databaseColumns)[0]
    database = PostgreSQLCatalog.database(row, named: query.database ?? "")
    printsHex = row[9] == Array("hex".utf8)
    lagMilliseconds = Int64(String(decoding: row[10], as: UTF8.self))
    tables = try session.rows(PostgreSQLCatalog.tables, columns: PostgreSQLCatalog.tableColumns)
      .map(PostgreSQLCatalog.table)
    // Made in between: nobody can have emptied it in the sight of this snapshot, but it must not vanish either.
    let known = Set(before.map { [$0[0], $0[1]] })
    try PostgreSQLSnapshot.lock(tables.filter { !known.contains([$0.facts.schema, $0.facts.name]) }, session)
  }

  private static func lock(_ tables: [PostgreSQLCatalog.Table], _ session: PostgreSQLSession) throws(Failure) {
    let names = tables.filter { $0.facts.kind == .table || $0.facts.kind == .partitioned }
      .map { PostgreSQLText.qualified($0.facts.schema, $0.facts.name) }
    for start in stride(from: 0, to: names.count, by: batch) {
      let part = names[start..<min(start + batch, names.count)]
      let list = part.map { Array("ONLY ".utf8) + $0 }.joined(separator: Array(", ".utf8))
      _ = try session.rows(Array("LOCK TABLE ".utf8) + list + Array(" IN ACCESS SHARE MODE;".utf8), columns: 1)
    }
  }

  /// For how long it has been held.
  var heldMilliseconds: UInt64 { watch.nanoseconds / 1_000_000 }

  /// Everything that is known of the database beside its data. To be asked before `count`.
  func facts(of server: PostgreSQLServer) throws(Failure) -> PostgreSQLFacts {
    var facts = PostgreSQLFacts(
      server: server.facts, tool: server.tools.version, database: database, tables: tables.map(\.facts), taken: taken)
    facts.server.lagMilliseconds = lagMilliseconds
    facts.extensions = try session.rows(PostgreSQLCatalog.extensions, columns: 3)
      .map { PostgreSQLFacts.Extension(name: $0[0], version: $0[1], schema: $0[2]) }
    facts.roles = try session.rows(PostgreSQLCatalog.roles, columns: 1).map { $0[0] }
    let others = try session.rows(PostgreSQLCatalog.others, columns: PostgreSQLCatalog.othersColumns)[0]
    facts.largeObjects = PostgreSQLCatalog.number(others[1])
    return facts
  }

  /// The rows of tables by SQL, in their order.
  func count(_ tables: [PostgreSQLFacts.Table]) throws(Failure) -> [UInt64] {
    var counts: [UInt64] = []
    for start in stride(from: 0, to: tables.count, by: PostgreSQLSnapshot.batch) {
      var script: [UInt8] = []
      for table in tables[start..<min(start + PostgreSQLSnapshot.batch, tables.count)] {
        script += Array("SELECT count(*) FROM ONLY ".utf8) + PostgreSQLText.qualified(table.schema, table.name)
        script += Array(";\n".utf8)
      }
      counts += try session.rows(script, columns: 1).map { PostgreSQLCatalog.number($0[0]) }
    }
    return counts
  }

  /// Why it is no longer held; nil if it is.
  var trouble: Failure? {
    do {
      _ = try session.rows("SELECT 1;", columns: 1)
      return nil
    } catch {
      return error
    }
  }

  /// Lets go of it.
  func release() { session.close() }
}
