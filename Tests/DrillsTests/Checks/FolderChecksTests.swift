import Bytes
import Databases
import Drills
import Format
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("Checks of a restored folder")
struct FolderChecksTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path("shop.db") }

  private func sql(_ script: String) throws {
    let outcome = try Program.run(["sqlite3", "-bail", path], input: Array(script.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// The folder with a database in it, and the manifest of what it holds now.
  private func restored() throws -> RestoredFolder {
    try sql(
      """
      CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE invoice (id INTEGER PRIMARY KEY, changed TEXT);
      CREATE TABLE vacant (x); CREATE TABLE another (x);
      INSERT INTO customer VALUES (1, 'Ada'), (2, 'Grace');
      INSERT INTO another VALUES (1);
      INSERT INTO invoice VALUES (1, '2026-11-20 02:59:00.250'), (2, '2026-11-19T23:00:00-03:00');
      """)
    return RestoredFolder(
      folder: folder.path, engine: "sqlite", truth: try SQLiteProbe.truth(path, stop: StopSignal()),
      streamDifferences: [], files: 1, firstFile: Array("shop.db".utf8))
  }

  @Test("samples the manifest: the same seed draws the same tables, and rows are counted everywhere")
  func sampled() throws {
    let data = try restored()
    func outcomes() throws -> [String] {
      try (0..<12).map { try CheckOf.run(.manifest(ManifestCheck(sample: 0.2, seed: $0)), on: data).line }
    }
    let good = try outcomes()
    #expect(good[7] == "pass: equal in a sample, seed 7: checksums of 1 of 4 tables, rows of all")
    #expect(good.allSatisfy { $0.hasPrefix("pass: ") })
    try sql("UPDATE customer SET name = 'Eve' WHERE id = 1")
    let first = try outcomes()
    #expect(try outcomes() == first)
    #expect(
      first.contains { $0.hasPrefix("pass: ") } && first.contains { $0.hasPrefix("fail: 1 difference") }, "\(first)")
    #expect(try CheckOf.run(.manifest(ManifestCheck()), on: data).line == "fail: 1 difference from the manifest")
    try sql("UPDATE customer SET name = 'Ada' WHERE id = 1; DELETE FROM invoice WHERE id = 2")
    #expect(try outcomes().allSatisfy { $0.hasPrefix("fail: 1 difference") })
    let drawn = try CheckOf.run(.manifest(ManifestCheck(sample: 0.2)), on: data)
    #expect(drawn.detail.contains("in a sample, seed "), "\(drawn)")
  }

  @Test("draws at least one table that has rows, as many as asked for, and each now and then")
  func drawing() throws {
    let tables = (0..<20).map { number in
      TruthManifest.Table(name: Array("t\(number)".utf8), rows: number < 5 ? 0 : 7, checksum: .zero)
    }
    var seen: Set<[UInt8]> = []
    for seed in 0..<100 as Range<UInt64> {
      let one = ManifestSample(share: 0.001, seed: seed, of: tables)
      let again = ManifestSample(share: 0.001, seed: seed, of: tables.reversed())
      #expect(one.drawn.count == 1 && one.drawn == again.drawn)
      #expect(one.drawn.allSatisfy { name in tables.contains { $0.name == name && $0.rows > 0 } })
      seen.formUnion(one.drawn)
      #expect(ManifestSample(share: 0.26, seed: seed, of: tables).drawn.count == 6)
      #expect(ManifestSample(share: 1, seed: seed, of: tables).drawn.count == 20)
    }
    #expect(seen.count == 15)
    #expect(ManifestSample(share: 0.5, seed: 1, of: []).drawn.isEmpty)
    #expect(ManifestSample(share: 0.5, seed: 1, of: Array(tables.prefix(3))).drawn.count == 2)
  }

  @Test("reads canaries and the newest row, and takes one value only")
  func moments() throws {
    let data = try restored()
    let newest = try newestRow(
      NewestRow(query: "SELECT changed FROM invoice WHERE id = 1"), in: data, stop: StopSignal())
    #expect(newest.moment == Moment(seconds: 1_795_143_540, nanoseconds: 250_000_000) && newest.problem == nil)
    let nothing = try newestRow(NewestRow(query: "SELECT max(x) FROM vacant"), in: data, stop: StopSignal())
    #expect(nothing.moment == nil && nothing.problem == "the newest row is not known: the query gave no moment")
    func line(_ query: String, within: Int64 = 3600) throws -> String {
      try CheckOf.run(CheckOf.canary(query, within: within), on: data).line
    }
    #expect(try line("SELECT changed FROM invoice WHERE id = 1") == "pass: the canary is there")
    #expect(try line("SELECT changed FROM invoice WHERE id = 2") == "fail: the canary is too old")
    #expect(try line("SELECT changed FROM invoice WHERE id = 2", within: 3601) == "pass: the canary is there")
    #expect(try line("SELECT '2026-11-20 03:00:01'") == "fail: the canary is younger than the dump")
    #expect(try line("SELECT id, changed FROM invoice WHERE id = 1") == "fail: the answer has more than one column")
    #expect(try line("SELECT changed FROM invoice") == "fail: one row is expected, the query gave 2")
    #expect(try line("SELECT changed FROM gone") == "fail: sqlite3 could not answer")
  }

  @Test("is evidence only while there are files")
  func evidence() throws {
    let data = try restored()
    #expect(try RestoredEvidence.look(at: data, stop: StopSignal()) != nil)
    func folder(_ path: String, files: UInt64) -> RestoredFolder {
      RestoredFolder(
        folder: path, engine: "sqlite", truth: data.truth, streamDifferences: [], files: files, firstFile: nil)
    }
    #expect(try RestoredEvidence.look(at: folder(self.folder.path, files: 0), stop: StopSignal()) == nil)
    #expect(try RestoredEvidence.look(at: folder(self.folder.path("gone"), files: 1), stop: StopSignal()) == nil)
    let stopped = StopSignal()
    stopped.stop(because: Failure(.interrupted, "enough"))
    #expect(throws: Failure.self) { try RestoredEvidence.look(at: data, stop: stopped) }
    #expect(throws: Failure.self) {
      try CheckRunner(restored: data, reference: Moment(seconds: 0), dumpStarted: 0, stop: stopped).run(.integrity)
    }
  }
}
