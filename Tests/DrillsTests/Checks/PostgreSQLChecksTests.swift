import Bytes
import Databases
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import Synchronization
import TestKit
import Testing

/// A value of the data that must not reach a record.
private let secret = "rosebud-4711"

@Suite("Checks of a restored PostgreSQL", .serialized)
struct PostgreSQLChecksTests {
  private static let schema = """
    CREATE SCHEMA other;
    CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL);
    CREATE TABLE invoice (id bigint PRIMARY KEY, total numeric, changed timestamptz);
    CREATE TABLE other."Odd \\"name" (x text);
    CREATE TABLE empty (x int);
    INSERT INTO customer (name) SELECT '\(secret) ' || i FROM generate_series(1, 500) i;
    INSERT INTO invoice SELECT i, i * 1.5, timestamptz '2026-11-20 02:59:00.25+00' - (5000 - i) * interval '1 s'
      FROM generate_series(1, 5000) i;
    INSERT INTO other."Odd \\"name" VALUES ('a'), ('b'), (E'tab\\there');
    SELECT lo_from_bytea(4711, 'a large object');
    """.replacing("\\\"", with: "\"\"")

  private func settings(_ server: DatabaseServer) -> ServerSettings {
    ServerSettings(port: server.port, socket: server.socket, user: server.owner)
  }

