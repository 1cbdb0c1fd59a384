import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Synchronization
import TestKit
import Testing

/// Gives the streams of a dump that a test holds in memory.
final class LoadedStreams: StreamProvider, @unchecked Sendable {
  private(set) var kept: [(name: String, bytes: [UInt8])]
  /// A stream that turns out to be damaged in its middle.
  var damaged: String?

  init(_ sink: KeepingSink) {
    kept = sink.streams.map { (String(decoding: $0.stream.name, as: UTF8.self), $0.bytes) }
  }

  var streams: [ProvidedStream] {
    kept.map { ProvidedStream(name: Array($0.name.utf8), length: UInt64($0.bytes.count)) }
  }

  func write(
    _ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal
  ) throws(Failure) {
    let bytes = try read(name, limit: .max, stop: stop)
    let isDamaged = String(decoding: name, as: UTF8.self) == damaged
    let part = isDamaged ? Array(bytes[..<(bytes.count / 2)]) : bytes
    try part.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try Transfers.write(UnsafeRawBufferPointer(buffer), to: descriptor, stop: stop)
    }
    if isDamaged { throw Failure(.damaged, "a chunk is damaged") }
  }

  func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8] {
    guard let found = kept.first(where: { Array($0.name.utf8) == name }) else { throw Failure(.damaged, "no stream") }
    return found.bytes
  }

  /// Changes what the dump says of a database.
  func change(_ database: String, _ change: (inout PostgreSQLFacts) -> Void) throws {
    let name = "\(PercentName.encode(database))/about.json"
    let place = try #require(kept.firstIndex { $0.name == name })
    var facts = try PostgreSQLFacts(json: kept[place].bytes)
    change(&facts)
    kept[place].bytes = Array(facts.json.utf8)
  }
}

@Suite("PostgreSQL: a dump into a running server", .serialized)
struct PostgreSQLLoadTests {
  /// What makes restores hard: constraints among tables, a partitioned table, generated columns, names that need
  /// quotation marks, large objects, a view with rows, settings and rights of the database.
  private static let schema = """
    CREATE SCHEMA "Odd Schema";
    CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers,
      cents int CHECK (cents >= 0), twice int GENERATED ALWAYS AS (cents * 2) STORED, note text);
    CREATE INDEX orders_customer ON orders (customer);
    CREATE TABLE "Odd Schema"."a ""b"" \\c" (x text);
    CREATE TABLE visits (day date, n int) PARTITION BY RANGE (day);
    CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
    CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
    CREATE INDEX ON visits (n);
    INSERT INTO customers (name) SELECT 'customer ' || i FROM generate_series(1, 500) i;
    INSERT INTO orders (customer, cents, note)
      SELECT 1 + i % 500, i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i;
    INSERT INTO "Odd Schema"."a ""b"" \\c" VALUES (E'tab\\there'), (NULL), ('');
    INSERT INTO visits SELECT date '2025-06-01' + i, i FROM generate_series(1, 400) i;
    CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(cents) FROM orders GROUP BY customer;
    SELECT lo_from_bytea(4711, 'a large object');
    GRANT SELECT ON LARGE OBJECT 4711 TO lifeboat_backup;
    SELECT setval('customers_id_seq', 4711);
    """

