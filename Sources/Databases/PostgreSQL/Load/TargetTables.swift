import Bytes
import Pipeline

/// Tables of a database that is to get data alone: they must be there, and empty.
enum TargetTables {
  /// Adds an obstacle for tables that are missing or hold rows.
  static func check(
    _ dumped: DumpedDatabase, _ query: PostgreSQLQuery, _ state: TargetState, _ examination: inout LoadExamination,
    _ stop: StopSignal
  ) throws(Failure) {
    let rows = try query.rows(
      """
      SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
      """, columns: 2, stop: stop)
    let there = Set(rows.map { QualifiedName(schema: $0[0], name: $0[1]) })
    let wanted = dumped.facts.tables.filter { $0.kind == .table && $0.stream != nil }.map { QualifiedName($0) }
    let missing = wanted.filter { !there.contains($0) }.map(\.title)
    if !missing.isEmpty {
      examination.add(
        "the target lacks tables of the dump: \(PostgreSQLExamination.list(missing))",
        "Restore the schema first, with --schema-only.")
    }
    let full = try full(wanted.filter(there.contains), query, stop)
    if !full.isEmpty {
      examination.add(
        "tables on the target are not empty: \(PostgreSQLExamination.list(full))",
        "TRUNCATE them, or restore the whole database beside it with --as NAME.")
    }
    if !state.isSuperuser {
      examination.note(
        "the role \(state.role) is no superuser: foreign keys and triggers stay switched on while rows are loaded")
    }
  }

  private static func full(
    _ tables: [QualifiedName], _ query: PostgreSQLQuery, _ stop: StopSignal
  ) throws(Failure) -> [String] {
    guard !tables.isEmpty else { return [] }
    var script: [UInt8] = []
    for table in tables {
      script += Array("SELECT EXISTS (SELECT FROM ONLY ".utf8) + table.sql + Array(");\n".utf8)
    }
    let answers = try query.rows(script, columns: 1, stop: stop)
    return zip(tables, answers).filter { $1[0] == [UInt8(ascii: "t")] }.map { $0.0.title }
  }
}