  @discardableResult
  private func psql(_ server: DatabaseServer, _ database: String, _ script: String) throws -> String {
    let string = "host=\(server.socket) port=\(server.port) user=\(server.owner) dbname=\(database)"
    let outcome = try Program.run(
      ["\(server["TOOLS"])/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", string],
      input: Array(script.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.text.split(separator: "\n").joined(separator: "\n")
  }

  private func load(_ server: DatabaseServer, as name: String, dropping: Bool = true) throws -> CheckedServer {
    if dropping {
      for database in ["checks_shop", name] { try psql(server, "postgres", "DROP DATABASE IF EXISTS \(database)") }
    }
    try psql(server, "postgres", "CREATE DATABASE checks_shop")
    try psql(server, "checks_shop", PostgreSQLChecksTests.schema)
    let source = PostgreSQLSource(
      PostgreSQLSettings(server: settings(server), databases: ["checks_shop"], globals: false))
    return try CheckedServer(
      .postgresql, on: server, settings(server), from: source, LoadRequest(newName: name, jobs: 2))
  }

  /// Loaded once; every test gets what came back as it was.
  private static let kept = Mutex<CheckedServer?>(nil)

  private func loaded() throws -> CheckedServer? {
    guard let server = try DatabaseServer.postgres() else { return nil }
    if let loaded = PostgreSQLChecksTests.kept.withLock({ $0 }) {
      try psql(server, "postgres", "DROP DATABASE IF EXISTS checks_back")
      try psql(server, "postgres", "CREATE DATABASE checks_back TEMPLATE checks_kept")
      return loaded
    }
    try psql(server, "postgres", "DROP DATABASE IF EXISTS checks_kept")
    let loaded = try load(server, as: "checks_back")
    try psql(server, "postgres", "CREATE DATABASE checks_kept TEMPLATE checks_back")
    PostgreSQLChecksTests.kept.withLock { $0 = loaded }
    return loaded
  }

  // MARK: - The manifest and pg_amcheck

  @Test("all pass on what came back, exact and sampled, and leave nothing behind")
  func good() throws {
    guard let loaded = try loaded() else { return }
    #expect(try loaded.run(.manifest(ManifestCheck())).line == "pass: equal: 5 tables")
    let sampled = try loaded.run(.manifest(ManifestCheck(sample: 0.3, seed: 7)))
    #expect(sampled.line == "pass: equal in a sample, seed 7: checksums of 2 of 5 tables, rows of all")
    #expect(try loaded.run(.integrity).line == "pass: pg_amcheck: ok in 1 database")
    #expect(try psql(loaded.server, "checks_back", "SELECT count(*) FROM pg_extension") == "1")
    let drawn = try loaded.run(.manifest(ManifestCheck(sample: 0.1)))
    #expect(drawn.outcome == .pass && drawn.detail.contains("checksums of 1 of 5 tables"), "\(drawn)")
    #expect(try RestoredEvidence.look(at: loaded.data(), stop: StopSignal()) != nil)
    // All of the tables drawn is as much as all of them read.
    #expect(try loaded.run(.manifest(ManifestCheck(sample: 1, seed: 1))).outcome == .pass)
  }

  @Test(
    "the manifest fails on a row changed after the load, a row and a table that is gone, one too many, a sequence moved",
    arguments: [
      ("UPDATE customer SET name = 'x' WHERE id = 7", true), ("DELETE FROM invoice WHERE id = 7", false),
      ("DROP TABLE empty", false), ("CREATE TABLE another (x int)", false),
      ("SELECT setval('customer_id_seq', 4711)", false), ("SELECT lo_unlink(4711)", false),
      ("SELECT lo_from_bytea(4712, 'x')", false), ("TRUNCATE other.\"Odd \"\"name\"", false),
    ])
  func changed(sql: String, isOnlyInRows: Bool) throws {
    guard let loaded = try loaded() else { return }
    try psql(loaded.server, "checks_back", sql)
    let exact = try CheckOf.result(.manifest(ManifestCheck()), on: loaded.data())
    #expect(exact.recorded.outcome == .fail && !exact.particulars.isEmpty, "\(exact)")
    #expect(!exact.recorded.detail.contains("customer"))
    // Counts see it whatever is drawn; a row with other contents only where its table is drawn.
    let outcomes = try (1...(isOnlyInRows ? 8 : 2)).map { seed in
      try loaded.run(.manifest(ManifestCheck(sample: 0.2, seed: seed))).outcome
    }
    #expect(isOnlyInRows ? Set(outcomes) == [.pass, .fail] : Set(outcomes) == [.fail], "\(outcomes)")
    #expect(try loaded.run(.manifest(ManifestCheck(sample: 1, seed: 1))).outcome == .fail)
  }

  @Test("a drill's database that is gone fails, a server that is gone is unmeasured and no evidence")
  func gone() throws {
    guard let loaded = try loaded() else { return }
    try psql(loaded.server, "postgres", "DROP DATABASE checks_back")
    for check in [Check.integrity, .manifest(ManifestCheck()), CheckOf.canary("SELECT now()")] {
      #expect(try loaded.run(check).outcome == .fail)
    }
    #expect(try RestoredEvidence.look(at: loaded.data(), stop: StopSignal()) == nil)
    var nowhere = loaded.settings
    nowhere.socket = "/nonexistent"
    let absent = loaded.data(nowhere)
    for check in [Check.integrity, .manifest(ManifestCheck()), CheckOf.canary("SELECT now()")] {
      let result = try loaded.run(check, absent)
      #expect(result.line == "unmeasured: postgresql could not be asked")
    }
    #expect(try RestoredEvidence.look(at: absent, stop: StopSignal()) == nil)
  }

  @Test("damaged pages of a table and of an index fail pg_amcheck")
  func damagedPages() throws {
    guard let server = try DatabaseServer.own("postgres") else { return }
    let loaded = try load(server, as: "checks_back", dropping: false)
    #expect(try loaded.run(.integrity).outcome == .pass)
    for relation in ["customer", "invoice_pkey"] {
      let path = try psql(server, "checks_back", "CHECKPOINT; SELECT pg_relation_filepath('\(relation)')")
      try server.control("stop")
      let file = "\(server.folder)/data/\(path)"
      var bytes = try Files.read(file)
      let good = bytes
      // Line pointers of the second page, behind its header.
      for place in (8192 + 32)..<(8192 + 96) { bytes[place] ^= 0x5a }
      try overwrite(file, bytes)
      try server.control("again")
      let result = try CheckOf.result(.integrity, on: loaded.data())
      #expect(result.recorded.outcome == .fail && !result.particulars.isEmpty, "\(relation): \(result)")
      #expect(result.recorded.detail.hasPrefix("pg_amcheck: "))
      try server.control("stop")
      try overwrite(file, good)
      try server.control("again")
    }
    #expect(try loaded.run(.integrity).outcome == .pass)
  }

  private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    let file = try Descriptor.open(path, O_WRONLY)
    var buffer = Buffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.replace(with: $0) }
    try buffer.withBytes { try file.write($0) }
  }

