import Bytes
import Pipeline

/// One table with its indexes, constraints and the values of its sequences.
///
/// It is loaded into a database of its own first, where it finds the types and functions that it needs, and then goes
/// over by `pg_dump`: under its own name where the target has no such table, else into a schema made for it.
struct TableLoad {
  let run: LoadRun
  /// `schema.table`.
  let table: String
  let work: WorkDatabase

  private var server: LoadServer { run.server }

  /// Loads the table; the database that it came through is gone afterwards.
  func run(stop: StopSignal) throws(Failure) -> (warnings: [String], truth: TruthManifest?) {
    guard let name = TableName.find(table, in: run.database.facts) else {
      throw Failure(.usage, "the dump has no table \(table)")
    }
    let schema = try SchemaFile(server, run.database, run.streams, stop: stop)
    let contents = try schema.contents(stop: stop)
    try run.makeDatabase(stop: stop)
    run.events(.phase("load"))
    try schema.restore("pre-data", into: work.name, run.arguments, options: run.options, stop: stop)
    let parts = try family(of: name, stop)
    try run.load(run.database.streams(holding: Set(parts)), into: work.name, stop: stop)
    let sequences = try owned(by: parts, stop)
    try run.setSequences(
      run.database.facts.sequences.filter { sequences.contains(QualifiedName(schema: $0.schema, name: $0.name)) },
      stop: stop)
    run.events(.phase("indexes"))
    let numbers = Set(parts.compactMap { contents.table($0)?.number })
    let belonging = contents.belonging(to: numbers).map(\.line)
    if !belonging.isEmpty {
      try schema.restore(
        "post-data", into: work.name, run.arguments, options: run.options, list: belonging, stop: stop)
    }
    let truth = try truth(of: parts + sequences, stop)
    let target = PostgreSQLTarget.target(of: run.database, run.plan.request)
    let isThere = try exists(name, in: target, stop)
    let side = isThere ? Array("lifeboat_restore_\(LoadRun.stamp())".utf8) : name.schema
    if isThere { try move(parts, to: side, stop) }
    try hand(over: isThere ? [] : parts + sequences, side, to: target, stop)
    try work.sweep([work.name], stop: stop)
    var warnings = try foreignKeys(contents, schema, name, isThere, target, stop)
    if isThere {
      warnings.insert(
        "\(name.title) is there already: the restored one lies in the schema \(Printable.text(side))", at: 0)
    }
    return (warnings, truth)
  }

  /// What arrived of them.
  private func truth(of names: [QualifiedName], _ stop: StopSignal) throws(Failure) -> TruthManifest {
    let all = try LoadTruth.take(
      server.connection.settings, work.name, as: run.database.name, run.plan.request, stop: stop)
    let wanted = Set(
      names.map { Array(run.database.name.utf8) + [UInt8(ascii: ".")] + $0.schema + [UInt8(ascii: ".")] + $0.name })
    return TruthManifest(
      engine: all.engine, tables: all.tables.filter { wanted.contains($0.name) },
      sequences: all.sequences.filter { wanted.contains($0.name) })
  }

