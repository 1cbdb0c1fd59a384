import Bytes
import Pipeline

/// A manifest of which only some tables were read: the rows of all tables and all sequences by SQL, and a dump of the
/// drawn tables, seen by the watcher that made the manifest.
struct PostgreSQLSample {
  let server: PostgreSQLServer
  let expected: TruthManifest
  let drawn: Set<[UInt8]>

  /// A table or a sequence.
  private struct Relation {
    let name: QualifiedName
    /// Its name in the manifest.
    let full: [UInt8]

    /// Whether it stands for the large objects, whose table is no table of the person's.
    var isLargeObjects: Bool { name.schema == Array("pg_catalog".utf8) }
  }

  func take(
    _ databases: [(name: String, place: String)], stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    let known = Dictionary(expected.tables.map { ($0.name, $0) }) { first, _ in first }
    var tables: [TruthManifest.Table] = []
    var sequences: [TruthManifest.Sequence] = []
    for database in databases {
      let query = server.query(database.place)
      let found = try relations(database.name, query, stop)
      let read = try contents(of: found.tables.filter { drawn.contains($0.full) }, database, stop)
      let dumped = Dictionary(read.tables.map { ($0.name, $0) }) { first, _ in first }
      let counts = try counts(found.tables, query, stop)
      for (table, rows) in zip(found.tables, counts) {
        let other = dumped[table.full]
        // Where the two ways to count disagree the dump, which was read to its end, is not what SQL sees.
        let count = other.map { $0.rows == rows ? rows : $0.rows } ?? rows
        tables.append(.init(name: table.full, rows: count, checksum: (other ?? known[table.full])?.checksum ?? .zero))
      }
      sequences += try values(found.sequences, query, stop)
    }
    return TruthManifest(engine: expected.engine, tables: tables, sequences: sequences)
  }

  // MARK: - Catalogue

  private static let catalogue = """
    SELECT c.relkind, n.nspname, c.relname,
    (EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    OR c.relpersistence <> 'p')::int
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
    """

  /// What the manifest knows, and what it would know if it had been there; what belongs to extensions and tables
  /// without a log are in a dump only sometimes.
  private func relations(
    _ name: String, _ query: PostgreSQLQuery, _ stop: StopSignal
  ) throws(Failure) -> (tables: [Relation], sequences: [Relation]) {
    let knownTables = Set(expected.tables.map(\.name))
    let knownSequences = Set(expected.sequences.map(\.name))
    var tables: [Relation] = []
    var sequences: [Relation] = []
    for row in try query.rows(PostgreSQLSample.catalogue, columns: 4, stop: stop) {
      let relation = relation(name, row[1], row[2])
      let isOptional = row[3] == [UInt8(ascii: "1")]
      if row[0] == [UInt8(ascii: "S")] {
        if !isOptional || knownSequences.contains(relation.full) { sequences.append(relation) }
      } else if !isOptional || knownTables.contains(relation.full) {
        tables.append(relation)
      }
    }
    let large = relation(name, Array("pg_catalog".utf8), Array("pg_largeobject".utf8))
    let hasLarge = try query.value("SELECT EXISTS (SELECT FROM pg_largeobject_metadata);", stop: stop) == "t"
    if hasLarge { tables.append(large) }
    return (tables, sequences)
  }

  private func relation(_ database: String, _ schema: [UInt8], _ name: [UInt8]) -> Relation {
    let dot = [UInt8(ascii: ".")]
    return Relation(
      name: QualifiedName(schema: schema, name: name), full: Array(database.utf8) + dot + schema + dot + name)
  }

  // MARK: - SQL

  private func counts(_ tables: [Relation], _ query: PostgreSQLQuery, _ stop: StopSignal) throws(Failure) -> [UInt64] {
    guard !tables.isEmpty else { return [] }
    var script = Array("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;\n".utf8)
    for table in tables {
      let source =
        table.isLargeObjects
        ? Array("pg_catalog.pg_largeobject_metadata".utf8) : Array("ONLY ".utf8) + table.name.sql
      script += Array("SELECT count(*) FROM ".utf8) + source + Array(";\n".utf8)
    }
    script += Array("ROLLBACK;\n".utf8)
    let rows = try read { () throws(Failure) in try query.rows(script, columns: 1, stop: stop) }
    let counts = rows.compactMap { UInt64(String(decoding: $0[0], as: UTF8.self)) }
    guard counts.count == tables.count else { throw Failure(.unproven, "the rows of some tables can't be counted") }
    return counts
  }

  private func values(
    _ sequences: [Relation], _ query: PostgreSQLQuery, _ stop: StopSignal
  ) throws(Failure) -> [TruthManifest.Sequence] {
    guard !sequences.isEmpty else { return [] }
    var script: [UInt8] = []
    for sequence in sequences {
      script += Array("SELECT last_value, is_called FROM ".utf8) + sequence.name.sql + Array(";\n".utf8)
    }
    let text = script
    let rows = try read { () throws(Failure) in try query.rows(text, columns: 2, stop: stop) }
    guard rows.count == sequences.count else { throw Failure(.unproven, "some sequences can't be read") }
    return zip(sequences, rows).map { sequence, row in
      TruthManifest.Sequence(
        name: sequence.full, value: Int64(String(decoding: row[0], as: UTF8.self)) ?? 0,
        isCalled: row[1] == [UInt8(ascii: "t")])
    }
  }

  /// The databases were found a moment ago: what can't be read of them now is a fault of theirs.
  private func read<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    do {
      return try body()
    } catch {
      guard error.code == .targetRefused else { throw error }
      throw Failure(.unproven, error.what, at: error.place, next: error.next)
    }
  }

  // MARK: - Rows

  private func contents(
    of tables: [Relation], _ database: (name: String, place: String), _ stop: StopSignal
  ) throws(Failure) -> TruthManifest {
    let plain = tables.filter { !$0.isLargeObjects }
    let isNameable = plain.allSatisfy { $0.full.allSatisfy { $0 < 0x80 } }
    if !isNameable, try server.query(database.place).value("SHOW server_encoding;", stop: stop) != "UTF8" {
      throw Failure(.usage, "a drawn table has a name that no command line can hold")
    }
    var read: [CopyContents] = []
    if !plain.isEmpty {
      let selection = plain.flatMap { ["-t", String(decoding: $0.name.sql, as: UTF8.self)] }
      read.append(try dump(selection, of: database.place, stop))
    }
    // They come as statements, and only where they are asked for: their table by its name would come as its pages.
    if plain.count < tables.count { read.append(try dump(["-b", "-T", "*.*"], of: database.place, stop)) }
    return CopyContents.truth(of: read, database: database.name)
  }

  private func dump(_ selection: [String], of database: String, _ stop: StopSignal) throws(Failure) -> CopyContents {
    let words = ["-w", "-d", server.connection.string(database: database), "-Fp", "--section=data"] + selection
    let command = server.connection.command(
      server.tools.path("pg_dump"), words, variables: PostgreSQLDump.hexadecimal())
    let child = try Child.start(command, stop: stop)
    let watcher = CopyWatcher(isHashing: true)
    var part = Buffer(capacity: 1 << 20)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      try part.withBytes { (bytes) throws(Failure) in try watcher.see(bytes) }
    }
    let exit = try child.wait()
    let contents = watcher.finish()
    guard exit.succeeded, contents.problems.isEmpty, contents.isComplete else {
      let reason = PostgreSQLTrouble.reason(server.connection.redaction.clean(child.errorText))
      throw Failure(.unproven, "what was loaded can't be read back: \(contents.problems.first ?? reason)")
    }
    return contents
  }
}
