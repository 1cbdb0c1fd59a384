import Bytes
import Glibc
import Pipeline

/// Makes room on the target: what an interrupted load left is dropped, what is replaced is renamed aside.
struct MariaDBPreparation {
  private let connection: MariaDBConnection
  private let plan: LoadPlan

  init(_ connection: MariaDBConnection, _ plan: LoadPlan) {
    self.connection = connection
    self.plan = plan
  }

  /// Returns the name of the database that holds what was there before.
  func run(stop: StopSignal) throws(Failure) -> String? {
    var aside: String?
    for (_, target) in plan.databases {
      let name = Array(target.utf8)
      let found = try MariaDBCatalogue.read(connection, stop: stop) { $0 == name }.databases.first
      if let found, MariaDBPreparation.isInterrupted(found) {
        try execute("DROP DATABASE \(MariaDBConnection.quote(target));", stop)
      } else if let found, !found.tables.isEmpty {
        guard plan.request.replaces == target else {
          throw Failure(
            .targetRefused, "the database \(Printable.text(name)) is not empty any more",
            next: "Choose another name, or say which database is to be replaced.")
        }
        aside = try setAside(found, target, stop)
      }
      let quoted = MariaDBConnection.quote(target)
      let mark = MariaDBConnection.quote(MariaDBTarget.mark)
      // Without this table a second run would not know that what it finds is its own.
      try execute(
        "CREATE DATABASE IF NOT EXISTS \(quoted); CREATE TABLE \(quoted).\(mark) (since TIMESTAMP) ENGINE=InnoDB;", stop
      )
    }
    return aside
  }

  /// The load is whole.
  func finish(stop: StopSignal) throws(Failure) {
    for (_, target) in plan.databases {
      let mark = MariaDBConnection.quote(MariaDBTarget.mark)
      try execute("DROP TABLE \(MariaDBConnection.quote(target)).\(mark);", stop)
    }
  }

  static func isInterrupted(_ database: MariaDBCatalogue.Database) -> Bool {
    database.tables.contains { $0.name == Array(MariaDBTarget.mark.utf8) }
  }

  private func execute(_ sql: String, _ stop: StopSignal) throws(Failure) {
    let result = try connection.run(sql, stop: stop)
    guard result.exit.succeeded else { throw connection.failure("the server can't be prepared", result) }
  }

  /// Moves the tables into a database of their own. Views, triggers, routines and events can't be moved: their
  /// definitions are kept there as text.
  private func setAside(
    _ database: MariaDBCatalogue.Database, _ name: String, _ stop: StopSignal
  ) throws(Failure) -> String {
    let aside = MariaDBPreparation.asideName(name)
    let definitions = try definitions(of: name, stop)
    let (old, new) = (MariaDBConnection.quote(name), MariaDBConnection.quote(aside))
    var script = "CREATE DATABASE \(new) CHARACTER SET \(database.characterSet) COLLATE \(database.collation);\n"
    script += "CREATE TABLE \(new).`lifeboat definitions` (definitions LONGBLOB);\n"
    script += "INSERT INTO \(new).`lifeboat definitions` VALUES (\(MariaDBConnection.literal(definitions)));\n"
    for trigger in try triggers(of: database.name, stop) {
      script += "DROP TRIGGER \(old).\(MariaDBConnection.quote(trigger));\n"
    }
    for view in database.tables where view.kind == .view {
      script += "DROP VIEW \(old).\(MariaDBConnection.quote(String(decoding: view.name, as: UTF8.self)));\n"
    }
    let moved = database.tables.filter { $0.kind != .view }.map { table in
      let quoted = MariaDBConnection.quote(String(decoding: table.name, as: UTF8.self))
      return "\(old).\(quoted) TO \(new).\(quoted)"
    }
    if !moved.isEmpty { script += "RENAME TABLE \(moved.joined(separator: ", "));\n" }
    try execute(script + "DROP DATABASE \(old);\n", stop)
    return aside
  }

  private func definitions(of name: String, _ stop: StopSignal) throws(Failure) -> [UInt8] {
    let words = ["--no-data", "--routines", "--events", "--triggers", "--default-character-set=utf8mb4", "--databases"]
    let result = try Child.run(
      try connection.command(.dump, words + ["--", name]), limit: 16 << 20, stop: stop)
    guard result.exit.succeeded else { throw connection.failure("the definitions can't be kept", result) }
    return result.output
  }

  private func triggers(of name: [UInt8], _ stop: StopSignal) throws(Failure) -> [String] {
    let sql = """
      SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = \(MariaDBConnection.literal(name));

      """
    return try connection.rows(sql, stop: stop).compactMap(\.first)
  }

  /// The old name with the time, within 64 characters.
  private static func asideName(_ name: String) -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
    let suffix = "_aside_\(date)_\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
    return String(name.prefix(64 - suffix.count)) + suffix
  }
}