  /// The table and its partitions.
  private func family(of table: QualifiedName, _ stop: StopSignal) throws(Failure) -> [QualifiedName] {
    let script =
      Array(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ".utf8)
      + oid(table) + Array(" OR c.oid IN (SELECT relid FROM pg_partition_tree(".utf8) + oid(table)
      + Array(")) ORDER BY c.oid;".utf8)
    return try names(script, in: work.name, stop)
  }

  /// Sequences that belong to columns of these tables.
  private func owned(by tables: [QualifiedName], _ stop: StopSignal) throws(Failure) -> [QualifiedName] {
    let list = tables.map(oid).joined(separator: Array(", ".utf8))
    let script =
      Array(
        """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
        WHERE c.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refobjid IN (
        """.utf8) + list + Array(");".utf8)
    return try names(script, in: work.name, stop)
  }

  private func exists(_ table: QualifiedName, in database: String, _ stop: StopSignal) throws(Failure) -> Bool {
    let script = Array("SELECT to_regclass(".utf8) + PostgreSQLText.literal(table.sql) + Array(") IS NOT NULL;".utf8)
    return try server.query(database).rows(script, columns: 1, stop: stop).first?.first == [UInt8(ascii: "t")]
  }

  /// Indexes, constraints and owned sequences move with their table.
  private func move(_ tables: [QualifiedName], to side: [UInt8], _ stop: StopSignal) throws(Failure) {
    var script = Array("CREATE SCHEMA ".utf8) + PostgreSQLText.identifier(side) + Array(";\n".utf8)
    for table in tables {
      script +=
        Array("ALTER TABLE ".utf8) + table.sql + Array(" SET SCHEMA ".utf8) + PostgreSQLText.identifier(side)
        + Array(";\n".utf8)
    }
    try server.query(work.name).execute(script, stop: stop)
  }

  /// Sends the table over: by `pg_dump` into `psql`, all of it or nothing.
  private func hand(
    over tables: [QualifiedName], _ side: [UInt8], to target: String, _ stop: StopSignal
  ) throws(Failure) {
    let selection =
      tables.isEmpty
      ? ["-n", String(decoding: PostgreSQLText.identifier(side), as: UTF8.self)]
      : tables.flatMap { ["-t", String(decoding: $0.sql, as: UTF8.self)] }
    let rights = run.arguments.isEmpty ? [] : ["--no-owner", "--no-privileges"]
    let dump = try Child.start(server.command("pg_dump", selection + rights, on: work.name), stop: stop)
    var command = server.command(
      "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", "-"], on: target, run.options)
    command.input = .pipe
    command.output = .nothing
    let loader = try Child.start(command, stop: stop)
    if !tables.isEmpty {
      let make = Array("CREATE SCHEMA IF NOT EXISTS ".utf8) + PostgreSQLText.identifier(side) + Array(";\n".utf8)
      try make.withUnsafeBufferPointer { (bytes) throws(Failure) in
        try loader.write(UnsafeRawBufferPointer(bytes))
      }
    }
    try pass(dump, to: loader, in: target)
    guard try dump.wait().succeeded else {
      // The end of its input would make the loader keep the half of it.
      loader.terminate()
      throw server.failure("pg_dump failed", dump.errorText, in: work.name)
    }
    guard try loader.wait().succeeded else {
      throw server.failure("psql failed on \(table)", loader.errorText, in: target)
    }
  }

  /// - Throws: what the loader has to say where it went away
  private func pass(_ dump: Child, to loader: Child, in target: String) throws(Failure) {
    var part = Buffer(capacity: 1 << 20)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try dump.read(into: room) }
      if part.count == 0 { break }
      do throws(Failure) {
        try part.withBytes { (bytes) throws(Failure) in try loader.write(bytes) }
      } catch {
        _ = try loader.wait()
        throw loader.errorText.isEmpty ? error : server.failure("psql failed on \(table)", loader.errorText, in: target)
      }
    }
  }

  /// Foreign keys lead to tables that the target may not have, or with other rows: what fails is named.
  private func foreignKeys(
    _ contents: ArchiveContents, _ schema: SchemaFile, _ table: QualifiedName, _ isAside: Bool, _ target: String,
    _ stop: StopSignal
  ) throws(Failure) -> [String] {
    guard let number = contents.table(table)?.number else { return [] }
    let keys = contents.foreignKeys(of: table, number)
    if keys.isEmpty { return [] }
    if isAside { return ["the restored table has no foreign keys: \(keys.count) left out"] }
    let script = try schema.output(["-f", "-"], list: keys.map(\.line), stop: stop)
    var command = server.command("psql", ["-X", "-q", "-f", "-"], on: target)
    command.input = .bytes(script)
    let result = try Child.run(command, stop: stop)
    return result.errorText.split(separator: "\n").filter { $0.contains("ERROR:") }.map {
      "a foreign key was left out: \(server.connection.redaction.clean(String($0)))"
    }
  }

  private func oid(_ table: QualifiedName) -> [UInt8] {
    PostgreSQLText.literal(table.sql) + Array("::regclass".utf8)
  }

  private func names(_ script: [UInt8], in database: String, _ stop: StopSignal) throws(Failure) -> [QualifiedName] {
    try server.query(database).rows(script, columns: 2, stop: stop).map { QualifiedName(schema: $0[0], name: $0[1]) }
  }
}

/// A table as a person names it.
enum TableName {
  /// The table of that name, `schema.table`; without a schema the only one of the name.
  static func find(_ text: String, in facts: PostgreSQLFacts) -> QualifiedName? {
    let tables = facts.tables.filter { $0.kind == .table || $0.kind == .partitioned }.map { QualifiedName($0) }
    let wanted = Array(text.utf8)
    if let exact = tables.first(where: { $0.schema + [UInt8(ascii: ".")] + $0.name == wanted }) { return exact }
    let found = tables.filter { $0.name == wanted }
    return found.count == 1 ? found[0] : nil
  }
}
