import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Testing

@Suite("A SQLite database as a source")
struct SQLiteSourceTests {
  /// Dumps and puts the streamed bytes into `restored.db`.
  private func dump(
    _ path: String, in folder: TestFolder, stop: StopSignal = StopSignal()
  ) throws -> (DumpOutcome, restored: String) {
    let scratch = "\(folder.path)/scratch"
    mkdir(scratch, 0o700)
    let source = SQLiteSource(SQLiteSettings(path: path, scratch: scratch))
    let sink = KeepingSink()
    _ = try source.prepare(stop: stop)
    let outcome = try source.dump(into: sink, stop: stop)
    #expect(Shell.run(["ls", "-A", scratch]) == "", "the scratch folder is left clean")
    return (outcome, folder.file("restored.db", sink.streams.first?.bytes ?? []))
  }

  private func expectProven(_ outcome: DumpOutcome, _ restored: String) throws {
    #expect(outcome.verdict == .complete)
    let truth = try #require(outcome.truth)
    #expect(try SQLiteProbe.integrityCheck(restored, stop: StopSignal()).isEmpty)
    let found = try SQLiteProbe.truth(restored, stop: StopSignal())
    #expect(truth.differences(from: found).isEmpty)
    #expect(truth == found)
  }

  @Test("comes back equal to its manifest, in either journal mode", arguments: ["wal", "delete", "truncate"])
  func journalModes(mode: String) throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(
      path,
      "PRAGMA journal_mode=\(mode); CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES (1), ('x'), (NULL);"
    )
    let before = folder.names
    let (outcome, restored) = try dump(path, in: folder)
    try expectProven(outcome, restored)
    #expect(outcome.truth?.tables.map(\.rows) == [3])
    #expect(
      Set(folder.names) == Set(before + ["scratch", "restored.db"]), "nothing is left beside the database or its copy")
  }

  @Test("with an open connection that holds its log is dumped with what the log holds")
  func openLog() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(path, "PRAGMA journal_mode=wal; CREATE TABLE t(a);")
    var command = ChildCommand("sqlite3", ["-init", "/dev/null", "-batch", path])
    command.input = .pipe
    let holder = try Child.start(command, stop: StopSignal())
    try Array("INSERT INTO t VALUES (1), (2);\nSELECT 'ready';\n".utf8).withUnsafeBytes { try holder.write($0) }
    var buffer = Buffer(capacity: 64)
    _ = try buffer.withCapacity { try holder.read(into: $0) }
    let (outcome, restored) = try dump(path, in: folder)
    #expect(folder.names.contains("orders.db-wal"))
    try expectProven(outcome, restored)
    #expect(outcome.truth?.tables.first?.rows == 2)
    _ = try holder.wait()
  }

  @Test(
    "that a busy writer changes all the time is dumped at one moment, without starting over",
    arguments: ["wal", "delete"])
  func busyWriter(mode: String) throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(
      path,
      """
      PRAGMA journal_mode=\(mode); CREATE TABLE a(x, pad); CREATE TABLE b(x, pad);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10000)
      INSERT INTO a SELECT 0, zeroblob(2000) FROM n; INSERT INTO b VALUES (0, '');
      """)
    let loop = "BEGIN IMMEDIATE; UPDATE a SET x=x+1 WHERE rowid=1; UPDATE b SET x=x+1 WHERE rowid=1; COMMIT;"
    let feed =
      "{ echo 'PRAGMA busy_timeout=60000; PRAGMA synchronous=OFF;'; yes \"$1\"; } | sqlite3 -init /dev/null -batch \"$2\""
    var command = ChildCommand("sh", ["-c", feed, "sh", loop, path])
    command.output = .nothing
    let writer = try Child.start(command, stop: StopSignal())
    // A copy that starts over with every commit would never end.
    let stop = StopSignal()
    let guardian = Threads.run(named: "guardian") {
      var watched = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&watched, 1, 120_000) == 0 { stop.stop(because: Failure(.interrupted, "the dump takes for ever")) }
    }
    defer {
      stop.stop(because: Failure(.interrupted, "the test is over"))
      guardian.join()
    }
    var seen: [Int] = []
    for _ in 0..<3 {
      let (outcome, restored) = try dump(path, in: folder, stop: stop)
      try expectProven(outcome, restored)
      let rows = try SQLiteProbe.query(
        restored, "SELECT a.x, b.x FROM a, b WHERE a.rowid=1 AND b.rowid=1", stop: StopSignal())
      let sides = try #require(rows.first).split(separator: "|")
      #expect(sides.first == sides.last, "both tables are from one transaction")
      seen.append(Int(sides[0]) ?? -1)
    }
    #expect(seen[0] < seen[1] && seen[1] < seen[2], "the writer wrote meanwhile")
    writer.terminate()
  }

  private static let odd = """
    CREATE TABLE "o'dd ""name"" | ; --"("a b" INT, "c""d", "e'f");
    INSERT INTO "o'dd ""name"" | ; --" VALUES (1, 'x', 2.5);
    CREATE TABLE "\u{1F6F6}"(a); INSERT INTO "\u{1F6F6}" VALUES ('boat');
    CREATE TABLE "caf\u{e9}"(a); INSERT INTO "caf\u{e9}" VALUES (1);
    CREATE TABLE "cafe\u{301}"(a); INSERT INTO "cafe\u{301}" VALUES (1), (2);
    CREATE TABLE "new
    line"(a); INSERT INTO "new
    line" VALUES ('one
    two'), (char(0)||'x'), (CAST(x'ff00fe' AS TEXT)), (x'000a0d'), (x''), (''), (NULL);
    CREATE TABLE numbers(a); INSERT INTO numbers VALUES (9007199254740993), (-9223372036854775808), (0.1), (1e300),
      (9e999), (-9e999), (-0.0), (3.0), (3);
    CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO keyed VALUES ('b', 1), ('a', 2);
    CREATE TABLE made(a, b GENERATED ALWAYS AS (a+1) VIRTUAL, c AS (a*2) STORED); INSERT INTO made VALUES (1), (2);
    CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted DEFAULT VALUES;
    CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('hello world');
    CREATE VIEW seen AS SELECT * FROM keyed; CREATE INDEX i ON numbers(a);
    CREATE TABLE empty(a); ANALYZE;

    """

  @Test("with odd names and values comes back equal to its manifest, and every table is in it")
  func oddities() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/it's a \"db\" ?&#%20\n.db"
    Shell.sqlite(path, Self.odd)
    let (outcome, restored) = try dump(path, in: folder)
    try expectProven(outcome, restored)
    let truth = try #require(outcome.truth)
    let rows = Dictionary(uniqueKeysWithValues: truth.tables.map { ($0.name, $0.rows) })
    #expect(rows[Array("caf\u{e9}".utf8)] == 1)
    #expect(rows[Array("cafe\u{301}".utf8)] == 2)
    #expect(rows[Array("o'dd \"name\" | ; --".utf8)] == 1)
    #expect(rows[Array("new\nline".utf8)] == 7)
    #expect(rows[Array("numbers".utf8)] == 9)
    #expect(rows[Array("empty".utf8)] == 0)
    #expect(rows[Array("sqlite_sequence".utf8)] == 1)
    #expect(rows[Array("words_content".utf8)] == 1)
    #expect(
      rows[Array("words".utf8)] == nil && rows[Array("sqlite_stat1".utf8)] == nil && rows[Array("seen".utf8)] == nil)
    #expect(rows.count == 16)
  }

  @Test("has a manifest that does not depend on the order of rows, and sees every change")
  func order() throws {
    let folder = TestFolder()
    let forth = "\(folder.path)/forth.db"
    let back = "\(folder.path)/back.db"
    let rows = (0..<500).map { "(\($0), 'text \($0 % 50)', x'00\($0 % 10)0')" }
    let create = "CREATE TABLE t(a, b, c);"
    Shell.sqlite(forth, "\(create) INSERT INTO t VALUES \(rows.joined(separator: ","));")
    Shell.sqlite(back, "\(create) INSERT INTO t VALUES \(rows.reversed().joined(separator: ","));")
    let truth = try SQLiteProbe.truth(forth, stop: StopSignal())
    #expect(try SQLiteProbe.truth(back, stop: StopSignal()) == truth)
    let changes = [
      "UPDATE t SET a = a + 1 WHERE rowid = 250", "UPDATE t SET b = CAST(b AS BLOB) WHERE rowid = 1",
      "DELETE FROM t WHERE rowid = 500",
      "UPDATE t SET a = CAST(a AS TEXT) WHERE rowid = 7", "UPDATE t SET a = a + 0.0 WHERE rowid = 7",
      "INSERT INTO t SELECT * FROM t WHERE rowid = 1", "UPDATE t SET b = NULL WHERE rowid = 3",
      "CREATE INDEX i ON t(a)",
    ]
    for change in changes {
      let changed = folder.file("changed.db", try DurableFile.read(forth, limit: 10 << 20))
      Shell.sqlite(changed, "\(change);")
      #expect(truth.differences(from: try SQLiteProbe.truth(changed, stop: StopSignal())).count == 1, "\(change)")
    }
  }

  @Test("has a manifest that tells values of different types apart, however alike they look")
  func types() throws {
    let folder = TestFolder()
    let values = [
      "3.0", "3", "4008000000000000", "'3'", "x'33'", "'4008000000000000'", "'NULL'", "NULL", "''", "x''", "'3,3'",
      "-0.0", "0",
    ]
    var checksums: Set<Name> = []
    for (index, value) in values.enumerated() {
      let path = "\(folder.path)/\(index).db"
      Shell.sqlite(path, "CREATE TABLE t(a, b); INSERT INTO t VALUES (\(value), 1);")
      let table = try #require(try SQLiteProbe.truth(path, stop: StopSignal()).tables.first)
      #expect(checksums.insert(table.checksum).inserted, "\(value)")
    }
  }

  @Test("with hundreds of columns and rows of megabytes is counted all the same")
  func wide() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/wide.db"
    let columns = (0..<1_900).map { "c\($0)" }
    Shell.sqlite(
      path,
      """
      CREATE TABLE w(\(columns.joined(separator: ","))); INSERT INTO w(c0, c1899) VALUES (1, 2);
      CREATE TABLE l(a); INSERT INTO l VALUES (zeroblob(5000000)), (zeroblob(5000001));
      """)
    let (outcome, restored) = try dump(path, in: folder)
    try expectProven(outcome, restored)
    #expect(outcome.truth?.rows == 3)
  }

  @Test("that is damaged is quarantined, with what the integrity check found, and streamed all the same")
  func damaged() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(
      path,
      "CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT randomblob(100) FROM n;"
    )
    var bytes = try DurableFile.read(path, limit: 10 << 20)
    for index in (4096 * 20)..<(4096 * 21) { bytes[index] = 0xaa }
    let (outcome, restored) = try dump(folder.file("bad.db", bytes), in: folder)
    #expect(outcome.reasons.first?.hasPrefix("integrity check: ") == true)
    #expect(outcome.truth == nil)
    #expect(try !SQLiteProbe.integrityCheck(restored, stop: StopSignal()).isEmpty)
    for index in 100..<4096 { bytes[index] = 0x55 }
    let failure = #expect(throws: Failure.self) { try dump(folder.file("worse.db", bytes), in: folder) }
    #expect(failure?.code == .sourceFailed)
    #expect(failure?.what.contains("malformed") == true)
  }

  @Test("that is empty is quarantined; one that is missing or no database prevents the dump")
  func missing() throws {
    let folder = TestFolder()
    let source = SQLiteSource(SQLiteSettings(path: folder.file("empty.db")))
    #expect(try source.dump(into: KeepingSink(), stop: StopSignal()).reasons.count == 1)
    let cases = [
      "\(folder.path)/missing.db", folder.file("text.db", "hello, this is no database at all\n"), folder.path,
    ]
    for path in cases {
      let source = SQLiteSource(SQLiteSettings(path: path))
      #expect(throws: Failure.self) { try source.prepare(stop: StopSignal()) }
      let failure = #expect(throws: Failure.self) { try source.dump(into: KeepingSink(), stop: StopSignal()) }
      #expect(failure?.code == .sourceFailed)
    }
    #expect(!folder.names.contains("missing.db"))
  }

  @Test("that another process has locked is not dumped, and the lock is told")
  func locked() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(path, "CREATE TABLE t(a);")
    var command = ChildCommand("sqlite3", ["-init", "/dev/null", "-batch", path])
    command.input = .pipe
    let holder = try Child.start(command, stop: StopSignal())
    try Array("BEGIN EXCLUSIVE;\nSELECT 'locked';\n".utf8).withUnsafeBytes { try holder.write($0) }
    var buffer = Buffer(capacity: 64)
    _ = try buffer.withCapacity { try holder.read(into: $0) }
    let source = SQLiteSource(SQLiteSettings(path: path, scratch: folder.path, busyTimeout: Seconds(0)))
    let failure = #expect(throws: Failure.self) { try source.dump(into: KeepingSink(), stop: StopSignal()) }
    #expect(failure?.what.contains("is locked") == true)
    #expect(failure?.next.contains("busy-timeout") == true)
    #expect(folder.names == ["orders.db"])
    _ = try holder.wait()
  }

  @Test("without room for its copy is not dumped", .enabled(if: geteuid() == 0, "mounting needs root"))
  func noRoom() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(path, "CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(2000000));")
    let small = "\(folder.path)/small"
    mkdir(small, 0o700)
    guard mount("none", small, "tmpfs", 0, "size=1m") == 0 else { return }
    defer { umount(small) }
    let source = SQLiteSource(SQLiteSettings(path: path, scratch: small))
    let failure = #expect(throws: Failure.self) { try source.prepare(stop: StopSignal()) }
    #expect(failure?.code == .scratchFull)
    #expect(throws: Failure.self) { try source.dump(into: KeepingSink(), stop: StopSignal()) }
    #expect(Shell.run(["ls", "-A", small]) == "")
    #expect(throws: Failure.self) {
      try SQLiteSource(SQLiteSettings(path: path, scratch: "/nowhere")).prepare(stop: StopSignal())
    }
  }

  @Test("leaves no copy behind when the run stops, nor what a killed run left")
  func stopped() throws {
    let folder = TestFolder()
    let path = "\(folder.path)/orders.db"
    Shell.sqlite(path, "CREATE TABLE t(a); INSERT INTO t VALUES (1);")
    let scratch = "\(folder.path)/scratch"
    let left = "\(scratch)/lifeboat-scratch-\(Identifier.random().hex)"
    Shell.run(["sh", "-c", "mkdir -p \"$1\"; touch \"$1/copy.db\"; touch -d @1000000000 \"$1\"", "sh", left])
    let stop = StopSignal()
    let sink = KeepingSink(stop: stop)
    sink.before = { _ in stop.stop(because: Failure(.interrupted, "enough")) }
    let source = SQLiteSource(SQLiteSettings(path: path, scratch: scratch))
    let failure = #expect(throws: Failure.self) { try source.dump(into: sink, stop: stop) }
    #expect(failure?.code == .interrupted)
    #expect(Shell.run(["ls", "-A", scratch]) == "")
    let failing = KeepingSink()
    failing.failure = Failure(.storeFull, "full")
    #expect(throws: Failure.self) { try source.dump(into: failing, stop: StopSignal()) }
    #expect(Shell.run(["ls", "-A", scratch]) == "")
  }
}
