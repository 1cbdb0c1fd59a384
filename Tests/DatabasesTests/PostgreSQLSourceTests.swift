import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite struct PostgreSQLSourceTests {
  @Test("Chinook, dumped by the least-privileged role over verified TLS, comes back with the same manifest")
  func chinook() throws {
    guard let folder = try SharedData.folder(named: "chinook"),
      let original = try PostgreSQLDatabaseForTest("lb_chinook")
    else { return }
    // Its script makes a database of its own and connects to it.
    let script = String(decoding: try Files.read("\(folder)/Chinook_PostgreSql.sql"), as: UTF8.self)
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    original.run(
      lines.filter { !$0.hasPrefix("\\c ") && !$0.hasPrefix("CREATE DATABASE") && !$0.hasPrefix("DROP DATABASE") }
        .joined(separator: "\n"))
    let (sink, outcome) = try original.dump()
    #expect(outcome.reasons == [])
    #expect(outcome.warnings == [])
    let truth = try #require(outcome.truth)
    #expect(truth.tables.count == 11)
    #expect(sink.held.map { $0 != nil } == [true, false])
    let counts = original.run("SELECT count(*) FROM track; SELECT count(*) FROM playlist_track;")
    #expect(
      counts.split(separator: "\n").map { UInt64($0) }
        == ["track", "playlist_track"].map { name in
          truth.tables.first { $0.name == Array("lb_chinook.public.\(name)".utf8) }?.rows
        })
    let target = try #require(try PostgreSQLDatabaseForTest("lb_chinook_restored"))
    #expect(truth.differences(from: try PostgreSQLShell.restore(sink, of: "lb_chinook", into: target)) == [])
    target.run("UPDATE track SET milliseconds = milliseconds + 1 WHERE track_id = 7")
    #expect(
      truth.differences(from: try PostgreSQLShell.truth(of: target, as: "lb_chinook"))
        == ["table lb_chinook.public.track has other contents in its 3503 rows"])
  }

  @Test("roles come from a database whose name looks like a connection string")
  func globalsOfAnOddName() throws {
    guard let odd = try PostgreSQLDatabaseForTest("host='a b' x=y") else { return }
    let (sink, outcome) = try odd.dump(try odd.settings { $0.globals = true })
    #expect(outcome.verdict == .complete)
    #expect(sink.order.contains("globals.sql"))
  }

  /// Whatever a database may hold that a dump by its bytes could trip over.
  private static let oddities = #"""
    CREATE SCHEMA "we ird/na.me"; CREATE SCHEMA "UPPER";
    CREATE TABLE "we ird/na.me"."tab ""le""; COPY x FROM stdin;" (id int, "co'l" text);
    INSERT INTO "we ird/na.me"."tab ""le""; COPY x FROM stdin;"
    VALUES (1, E'a\tb\nc\\d'), (2, NULL), (3, '\.'), (4, '');
    CREATE TABLE "UPPER"."e\#u{301}" (t text); INSERT INTO "UPPER"."e\#u{301}" VALUES ('combining');
    CREATE TABLE "UPPER"."\#u{e9}" (t text); INSERT INTO "UPPER"."\#u{e9}" VALUES ('composed'), ('two');
    CREATE TABLE "new
    line" (t text); INSERT INTO "new
    line" VALUES ('x');
    CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day);
    CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
    INSERT INTO parts SELECT n, date '2019-06-01' + n FROM generate_series(1, 1000) n;
    CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
    INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3), (4, 5);
    CREATE TABLE made (a int, twice int GENERATED ALWAYS AS (a * 2) STORED, id int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO made (a) SELECT generate_series(1, 10);
    CREATE TABLE counted (id bigserial PRIMARY KEY, t timestamptz DEFAULT '2026-01-01 12:00:00+05');
    INSERT INTO counted (t) SELECT now() FROM generate_series(1, 37);
    CREATE SEQUENCE down INCREMENT -3 START -5; SELECT nextval('down'), nextval('down');
    CREATE SEQUENCE "we ird/na.me"."never 'used'";
    CREATE TABLE empty (a int); CREATE TABLE nothing (); INSERT INTO nothing SELECT FROM generate_series(1, 3);
    CREATE TABLE kinds (b bytea, a int[], j jsonb, x xml, n numeric, f float8, i interval);
    INSERT INTO kinds
    VALUES ('\x00ff0a5c', '{{1,2},{3,NULL}}', '{"a": "\u00e9\n"}', '<a>b</a>', 'NaN', 0.1, '1 mon -1 day');
    CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM parts;
    CREATE VIEW looked AS SELECT * FROM made;
    CREATE UNLOGGED TABLE quick (a int); INSERT INTO quick VALUES (1);
    CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'COPY a FROM stdin;'; END $$;
    COMMENT ON FUNCTION f() IS 'COPY public.not_there FROM stdin;
    1
    ';
    SELECT lo_from_bytea(0, decode(repeat('00ff5c0a', 20000), 'hex')), lo_from_bytea(0, '');
    SELECT lo_create(4242);
    COMMENT ON LARGE OBJECT 4242 IS 'first
    COPY public.not_there FROM stdin;
    ';
    DO $$ DECLARE l oid; BEGIN FOR l IN SELECT oid FROM pg_largeobject_metadata LOOP
    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO lifeboat_backup', l); END LOOP; END $$;
    """#

  @Test("odd names, partitions, inheritance, generated columns, identity, large objects and the like come back")
  func oddities() throws {
    let name = "od'd \"name\" 100%/e\u{301}"
    guard let original = try PostgreSQLDatabaseForTest(name) else { return }
    original.run(Self.oddities)
    original.run("ALTER DATABASE \(PostgreSQLShell.quoted(name)) SET bytea_output = 'escape'")
    let (sink, outcome) = try original.dump()
    #expect(outcome.reasons == [])
    #expect(outcome.warnings == [])
    let truth = try #require(outcome.truth)
    let prefix = PercentName.encode(name)
    #expect(prefix == "od'd \"name\" 100%25%2Fe\u{301}")
    #expect(PercentName.decode(prefix) == name)
    #expect(sink.order.sorted() == ["about.json", "data-0001.sql", "schema.dump"].map { "\(prefix)/\($0)" })
    let rows = Dictionary(truth.tables.map { ($0.name, $0.rows) }) { first, _ in first }
    func count(_ table: String) -> UInt64? { rows[Array("\(name).\(table)".utf8)] }
    #expect(count("we ird/na.me.tab \"le\"; COPY x FROM stdin;") == 4)
    #expect(count("UPPER.e\u{301}") == 1)
    #expect(count("UPPER.\u{e9}") == 2)
    #expect(count("public.parent") == 1)
    #expect(count("public.nothing") == 3)
    #expect(count("public.empty") == 0)
    #expect(count("pg_catalog.pg_largeobject") == 3)
    #expect(count("public.parts") == nil)
    #expect(truth.sequences.count == 4)
    let down = TruthManifest.Sequence(name: Array("\(name).public.down".utf8), value: -8, isCalled: true)
    #expect(truth.sequences.contains(down))
    let target = try #require(try PostgreSQLDatabaseForTest("lb_odd_restored"))
    #expect(truth.differences(from: try PostgreSQLShell.restore(sink, of: name, into: target)) == [])
    target.run("SELECT lo_put((SELECT min(loid) FROM pg_largeobject), 7, 'x')")
    #expect(
      truth.differences(from: try PostgreSQLShell.truth(of: target, as: name))
        == ["table \(name).pg_catalog.pg_largeobject has other contents in its 3 rows"])
  }

  @Test("what lies beside a dump says all that a restore must know, and is read back as it was written")
  func facts() throws {
    let options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    guard let original = try PostgreSQLDatabaseForTest("lb_facts", options: options) else { return }
    original.run(
      """
      SET client_encoding = 'UTF8'; DROP ROLE IF EXISTS lb_reader; CREATE ROLE lb_reader; CREATE TABLE "gr\u{f6}\u{df}e" (t text);
      INSERT INTO "gr\u{f6}\u{df}e" VALUES ('\u{e4}'), ('b'); GRANT SELECT ON "gr\u{f6}\u{df}e" TO lb_reader;
      CREATE SEQUENCE s; SELECT nextval('s');
      """)
    defer { original.run("DROP OWNED BY lb_reader; DROP ROLE lb_reader") }
    let (sink, outcome) = try original.dump()
    #expect(outcome.reasons == [])
    let facts = try PostgreSQLFacts(json: try #require(sink.bytes("lb_facts/about.json")))
    #expect(facts.database.encoding == "LATIN1")
    #expect(facts.database.collate == "C")
    #expect(facts.database.localeProvider == "libc")
    #expect(facts.database.owner == Array("postgres".utf8))
    #expect(facts.server.systemIdentifier == original.run("SELECT system_identifier FROM pg_control_system()"))
    #expect("\(facts.database.oid)" == original.run("SELECT oid FROM pg_database WHERE datname = 'lb_facts'"))
    #expect(!facts.server.isStandby)
    #expect(facts.extensions.map(\.name) == [Array("plpgsql".utf8)])
    #expect(facts.roles.contains(Array("lb_reader".utf8)))
    #expect(facts.roles.contains(Array("postgres".utf8)))
    let table = try #require(facts.tables.first)
    // As the database has it: one byte a letter.
    #expect(table.name == [0x67, 0x72, 0xf6, 0xdf, 0x65])
    #expect(table.rows == 2)
    #expect(table.stream == Array("lb_facts/data-0001.sql".utf8))
    #expect(facts.sequences == [.init(schema: Array("public".utf8), name: [0x73], value: 1, isCalled: true)])
    #expect(try PostgreSQLFacts(json: Array(facts.json.utf8)) == facts)
    let truth = try #require(outcome.truth)
    #expect(truth.tables.first?.name == Array("lb_facts.public.".utf8) + table.name)
    #expect(try TruthManifest(json: Array(truth.json.utf8)) == truth)
    let target = try #require(try PostgreSQLDatabaseForTest("lb_facts_restored", options: options))
    #expect(truth.differences(from: try PostgreSQLShell.restore(sink, of: "lb_facts", into: target)) == [])
  }

  @Test("big tables get streams of their own, and a dump under writes is of one moment")
  func streams() throws {
    guard let original = try PostgreSQLDatabaseForTest("lb_streams") else { return }
    original.run(
      """
      CREATE TABLE "Big one" (id serial PRIMARY KEY, t text);
      INSERT INTO "Big one" (t) SELECT repeat(md5(n::text), 10) FROM generate_series(1, 120000) n;
      CREATE TABLE big_two AS SELECT n, repeat(md5(n::text), 10) AS t FROM generate_series(1, 110000) n;
      CREATE TABLE small (a int); INSERT INTO small SELECT generate_series(1, 100);
      """)
    let writer = try original.writer(
      """
      INSERT INTO small VALUES (1); INSERT INTO "Big one" (t) VALUES ('x'); UPDATE small SET a = a + 1;
      DELETE FROM big_two WHERE ctid = (SELECT ctid FROM big_two LIMIT 1); PERFORM pg_sleep(0.001);
      """)
    let (sink, outcome) = try original.dump(original.settings { $0.jobs = 3 })
    #expect(!writer.hasEnded)
    writer.signal(SIGKILL)
    #expect(outcome.reasons == [])
    #expect(outcome.warnings == [])
    let parts = ["about.json", "data-0001.sql", "data-0002.sql", "data-0003.sql", "schema.dump"]
    #expect(sink.order.sorted() == parts.map { "lb_streams/\($0)" })
    #expect(sink.order.last == "lb_streams/about.json")
    let facts = try PostgreSQLFacts(json: try #require(sink.bytes("lb_streams/about.json")))
    let places = facts.tables.map { String(decoding: $0.name + [0x20] + ($0.stream ?? []), as: UTF8.self) }
    #expect(
      places == [
        "Big one lb_streams/data-0002.sql", "big_two lb_streams/data-0003.sql", "small lb_streams/data-0001.sql",
      ])
    let truth = try #require(outcome.truth)
    #expect(truth.tables.map(\.rows) == facts.tables.map { $0.rows ?? 0 })
    let target = try #require(try PostgreSQLDatabaseForTest("lb_streams_restored"))
    var restored = try PostgreSQLShell.restore(sink, of: "lb_streams", into: target)
    // Sequences follow no snapshot: two streams may have seen two values.
    restored.sequences = truth.sequences
    #expect(truth.differences(from: restored) == [])
    // Without checksums rows alone are compared.
    let (_, plain) = try target.dump(target.settings { $0.checksums = false })
    #expect(plain.truth?.tables.map(\.rows) == truth.tables.map(\.rows))
    #expect(plain.truth?.tables.allSatisfy { $0.checksum == .zero } == true)
  }
}
