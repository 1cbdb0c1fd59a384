import Bytes
import Pipeline

/// A manifest of which only some tables were read: the rows of all tables by SQL, and a dump of the drawn ones, seen by
/// the watcher that made the manifest.
struct MariaDBSample {
  let connection: MariaDBConnection
  let expected: TruthManifest
  let drawn: Set<[UInt8]>

  func take(
    _ databases: [(name: String, place: String)], stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    let places = Set(databases.map { Array($0.place.utf8) })
    let catalogue = try MariaDBCatalogue.read(connection, stop: stop) { places.contains($0) }
    let known = Dictionary(expected.tables.map { ($0.name, $0) }) { first, _ in first }
    var tables: [TruthManifest.Table] = []
    for database in databases {
      let found = catalogue.databases.first { $0.name == Array(database.place.utf8) }?.baseTables ?? []
      let named = found.filter { $0.name != Array(MariaDBTarget.mark.utf8) }.map { table in
        (table: table, full: Array(database.name.utf8) + [UInt8(ascii: ".")] + table.name)
      }
      let read = try contents(of: named.filter { drawn.contains($0.full) }.map(\.table), database, stop)
      let dumped = Dictionary(read.tables.map { ($0.name, $0) }) { first, _ in first }
      let counts = try counts(named.map(\.table), in: database.place, stop)
      for (table, rows) in zip(named, counts) {
        let other = dumped[table.full]
        tables.append(
          .init(
            name: table.full, rows: other?.rows ?? rows, checksum: (other ?? known[table.full])?.checksum ?? .zero))
      }
    }
    return TruthManifest(engine: expected.engine, schema: expected.schema, tables: tables)
  }

  private func counts(
    _ tables: [MariaDBCatalogue.Table], in database: String, _ stop: StopSignal
  ) throws(Failure) -> [UInt64] {
    guard !tables.isEmpty else { return [] }
    var script = "START TRANSACTION READ ONLY;\n"
    for table in tables {
      let name = MariaDBConnection.quote(String(decoding: table.name, as: UTF8.self))
      // A dump with history has the rows of all times.
      let times = table.kind == .versioned ? " FOR SYSTEM_TIME ALL" : ""
      script += "SELECT COUNT(*) FROM \(MariaDBConnection.quote(database)).\(name)\(times);\n"
    }
    let result = try connection.run(script + "ROLLBACK;\n", stop: stop)
    let counts = result.text.split(separator: "\n").compactMap { UInt64($0) }
    guard result.exit.succeeded, counts.count == tables.count else {
      throw Failure(
        .unproven, "the rows of some tables can't be counted: \(connection.complaint(result.errorText))",
        at: connection.place)
    }
    return counts
  }

  private func contents(
    of tables: [MariaDBCatalogue.Table], _ database: (name: String, place: String), _ stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    guard !tables.isEmpty else { return TruthManifest(engine: "mariadb") }
    let names = tables.map { String(decoding: $0.name, as: UTF8.self) }
    let words = MariaDBTruth.words(hasHistory: tables.contains { $0.kind == .versioned })
    // Of single tables the tool does not say the database.
    return try MariaDBTruth.read(
      words + ["--", database.place] + names, connection, checksums: true,
      opening: "USE \(MariaDBConnection.quote(database.name));\n", stop: stop)
  }
}
