package import Bytes
package import Pipeline
import Profiles

/// A server as it was found: its version, what the role may do, which databases there are.
package struct PostgreSQLServer: Sendable {
  package let connection: PostgreSQLConnection
  package let tools: PostgreSQLTools
  package var facts: PostgreSQLFacts.Server
  /// The database that general questions were asked in.
  package let maintenance: String
  /// The role of the session.
  package var role = ""
  package var isSuperuser = false
  package var readsPasswords = false

  /// Connects, and finds the tools for the version that answers.
  ///
  /// - Parameter databases: where to ask, if not in `postgres` or `template1`
  package static func find(
    _ connection: PostgreSQLConnection, databases: [String]? = nil, stop: StopSignal
  ) throws(Failure) -> PostgreSQLServer {
    let installed = try PostgreSQLTools.installed(connection, stop: stop)
    let newest = try PostgreSQLTools.choose(from: installed, connection)
    var last: Failure?
    for database in databases?.first.map({ [$0] }) ?? ["postgres", "template1"] {
      let row: [[UInt8]]
      do {
        row = try PostgreSQLQuery(connection, newest, database: database).rows(question, columns: 8, stop: stop)[0]
      } catch {
        try stop.check()
        last = last ?? error
        // Only where there is no such database is another one worth a try.
        if error.what.contains("does not exist"), !error.what.contains("role \"") { continue }
        throw error
      }
      return try make(connection, installed, row, database, stop)
    }
    throw last ?? Failure(connection.code, "no database to connect to", at: connection.label)
  }

  /// Asks in one of its databases.
  package func query(_ database: String) -> PostgreSQLQuery { PostgreSQLQuery(connection, tools, database: database) }

  private static func make(
    _ connection: PostgreSQLConnection, _ installed: [PostgreSQLTools], _ row: [[UInt8]], _ database: String,
    _ stop: StopSignal
  ) throws(Failure) -> PostgreSQLServer {
    let texts = row.map { String(decoding: $0, as: UTF8.self) }
    let version = PostgreSQLVersion(number: Int(texts[0]) ?? 0)
    guard version >= PostgreSQLVersion.oldest else {
      throw Failure(
        connection.code,
        "the server has version \(texts[1]); \(PostgreSQLVersion.oldest.major) is the oldest supported",
        at: connection.label, next: "Dump it with a command source.")
    }
    let tools = try PostgreSQLTools.choose(from: installed, for: version, connection)
    let facts = PostgreSQLFacts.Server(
      version: version, versionText: texts[1], isStandby: texts[2] == "t", lagMilliseconds: Int64(texts[6]))
    var server = PostgreSQLServer(connection: connection, tools: tools, facts: facts, maintenance: database)
    server.role = texts[3]
    server.isSuperuser = texts[4] == "t"
    server.readsPasswords = texts[5] == "t"
    // Some providers keep it to themselves.
    let identifier = "SELECT system_identifier FROM pg_catalog.pg_control_system();"
    server.facts.systemIdentifier = (try? server.query(database).value(identifier, stop: stop)) ?? ""
    try stop.check()
    return server
  }

  /// How far a standby is behind, in milliseconds. Where all that was received is replayed it is at most what is on its
  /// way; else the age of what was replayed last, which is too much where the primary is idle, never too little.
  static let lag = """
    CASE WHEN NOT pg_is_in_recovery() THEN ''
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN '0'
    ELSE coalesce((extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint::text, '')
    END
    """

  private static let question = """
    SELECT current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(),
    current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    has_table_privilege('pg_catalog.pg_authid', 'SELECT'), \(lag), '';
    """
}

extension PostgreSQLServer {
  /// The databases that a profile asks for, sorted by their bytes, and what a person should know about the others.
  func databases(
    _ settings: PostgreSQLSettings, stop: StopSignal
  ) throws(Failure) -> (names: [String], notes: [String]) {
    let rows = try query(maintenance).rows(
      """
      SELECT datname, datallowconn AND datconnlimit <> -2, datistemplate, has_database_privilege(oid, 'CONNECT')
      FROM pg_database ORDER BY datname COLLATE "C";
      """, columns: 4, stop: stop)
    var found: [String: DatabaseState] = [:]
    var notes: [String] = []
    for row in rows {
      guard let name = String(validating: row[0], as: UTF8.self) else {
        throw Failure(
          connection.code, "the database \(Printable.text(row[0])) has a name that is not UTF-8", at: connection.label,
          next: "Rename it: no command line can name it.")
      }
      found[name] = DatabaseState(row)
    }
    for name in settings.exclude where found[name] == nil {
      notes.append("exclude names no database: \(Printable.quoted(name))")
    }
    let wanted =
      settings.databases ?? found.keys.filter { found[$0]?.template == false && !settings.exclude.contains($0) }
    var names: [String] = []
    for name in wanted where try isOpen(name, found[name], settings, &notes) { names.append(name) }
    guard !names.isEmpty else {
      throw Failure(connection.code, "there is no database to dump", at: connection.label)
    }
    return (Array(Set(names)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, notes)
  }

  private struct DatabaseState {
    let open: Bool
    let template: Bool
    let allowed: Bool

    init(_ row: [[UInt8]]) {
      let yes = [UInt8(ascii: "t")]
      (open, template, allowed) = (row[1] == yes, row[2] == yes, row[3] == yes)
    }
  }

  /// Whether a database can be dumped; throws for one that should be and can't.
  private func isOpen(
    _ name: String, _ state: DatabaseState?, _ settings: PostgreSQLSettings, _ notes: inout [String]
  ) throws(Failure) -> Bool {
    guard let state else {
      throw Failure(
        connection.code, "there is no database \(Printable.quoted(name))", at: connection.label,
        next: "Check source.databases; names are spelled exactly as psql -l shows them.")
    }
    guard state.open else {
      if settings.databases != nil {
        throw Failure(
          connection.code, "the database \(Printable.quoted(name)) takes no connections", at: connection.label,
          next: "ALTER DATABASE … ALLOW_CONNECTIONS true, or take it out of source.databases.")
      }
      notes.append("the database \(Printable.quoted(name)) takes no connections and is not dumped")
      return false
    }
    guard state.allowed else {
      throw Failure(
        connection.code, "the role \(role) may not connect to the database \(Printable.quoted(name))",
        at: connection.label, next: "Grant it CONNECT, or name the database under source.exclude.")
    }
    return true
  }
}
