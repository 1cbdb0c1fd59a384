package import Bytes
package import Pipeline

extension SQLiteProbe {
  /// A manifest of which only some tables were read: the definitions, the rows of all tables, and checksums of the drawn
  /// ones. The checksums of the others are those that are expected.
  ///
  /// - Parameters:
  ///   - path: the database file
  ///   - expected: what was dumped
  ///   - drawn: the names of the tables that are read
  /// - Throws: like `truth`
  package static func sample(
    _ path: String, expected: TruthManifest, drawn: Set<[UInt8]>, stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    try requireFile(path)
    let tables = try TableColumns.parse(lines(path, TableColumns.query, stop))
    let read = try truth(path, of: tables.filter { drawn.contains($0.name) }, stop: stop)
    let others = tables.filter { !drawn.contains($0.name) }
    let known = Dictionary(expected.tables.map { ($0.name, $0.checksum) }) { first, _ in first }
    let counted = zip(others, try counts(path, others, stop)).map { table, rows in
      TruthManifest.Table(name: table.name, rows: rows, checksum: known[table.name] ?? .zero)
    }
    return TruthManifest(engine: read.engine, schema: read.schema, tables: read.tables + counted)
  }

  private static func counts(_ path: String, _ tables: [TableColumns], _ stop: StopSignal) throws(Failure) -> [UInt64] {
    guard !tables.isEmpty else { return [] }
    var script: [UInt8] = []
    for table in tables {
      script += Array("SELECT count(*) FROM main.".utf8) + SQLiteCommand.quote(table.name) + Array(";\n".utf8)
    }
    let counts = try lines(path, script, stop).compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
    guard counts.count == tables.count else {
      throw Failure(.sourceFailed, "the rows of some tables can't be counted", at: path)
    }
    return counts
  }
}