  @Test("without pg_amcheck, without its extension or the right to use it nothing is said")
  func noTool() throws {
    guard let loaded = try loaded() else { return }
    #expect(
      try loaded.run(.integrity, loaded.data(isScratch: false)).line
        == "unmeasured: the extension amcheck is not installed in a database")
    let tools = TemporaryFolder()
    for name in ["psql", "pg_dump"] { symlink("\(loaded.server["TOOLS"])/\(name)", tools.path(name)) }
    var settings = loaded.settings
    settings.tools.folder = tools.path
    #expect(
      try loaded.run(.integrity, loaded.data(settings)).line == "unmeasured: there is no pg_amcheck of version 15 here")
    try psql(loaded.server, "checks_back", "CREATE EXTENSION amcheck")
    #expect(try loaded.run(.integrity, loaded.data(isScratch: false)).outcome == .pass)
    let backup = TemporaryFolder()
    try Files.write(backup.path("password"), Array(loaded.server.backupPassword.utf8))
    let narrow = ServerSettings(
      host: loaded.server.host, port: loaded.server.port, user: loaded.server.backup,
      password: .file(backup.path("password")),
      tls: TLSSettings(mode: .verifyFull, caFile: loaded.server.certificateFile))
    #expect(
      try loaded.run(.integrity, loaded.data(narrow, isScratch: false)).line
        == "unmeasured: the role may not use amcheck")
  }

  @Test("without a manifest, or with one of something else, nothing is said")
  func noManifest() throws {
    guard let loaded = try loaded() else { return }
    for check in [ManifestCheck(), ManifestCheck(sample: 0.5)] {
      #expect(
        try loaded.run(.manifest(check), loaded.data(truth: TruthManifest())).line
          == "unmeasured: the snapshot has no manifest of tables")
      var other = loaded.truth
      other.tables = [.init(name: Array("elsewhere.public.t".utf8), rows: 1, checksum: .zero)]
      #expect(try loaded.run(.manifest(check), loaded.data(truth: other)).outcome == .unmeasured)
    }
    var uncounted = loaded.truth
    uncounted.tables = uncounted.tables.map { .init(name: $0.name, rows: $0.rows, checksum: .zero) }
    let rows = try loaded.run(.manifest(ManifestCheck()), loaded.data(truth: uncounted))
    #expect(rows.line == "pass: equal: 5 tables, rows only, for the dump has no checksums")
  }

  // MARK: - Queries

  @Test("queries give what the data holds, in the database as it was dumped, and no more than one value")
  func queries() throws {
    guard let loaded = try loaded() else { return }
    #expect(try loaded.query("SELECT count(*) FROM customer", expect: "500").outcome == .pass)
    #expect(try loaded.query("SELECT count(*) FROM customer;  -- all", expect: "500").outcome == .pass)
    #expect(
      try loaded.query("SELECT max(name) FROM customer WHERE name LIKE '%;%' OR true", expect: "\(secret) 99").outcome
        == .pass)
    #expect(
      try loaded.query("SELECT current_database()", expect: "checks_back", database: "checks_shop").outcome == .pass)
    #expect(try loaded.query("SELECT E'\\x41;''' || $tag$;'$tag$", expect: "A;';'").outcome == .pass)
    #expect(try loaded.query("SELECT 'ä' /* a ; /* nested */ */", expect: "ä").outcome == .pass)
    #expect(
      try loaded.query("SELECT 1", expect: "1", database: "checks_back").line == "fail: no such database was restored")
    let wrong = try loaded.query("SELECT name FROM customer WHERE id = 1", expect: "Ada")
    #expect(wrong.line == "fail: the answer is not as expected")
    for odd in ["SELECT 1, 2", "SELECT generate_series(1, 2)", "SELECT 1 WHERE false", "SELECT NULL"] {
      #expect(try loaded.query(odd, expect: "1").outcome == .fail, "\(odd)")
    }
    let particulars = try CheckOf.result(
      .query(QueryCheck(name: "q", query: "SELECT max(name)::int FROM customer", expectation: .equals("1"))),
      on: loaded.data())
    #expect(particulars.recorded.line == "fail: postgresql could not answer")
    #expect(particulars.particulars.joined().contains(secret))
  }

  private static let refusedStatements = [
    "DELETE FROM customer", "INSERT INTO customer (name) VALUES ('x')", "SELECT setval('customer_id_seq', 1)",
    "WITH d AS (DELETE FROM customer RETURNING 1) SELECT count(*) FROM d", "SELECT 1; DELETE FROM customer",
    "COMMIT; DELETE FROM customer", "SELECT 1; COMMIT; DELETE FROM customer", "DROP TABLE customer",
    "SELECT 1 \\; DELETE FROM customer", "SELECT 1\n\\! touch /tmp/lifeboat-checks-touched",
    "\\! touch /tmp/lifeboat-checks-touched", "COPY (SELECT 1) TO PROGRAM 'touch /tmp/lifeboat-checks-touched'",
    "SELECT 'open", "SELECT $a$ open", "SELECT /* open", "SET default_transaction_read_only = off",
    "SELECT 1 INTO made", "TRUNCATE customer", "", ";", "-- nothing", "SELECT nextval('customer_id_seq')", "CALL x()",
    "DO $$ BEGIN END $$", "SELECT 1 FROM nothing", "SELECT \u{0}",
  ]

  @Test("what writes, is more than one statement or a command of the client is refused, and changes nothing")
  func refused() throws {
    guard let loaded = try loaded() else { return }
    let state = """
      SELECT count(*), max(id) FROM customer; SELECT last_value FROM customer_id_seq;
      SELECT count(*) FROM pg_largeobject_metadata
      """
    let before = try psql(loaded.server, "checks_back", state)
    for sql in PostgreSQLChecksTests.refusedStatements {
      let check = QueryCheck(name: "q", query: sql, expectation: .within(minimum: 0, maximum: nil))
      #expect(try loaded.run(.query(check)).line == "fail: postgresql could not answer", "\(sql)")
    }
    // Until version 16 a transaction that reads can unlink a large object; it is rolled back all the same.
    _ = try loaded.query("SELECT lo_unlink(4711)", expect: "1")
    #expect(try psql(loaded.server, "checks_back", state) == before)
    #expect(!Files.exists("/tmp/lifeboat-checks-touched"))
  }

  // MARK: - Moments

  @Test("a canary passes only within its time before the dump")
  func canary() throws {
    guard let loaded = try loaded() else { return }
    func line(_ query: String) throws -> String { try loaded.run(CheckOf.canary(query)).line }
    #expect(try line("SELECT max(changed) FROM invoice") == "pass: the canary is there")
    #expect(try line("SELECT timestamptz '2026-11-20 03:00:00.5+00'") == "pass: the canary is there")
    #expect(
      try line("SELECT timestamptz '2026-11-20 03:00:00.500001+00'") == "fail: the canary is younger than the dump")
    #expect(try line("SELECT timestamptz '2026-11-20 02:45:00.5+00'") == "pass: the canary is there")
    #expect(try line("SELECT timestamp '2026-11-20 02:45:00.499999'") == "fail: the canary is too old")
    #expect(try line("SELECT extract(epoch FROM max(changed)) FROM invoice") == "pass: the canary is there")
    #expect(try line("SELECT max(changed) FROM invoice WHERE id < 0") == "fail: the query gave no moment")
    #expect(try line("SELECT 'yesterday'") == "fail: the answer is not a moment in time")
    #expect(try line("SELECT changed FROM invoice") == "fail: one row is expected, the query gave 5000")
    #expect(try line("SELECT now() FROM nothing") == "fail: postgresql could not answer")
  }

  @Test("the newest row tells the moment to the microsecond, or why it is not known")
  func newest() throws {
    guard let loaded = try loaded() else { return }
    func read(_ query: String) throws -> (moment: Moment?, problem: String?) {
      try newestRow(NewestRow(database: "checks_shop", query: query), in: loaded.data(), stop: StopSignal())
    }
    let found = try read("SELECT max(changed) FROM invoice")
    #expect(found.moment == Moment(seconds: 1_795_143_540, nanoseconds: 250_000_000) && found.problem == nil)
    let lost = CheckedServer.dumpStarted.sinceEpoch - (found.moment?.sinceEpoch ?? 0)
    #expect(lost == 60_250_000_000)
    let odd = try read("SELECT name FROM customer LIMIT 1")
    #expect(odd.moment == nil && odd.problem?.contains(secret) == false)
    #expect(try read("DELETE FROM invoice").problem == "the newest row is not known: postgresql could not answer")
  }

  // MARK: - Programs

  @Test("programs find the server by the variables of its clients, with the password in a file of their own")
  func programs() throws {
    guard let loaded = try loaded() else { return }
    let folder = TemporaryFolder()
    try Files.write(folder.path("password"), Array("\(loaded.server.ownerPassword)\n".utf8))
    let settings = ServerSettings(
      host: loaded.server.host, port: loaded.server.port, user: loaded.server.owner,
      password: .file(folder.path("password")),
      tls: TLSSettings(mode: .verifyFull, caFile: loaded.server.certificateFile))
    let data = loaded.data(settings)
    let script = """
      test "$(\(loaded.server["TOOLS"])/psql -X -w -A -t -c 'SELECT count(*) FROM customer')" = 500 &&
      test "$LIFEBOAT_RESTORED" = checks_back && test "$(stat -c %a "$PGPASSFILE")" = 600 &&
      ! env | grep -qF '\(loaded.server.ownerPassword)'
      """
    let check = ProgramCheck(name: "smoke", command: ["/bin/sh", "-c", script], looksAtData: true)
    let result = try CheckOf.result(.program(check), on: data)
    #expect(result.recorded.outcome == .pass, "\(result)")
  }
}