  private func source(_ name: String) throws -> (PostgreSQLDatabaseForTest, LoadedStreams, TruthManifest)? {
    guard let database = try PostgreSQLDatabaseForTest(name) else { return nil }
    database.run(PostgreSQLLoadTests.schema)
    let (sink, outcome) = try database.dump()
    #expect(outcome.verdict == .complete)
    return (database, LoadedStreams(sink), try #require(outcome.truth))
  }

  private func target(_ server: DatabaseServer) -> PostgreSQLTarget {
    PostgreSQLTarget(ServerSettings(port: server.port, socket: server.socket, user: server.owner))
  }

  private func drop(_ server: DatabaseServer, _ names: String...) {
    for name in names { PostgreSQLShell.run(server, "postgres", "DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)") }
  }

  /// Everything from the look to the name.
  @discardableResult
  private func load(
    _ streams: LoadedStreams, _ request: LoadRequest, on server: DatabaseServer, truth: TruthManifest? = nil
  ) throws -> (plan: LoadPlan, outcome: LoadOutcome) {
    let target = target(server)
    let plan = try target.examine(streams, request, stop: StopSignal())
    #expect(plan.obstacles == [])
    var outcome = try target.load(plan, from: streams, stop: StopSignal()) { _ in }
    if let truth {
      #expect(truth.differences(from: try target.truth(of: plan, stop: StopSignal())) == [])
    }
    outcome = try target.settle(plan, outcome, from: streams, stop: StopSignal())
    return (plan, outcome)
  }

  private func obstacles(_ streams: LoadedStreams, _ request: LoadRequest, on server: DatabaseServer) throws -> [String]
  {
    try target(server).examine(streams, request, stop: StopSignal()).obstacles
  }

  private func failure(of body: () throws -> Void) -> Failure? {
    do {
      try body()
      return nil
    } catch {
      return Failure(unexpected: error)
    }
  }

  private func databases(_ server: DatabaseServer, like pattern: String) -> [String] {
    PostgreSQLShell.run(server, "postgres", "SELECT datname FROM pg_database WHERE datname LIKE '\(pattern)'")
      .split(separator: "\n").map(String.init).sorted()
  }

  @Test("comes back under another name, equal in rows, sequences, settings, rights and definitions")
  func underAnotherName() throws {
    guard let (database, streams, truth) = try source("load_whole") else { return }
    let server = database.server
    database.run("ALTER DATABASE load_whole SET work_mem = '5MB'; COMMENT ON DATABASE load_whole IS 'ours'")
    database.run("GRANT CONNECT ON DATABASE load_whole TO lifeboat_backup")
    let (sink, _) = try database.dump()
    drop(server, "load copy")
    defer { drop(server, "load copy") }
    let again = LoadedStreams(sink)
    _ = streams
    let (plan, outcome) = try load(again, LoadRequest(newName: "load copy", jobs: 2), on: server, truth: truth)
    #expect(outcome.warnings == [])
    #expect(outcome.setAside == nil)
    #expect(plan.databases.map(\.target) == ["load copy"])
    #expect(databases(server, like: "load copy%") == ["load copy"])
    func schema(_ name: String) -> [Substring] {
      let dump =
        PostgreSQLShell.words(server, "pg_dump") + ["--schema-only", "-d", PostgreSQLShell.string(server, name)]
      return Shell.run(dump).split(separator: "\n").filter { !$0.hasPrefix("\\") }
    }
    #expect(schema("load copy") == schema("load_whole"))
    let told = """
      SELECT shobj_description(d.oid, 'pg_database'), setconfig, has_database_privilege('lifeboat_backup', d.oid, 'CONNECT')
      FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = 'load copy'
      """
    #expect(PostgreSQLShell.run(server, "postgres", told).contains("ours|{work_mem=5MB}|t"))
    #expect(PostgreSQLShell.run(server, "load copy", "SELECT count(*) FROM totals").contains("500"))
    #expect(
      PostgreSQLShell.run(server, "load copy", "SELECT reltuples FROM pg_class WHERE relname = 'orders'").contains(
        "20000"))
  }

  @Test(
    "a database with a locale of ICU, and one that is not in UTF-8, come back with both",
    arguments: [
      ("load_icu", "LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' LOCALE 'C.UTF-8' ENCODING 'UTF8'", "UTF8|i|de-AT"),
      ("load_latin", "ENCODING 'LATIN1' LOCALE 'C'", "LATIN1|c|"),
    ])
  func locales(_ name: String, _ options: String, _ expected: String) throws {
    guard let database = try PostgreSQLDatabaseForTest(name, options: "TEMPLATE template0 \(options)") else { return }
    let server = database.server
    database.run(
      "CREATE TABLE words (w text PRIMARY KEY); INSERT INTO words VALUES ('Zebra'), (U&'\\00C4pfel'), ('apfel')")
    let (sink, outcome) = try database.dump()
    let truth = try #require(outcome.truth)
    #expect(outcome.verdict == .complete)
    let copy = "\(name)_copy"
    drop(server, copy)
    defer { drop(server, copy) }
    try load(LoadedStreams(sink), LoadRequest(newName: copy), on: server, truth: truth)
    let told = """
      SELECT pg_encoding_to_char(encoding), datlocprovider, daticulocale FROM pg_database WHERE datname = '\(copy)'
      """
    #expect(PostgreSQLShell.run(server, "postgres", told) == expected)
    let order = "SET client_encoding = 'UTF8'; SELECT string_agg(w, ' ' ORDER BY w) FROM words"
    #expect(PostgreSQLShell.run(server, copy, order) == database.run(order))
  }

