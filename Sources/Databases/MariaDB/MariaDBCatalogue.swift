import Bytes
import Pipeline

/// What a server holds, from its information schema: names as bytes, sizes and rows as it estimates them.
struct MariaDBCatalogue: Sendable {
  struct Table: Sendable, Equatable {
    /// What kind of table it is.
    enum Kind: Equatable {
      case table, versioned, view, sequence, other
    }

    var name: [UInt8]
    var kind: Kind
    var engine: String
    var rows: UInt64
    var bytes: UInt64
    var collation: String
    /// When it was last written, as the server says it; empty where it doesn't know.
    var changed: String
  }

  struct Database: Sendable, Equatable {
    var name: [UInt8]
    var characterSet: String
    var collation: String
    var tables: [Table] = []
    var routines = 0
    var events = 0
    var triggers = 0

    /// Those that hold rows.
    var baseTables: [Table] { tables.filter { $0.kind == .table || $0.kind == .versioned } }
  }

  var databases: [Database]

  /// Databases that belong to the server itself.
  static let system = ["information_schema", "mysql", "performance_schema", "sys"]

  private static let others =
    "NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"

  /// Reads it.
  ///
  /// - Parameter isChosen: which databases count
  static func read(
    _ connection: MariaDBConnection, stop: StopSignal, _ isChosen: ([UInt8]) -> Bool
  ) throws(Failure) -> MariaDBCatalogue {
    let rows = try connection.rows(query, stop: stop)
    var databases: [Database] = []
    var places: [[UInt8]: Int] = [:]
    for row in rows {
      guard row.count >= 3, let name = Hex.decode(row[1].lowercased()) else { throw malformed(connection) }
      if row[0] == "database", isChosen(name) {
        places[name] = databases.count
        databases.append(Database(name: name, characterSet: row[2], collation: row.count > 3 ? row[3] : ""))
      }
      guard row[0] != "database", let place = places[name] else { continue }
      switch row[0] {
      case "table":
        guard row.count == 9, let table = table(row) else { throw malformed(connection) }
        databases[place].tables.append(table)
      case "routine": databases[place].routines = Int(row[2]) ?? 0
      case "event": databases[place].events = Int(row[2]) ?? 0
      case "trigger": databases[place].triggers = Int(row[2]) ?? 0
      default: throw malformed(connection)
      }
    }
    return MariaDBCatalogue(databases: databases)
  }

  private static func table(_ row: [String]) -> Table? {
    guard let name = Hex.decode(row[2].lowercased()) else { return nil }
    let kind: Table.Kind
    switch row[3] {
    case "BASE TABLE": kind = .table
    case "SYSTEM VERSIONED": kind = .versioned
    case "VIEW": kind = .view
    case "SEQUENCE": kind = .sequence
    default: kind = .other
    }
    return Table(
      name: name, kind: kind, engine: row[4], rows: UInt64(row[5]) ?? 0, bytes: UInt64(row[6]) ?? 0,
      collation: row[7], changed: row[8])
  }

  private static func malformed(_ connection: MariaDBConnection) -> Failure {
    Failure(connection.code, "the server's list of tables can't be read", at: connection.place)
  }

  private static let query = """
    SELECT 'database', HEX(SCHEMA_NAME), DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME \(others) ORDER BY 2;
    SELECT 'table', HEX(TABLE_SCHEMA), HEX(TABLE_NAME), TABLE_TYPE, IFNULL(ENGINE, ''), IFNULL(TABLE_ROWS, 0),
    IFNULL(DATA_LENGTH, 0), IFNULL(TABLE_COLLATION, ''), IFNULL(UPDATE_TIME, '')
    FROM information_schema.TABLES WHERE TABLE_SCHEMA \(others) ORDER BY 2, 3;
    SELECT 'routine', HEX(ROUTINE_SCHEMA), COUNT(*) FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA \(others) GROUP BY ROUTINE_SCHEMA;
    SELECT 'event', HEX(EVENT_SCHEMA), COUNT(*) FROM information_schema.EVENTS
    WHERE EVENT_SCHEMA \(others) GROUP BY EVENT_SCHEMA;
    SELECT 'trigger', HEX(TRIGGER_SCHEMA), COUNT(*) FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA \(others) GROUP BY TRIGGER_SCHEMA;

    """

  /// Whom views, routines, events and triggers run as, `user@host`, of the chosen databases.
  static func definers(
    _ connection: MariaDBConnection, of databases: [[UInt8]], stop: StopSignal
  ) throws(Failure) -> [String] {
    let names = databases.map { MariaDBConnection.literal($0) }.joined(separator: ", ")
    guard !names.isEmpty else { return [] }
    let sql = """
      SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN (\(names))
      UNION SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (\(names))
      UNION SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (\(names))
      UNION SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (\(names)) ORDER BY 1;

      """
    return try connection.rows(sql, stop: stop).compactMap(\.first)
  }
}
