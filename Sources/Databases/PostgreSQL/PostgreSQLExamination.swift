import Bytes
import Pipeline
import Profiles

/// A look at one database before it is dumped: what the role can't read is an error here, or a loss with a name, never a
/// dump that is silently smaller.
struct PostgreSQLExamination {
  /// About how many bytes a dump will have.
  let bytes: UInt64
  /// What the dump will not hold.
  let losses: [String]

  /// How many names an error lists.
  private static let listed = 5

  /// - Throws: what would keep `pg_dump` from dumping everything
  init(
    _ server: PostgreSQLServer, _ database: String, lockTimeout: Seconds, stop: StopSignal
  ) throws(Failure) {
    let query = server.query(database)
    let patience = "SET lock_timeout = '\(max(1, lockTimeout.count))s';\n"
    let tables = try query.rows(
      patience + PostgreSQLCatalog.tables, columns: PostgreSQLCatalog.tableColumns, stop: stop
    ).map(PostgreSQLCatalog.table)
    let others = try query.rows(PostgreSQLCatalog.others, columns: PostgreSQLCatalog.othersColumns, stop: stop)[0]
    let place = "\(server.connection.label), database \(Printable.quoted(database))"
    try PostgreSQLExamination.checkRights(server, tables, others, place)
    bytes = tables.reduce(0) { $1.facts.kind == .table ? $0 + $1.facts.bytes : $0 }
    losses = PostgreSQLExamination.losses(server, tables, others).map {
      "\($0), database \(Printable.quoted(database))"
    }
  }

  private static func checkRights(
    _ server: PostgreSQLServer, _ tables: [PostgreSQLCatalog.Table], _ others: [[UInt8]], _ place: String
  ) throws(Failure) {
    let code = server.connection.code
    let role = server.role
    let locked = tables.filter(\.isLocked).map(\.title)
    guard locked.isEmpty else {
      throw Failure(
        code, "the role \(role) may not read \(list(locked))", at: place,
        next: "GRANT pg_read_all_data TO it (version 14 and later), or SELECT on the tables and USAGE on the schemas.")
    }
    guard others[0].isEmpty else {
      throw Failure(
        code, "the role \(role) may not read the sequences \(Printable.text(others[0]))", at: place,
        next: "GRANT pg_read_all_data TO it (version 14 and later), or SELECT on the sequences.")
    }
    let filtered = tables.filter(\.isFiltered).map(\.title)
    guard filtered.isEmpty else {
      throw Failure(
        code, "row security hides rows of \(list(filtered)) from the role \(role)", at: place,
        next: "ALTER ROLE \(role) BYPASSRLS, or dump as the owner of the tables.")
    }
    let closed = PostgreSQLCatalog.number(others[2])
    guard closed == 0 else {
      throw Failure(
        code, "the role \(role) may not read \(closed) of \(PostgreSQLCatalog.number(others[1])) large objects",
        at: place, next: "Make it a member of their owners, or GRANT SELECT ON LARGE OBJECT … TO it.")
    }
  }

  private static func losses(
    _ server: PostgreSQLServer, _ tables: [PostgreSQLCatalog.Table], _ others: [[UInt8]]
  ) -> [String] {
    var losses: [String] = []
    let foreign = tables.filter { $0.facts.kind == .foreign }.map(\.title)
    if !foreign.isEmpty { losses.append("rows of foreign tables stay on their own servers: \(list(foreign))") }
    let unlogged = tables.filter(\.isUnlogged).map(\.title)
    if server.facts.isStandby, !unlogged.isEmpty {
      losses.append("a standby has no rows of unlogged tables: \(list(unlogged))")
    }
    if !server.isSuperuser, PostgreSQLCatalog.number(others[3]) > 0 {
      losses.append("subscriptions are dumped by superusers only: \(PostgreSQLCatalog.number(others[3])) left out")
    }
    if !server.isSuperuser, PostgreSQLCatalog.number(others[4]) > 0 {
      losses.append("options of \(PostgreSQLCatalog.number(others[4])) user mappings are hidden from the role")
    }
    return losses
  }

  static func list(_ names: [String]) -> String {
    names.prefix(listed).joined(separator: ", ") + (names.count > listed ? " and \(names.count - listed) more" : "")
  }
}