  @Test("what would keep it from loading is found before anything is changed")
  func foundFirst() throws {
    guard let (database, streams, _) = try source("load_found") else { return }
    let server = database.server
    defer { drop(server, "load_other") }
    let other = LoadRequest(newName: "load_other")
    #expect(try obstacles(streams, LoadRequest(), on: server).contains { $0.contains("is the very database") })
    #expect(
      try obstacles(streams, LoadRequest(isDrill: true), on: server).contains { $0.contains("a drill never loads") })
    #expect(
      try obstacles(streams, LoadRequest(replaces: "load_found", isDrill: true), on: server)
        .contains { $0.contains("a drill never replaces") })
    try streams.change("load_found") { facts in
      facts.extensions.append(
        .init(name: Array("postgis".utf8), version: Array("3.3".utf8), schema: Array("public".utf8)))
      facts.server.version = PostgreSQLVersion(number: 990_001)
      facts.roles.append(Array("nobody here".utf8))
      facts.database.collate = "xx_YY.utf8"
      facts.database.size = 1 << 60
    }
    let found = try obstacles(streams, other, on: server)
    #expect(found.contains { $0.hasPrefix("the extension postgis 3.3 is not installed") })
    #expect(found.contains { $0.hasPrefix("the dump is of PostgreSQL 99.1, and the target has") })
    #expect(found.contains { $0.contains("do not exist on the target: nobody here") })
    #expect(found.contains { $0.hasPrefix("the target does not know the locale xx_YY.utf8") })
    #expect(found.contains { $0.contains("are needed on the target's disk") })
    let free = try obstacles(streams, LoadRequest(newName: "load_other", noOwner: true), on: server)
    #expect(!free.contains { $0.contains("nobody here") })
    #expect(databases(server, like: "load_other%").isEmpty)
    // Through TCP nobody can say whose disk it is, and the role of backups may not create anything.
    let narrow = PostgreSQLTarget(try PostgreSQLShell.settings(server).server)
    let plan = try narrow.examine(streams, other, stop: StopSignal())
    #expect(plan.notes.contains { $0.hasPrefix("free space on the target: unknown") })
    #expect(plan.obstacles.contains { $0.contains("may not create databases") })
  }

  @Test("a target that is not empty is refused, an empty one makes room, and one that is spelled out is set aside")
  func occupied() throws {
    guard let (database, streams, truth) = try source("load_occupied") else { return }
    let server = database.server
    guard let other = try PostgreSQLDatabaseForTest("load_taken") else { return }
    let request = LoadRequest(newName: "load_taken")
    let (_, outcome) = try load(streams, request, on: server, truth: truth)
    #expect(outcome.setAside?.hasPrefix("load_taken_before_") == true)
    #expect(
      try obstacles(streams, request, on: server).contains {
        $0.hasPrefix("the database load_taken on the target is not empty")
      })
    other.run("CREATE TABLE newer (x int)")
    // Somebody is in it, and goes.
    let sleeper = Threads.run(named: "sleeper") { [server] in
      _ = try? Program.run(
        PostgreSQLShell.words(server, "psql") + [
          "-d", PostgreSQLShell.string(server, "load_taken"), "-c", "SELECT pg_sleep(60)",
        ])
    }
    let replaced = try load(streams, LoadRequest(replaces: "load_taken"), on: server, truth: truth).outcome
    sleeper.join()
    let aside = try #require(replaced.setAside)
    #expect(PostgreSQLShell.run(server, aside, "SELECT to_regclass('newer') IS NOT NULL").contains("t"))
    #expect(PostgreSQLShell.run(server, "load_taken", "SELECT to_regclass('newer') IS NULL").contains("t"))
    for name in databases(server, like: "load_taken_before_%") { drop(server, name) }
  }

  @Test("the database postgres, which every server has, gets its name like any other")
  func postgres() throws {
    guard let (_, streams, truth) = try source("load_as_postgres"), let fresh = try DatabaseServer.own("postgres")
    else {
      return
    }
    let (_, outcome) = try load(streams, LoadRequest(newName: "postgres"), on: fresh, truth: truth)
    #expect(outcome.setAside?.hasPrefix("postgres_before_") == true)
    #expect(PostgreSQLShell.run(fresh, "postgres", "SELECT count(*) FROM customers") == "500")
  }

  @Test("damage ends it, nothing of it stays, and what a killed run left is dropped by the next")
  func interrupted() throws {
    guard let (database, streams, truth) = try source("load_broken") else { return }
    let server = database.server
    defer { drop(server, "load_again") }
    let request = LoadRequest(newName: "load_again")
    let big = try #require(streams.kept.filter { $0.name.contains("data-") }.max { $0.bytes.count < $1.bytes.count })
    streams.damaged = big.name
    #expect(failure { try load(streams, request, on: server) }?.code == .damaged)
    #expect(databases(server, like: "load_again%").isEmpty)
    streams.damaged = nil
    PostgreSQLShell.run(server, "postgres", "CREATE DATABASE load_again_lifeboat_00000000")
    PostgreSQLShell.run(
      server, "postgres",
      "COMMENT ON DATABASE load_again_lifeboat_00000000 IS E'lifeboat is restoring this database\\nelsewhere x\\n1\\n1\\nload_again'"
    )
    let (plan, _) = try load(streams, request, on: server, truth: truth)
    #expect(plan.notes.contains { $0.contains("load_again_lifeboat_00000000 was left by a restore") })
    #expect(databases(server, like: "load_again%") == ["load_again"])
  }

  @Test("one table goes beside one of its name, with index, constraint and sequence, or takes its own place")
  func oneTable() throws {
    guard let (database, streams, _) = try source("load_table") else { return }
    let server = database.server
    database.run("DELETE FROM orders WHERE id > 5; UPDATE customers SET name = 'x' WHERE id = 1")
    let request = LoadRequest(table: "public.orders")
    let beside = try load(streams, request, on: server).outcome
    #expect(beside.warnings.contains { $0.hasPrefix("public.orders is there already") })
    let side = database.run("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lifeboat_restore_%'").split(
      separator: "\n")[0]
    #expect(database.run("SELECT count(*), sum(twice) FROM \(side).orders").contains("20000|400020000"))
    #expect(database.run("SELECT count(*) FROM pg_indexes WHERE schemaname = '\(side)'").contains("2"))
    #expect(database.run("SELECT last_value FROM \(side).orders_id_seq").contains("20000"))
    database.run("DROP TABLE orders CASCADE")
    let outcome = try load(streams, request, on: server).outcome
    #expect(outcome.warnings == [])
    #expect(database.run("SELECT count(*) FROM orders").contains("20000"))
    #expect(
      database.run(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype IN ('p','f','c')"
      ).contains("3"))
    try load(streams, LoadRequest(table: "visits"), on: server)
    #expect(databases(server, like: "load_table%") == ["load_table"])
    #expect(
      try obstacles(streams, LoadRequest(table: "none"), on: server).contains {
        $0.hasPrefix("the dump has no table none")
      })
  }

  @Test("the schema alone, then the rows alone into empty tables, and never into others")
  func parts() throws {
    guard let (database, streams, truth) = try source("load_parts") else { return }
    let server = database.server
    defer { drop(server, "load_half") }
    try load(streams, LoadRequest(newName: "load_half", schemaOnly: true), on: server)
    #expect(PostgreSQLShell.run(server, "load_half", "SELECT count(*) FROM orders").contains("0"))
    let data = LoadRequest(newName: "load_half", dataOnly: true)
    try load(streams, data, on: server, truth: truth)
    #expect(try obstacles(streams, data, on: server).contains { $0.hasPrefix("tables on the target are not empty") })
  }

  @Test("without owners where there are no such roles, or with roles made from the dump, those there left alone")
  func owners() throws {
    guard let database = try PostgreSQLDatabaseForTest("load_owned") else { return }
    let server = database.server
    func roles(_ script: String) { PostgreSQLShell.run(server, "postgres", script) }
    roles("DROP DATABASE IF EXISTS load_mine WITH (FORCE)")
    roles("DROP ROLE IF EXISTS load_writer; CREATE ROLE load_writer CONNECTION LIMIT 7")
    defer { roles("DROP ROLE IF EXISTS load_writer") }
    database.run("CREATE TABLE t (x int); ALTER TABLE t OWNER TO load_writer; INSERT INTO t VALUES (1)")
    let (sink, _) = try database.dump(try database.settings { $0.globals = true })
    let streams = LoadedStreams(sink)
    database.run("DROP TABLE t")
    roles("DROP ROLE load_writer")
    defer { drop(server, "load_mine") }
    let request = LoadRequest(newName: "load_mine", noOwner: true)
    #expect(
      try obstacles(streams, LoadRequest(newName: "load_mine"), on: server).contains { $0.contains("load_writer") })
    try load(streams, request, on: server)
    #expect(
      PostgreSQLShell.run(server, "load_mine", "SELECT tableowner FROM pg_tables WHERE tablename = 't'").contains(
        server.owner))
    drop(server, "load_mine")
    try load(streams, LoadRequest(newName: "load_mine", globals: true), on: server)
    #expect(
      PostgreSQLShell.run(server, "load_mine", "SELECT tableowner FROM pg_tables WHERE tablename = 't'").contains(
        "load_writer"))
    #expect(
      PostgreSQLShell.run(server, "postgres", "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'load_writer'")
        .contains("7"))
    drop(server, "load_mine")
    roles("ALTER ROLE load_writer CONNECTION LIMIT 3")
    try load(streams, LoadRequest(newName: "load_mine", globals: true), on: server)
    #expect(
      PostgreSQLShell.run(server, "postgres", "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'load_writer'")
        .contains("3"))
  }
}
