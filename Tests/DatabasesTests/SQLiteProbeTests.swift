import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("A query of a drill")
struct SQLiteProbeTests {
  private let folder = TestFolder()
  private var path: String { "\(folder.path)/r.db" }

  init() {
    Shell.sqlite(
      path,
      "PRAGMA journal_mode=wal; CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (2, 'two\nlines'), (3, NULL);")
  }

  private func query(_ sql: String) throws -> [String] { try SQLiteProbe.query(path, sql, stop: StopSignal()) }

  @Test("gives rows, whatever they hold, and leaves nothing beside the file")
  func rows() throws {
    #expect(try query("SELECT count(*) FROM t") == ["3"])
    #expect(try query("SELECT count(*) FROM t; -- with a comment") == ["3"])
    #expect(try query("SELECT a, b FROM t ORDER BY a;") == ["1|x", "2|two\nlines", "3|"])
    #expect(try query("SELECT a FROM t WHERE a > 9").isEmpty)
    #expect(try query("SELECT ''") == [""])
    #expect(folder.names == ["r.db"])
  }

  @Test(
    "that writes, runs, loads or reads other files is refused",
    arguments: [
      "INSERT INTO t VALUES (4, 4)", "DROP TABLE t", "ATTACH '/tmp/x.db' AS x", "SELECT load_extension('x')",
      ".shell touch x",
      "SELECT 1;\n.shell touch x", "SELECT writefile('x', 'y')", "SELECT readfile('/etc/passwd')", "VACUUM INTO 'x.db'",
      "SELEC 1",
      "SELECT nothing FROM t",
    ])
  func refused(sql: String) throws {
    let failure = #expect(throws: Failure.self) { try query(sql) }
    #expect(failure?.code == .unproven)
    #expect(try query("SELECT count(*) FROM t") == ["3"])
    #expect(folder.names == ["r.db"])
  }

  @Test("that takes too long or answers too much is ended")
  func limits() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
    let late = #expect(throws: Failure.self) {
      try SQLiteProbe.query(path, endless, timeout: Seconds(1), stop: StopSignal())
    }
    #expect(late?.what == "the query took longer than 1s")
    let large = #expect(throws: Failure.self) {
      try SQLiteProbe.query(path, "SELECT hex(zeroblob(5000))", limit: 1_000, stop: StopSignal())
    }
    #expect(large?.what == "the query answered more than 1000 bytes")
  }

  @Test("of a file that isn't there fails and makes none")
  func missing() {
    #expect(throws: Failure.self) { try SQLiteProbe.query("\(folder.path)/no.db", "SELECT 1", stop: StopSignal()) }
    #expect(throws: Failure.self) { try SQLiteProbe.truth("\(folder.path)/no.db", stop: StopSignal()) }
    #expect(throws: Failure.self) { try SQLiteProbe.integrityCheck("\(folder.path)/no.db", stop: StopSignal()) }
    #expect(folder.names == ["r.db"])
  }

  @Test("finds damage, and takes a file that is no database for damaged")
  func damage() throws {
    #expect(try SQLiteProbe.integrityCheck(path, stop: StopSignal()).isEmpty)
    let text = folder.file("text.db", "hello, this is no database at all\n")
    #expect(try !SQLiteProbe.integrityCheck(text, stop: StopSignal()).isEmpty)
    #expect(throws: Failure.self) { try SQLiteProbe.truth(text, stop: StopSignal()) }
  }
}

@Suite("The Chinook database")
struct ChinookTests {
  @Test("is dumped with the counts that SQLite itself gives")
  func counts() throws {
    guard let shared = try SharedData.folder(named: "chinook") else { return }
    let folder = TestFolder()
    let path = folder.file("chinook.db", try Files.read("\(shared)/Chinook_Sqlite.sqlite"))
    let sink = KeepingSink()
    let outcome = try SQLiteSource(SQLiteSettings(path: path, scratch: folder.path)).dump(
      into: sink, stop: StopSignal())
    let truth = try #require(outcome.truth)
    #expect(outcome.verdict == .complete)
    #expect(truth.tables.count == 11)
    for table in truth.tables {
      let name = String(decoding: table.name, as: UTF8.self)
      #expect(Shell.sqlite(path, "SELECT count(*) FROM \"\(name)\";") == "\(table.rows)", "\(name)")
    }
    let restored = folder.file("restored.db", sink.streams[0].bytes)
    #expect(try SQLiteProbe.truth(restored, stop: StopSignal()) == truth)
    #expect(sink.streams[0].stream.name == Array("chinook.db".utf8))
  }
}
