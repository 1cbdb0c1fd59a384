package import Bytes
package import Pipeline

/// What a drill asks of a server that it has loaded.
extension MariaDBTarget {
  package func greet(_ plan: LoadPlan, stop: StopSignal) throws(Failure) {
    let connection = try connect(stop)
    for (_, target) in plan.databases {
      let sql = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE();"
      let result = try connection.run(sql, database: target, stop: stop)
      guard result.exit.succeeded else { throw connection.failure("the database does not answer", result) }
    }
  }

  package func discard(_ plan: LoadPlan, stop: StopSignal) throws(Failure) -> [String] {
    guard plan.request.isDrill else { return [] }
    return try drop(plan.databases.map(\.target), try connect(stop), stop)
  }

  package func sweep(stop: StopSignal) throws(Failure) -> [String] {
    let connection = try connect(stop)
    return try drop(
      try names(connection, stop).filter { DrillEnding(of: $0)?.isOver == true }, connection, stop)
  }

  private func names(_ connection: MariaDBConnection, _ stop: StopSignal) throws(Failure) -> [String] {
    let rows = try connection.rows("SELECT HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA;\n", stop: stop)
    return rows.compactMap { $0.first.flatMap { Hex.decode($0.lowercased()) } }.map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private func drop(
    _ names: [String], _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> [String] {
    let names = Set(names).sorted()
    guard !names.isEmpty else { return [] }
    let script = names.map { "DROP DATABASE IF EXISTS \(MariaDBConnection.quote($0));\n" }.joined()
    let result = try connection.run(script, stop: stop)
    guard result.exit.succeeded else { throw connection.failure("what the drill made can't be dropped", result) }
    let there = Set(try self.names(connection, stop))
    guard let left = names.first(where: there.contains) else { return names }
    throw Failure(
      .targetRefused, "the database \(Printable.quoted(left)) is still there", at: connection.place,
      next: "Drop it by hand: it holds restored data.")
  }
}
