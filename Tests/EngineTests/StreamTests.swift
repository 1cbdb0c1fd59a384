import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("streams out and back")
  struct StreamTests {
    @Test("a stream of any length comes back as it was", arguments: [1, 63, 64, 65, 1 << 20, 40 << 20])
    func randomBytes(_ count: Int) throws {
      let bench = try Bench()
      var random = RandomSource(seed: UInt64(count))
      let bytes = random.bytes(count)
      let report = try bench.backup(bytes)
      #expect(report.snapshot.verdict == .complete)
      #expect(report.snapshot.statistics.bytes == UInt64(count))
      #expect(report.snapshot.catalogue.length == UInt64(count))
      #expect(try bench.restored() == bytes)
      #expect(try bench.unsoundObjects().isEmpty)
    }

    @Test("a dump of no bytes is stored, but not as a backup")
    func nothing() throws {
      let bench = try Bench()
      let report = try bench.backup([])
      #expect(report.snapshot.verdict == .quarantined)
      #expect(report.failure?.code == .sourceIncomplete)
      #expect(try bench.restored(report.name).isEmpty)
    }

    @Test("zeros take next to no space")
    func zeros() throws {
      let bench = try Bench()
      let bytes = [UInt8](repeating: 0, count: 40 << 20)
      let report = try bench.backup(bytes)
      #expect(report.snapshot.statistics.storedBytes < 100_000)
      #expect(try bench.restored() == bytes)
    }

    @Test("a stream that repeats itself is stored once")
    func repetition() throws {
      let bench = try Bench()
      var random = RandomSource(seed: 3)
      let part = random.bytes(10 << 20)
      let bytes = Array((0..<10).map { _ in part }.joined())
      let report = try bench.backup(bytes)
      #expect(report.snapshot.statistics.newBytes < 25 << 20)
      #expect(try bench.restored() == bytes)
    }

    @Test("what was there is not stored again, and a change costs about what it is")
    func deduplication() throws {
      let bench = try Bench()
      var random = RandomSource(seed: 4)
      let bytes = random.bytes(40 << 20)
      let first = try bench.backup(bytes)
      #expect(first.snapshot.statistics.newBytes == UInt64(bytes.count))

      let same = try bench.backup(bytes)
      #expect(same.snapshot.statistics.newBytes == 0)
      #expect(same.snapshot.statistics.storedBytes < 50_000)
      #expect(same.snapshot.parents == [first.name])

      let appended = bytes + random.bytes(1 << 20)
      let longer = try bench.backup(appended)
      #expect(longer.snapshot.statistics.newBytes < 8 << 20)

      let inserted = bytes[..<(20 << 20)] + random.bytes(1000) + bytes[(20 << 20)...]
      let shifted = try bench.backup(Array(inserted))
      #expect(shifted.snapshot.statistics.newBytes < 8 << 20)

      #expect(try bench.restored(first.name) == bytes)
      #expect(try bench.restored(same.name) == bytes)
      #expect(try bench.restored(longer.name) == appended)
      #expect(try bench.restored(shifted.name) == Array(inserted))
    }

    @Test("standard input comes back as it was")
    func standardInput() throws {
      let bench = try Bench()
      var random = RandomSource(seed: 5)
      let bytes = random.bytes(3 << 20)
      try Files.write(bench.folder.path("input"), bytes)
      let input = try Descriptor.open(bench.folder.path("input"), O_RDONLY)
      let source = StandardInputSource(StandardInputSettings(), descriptor: input.number)
      let report = try bench.backup(source, repeatable: false)
      #expect(report.snapshot.verdict == .complete)
      #expect(try bench.restored() == bytes)
    }

    @Test("a database of SQLite comes back with the truth about its tables")
    func database() throws {
      let bench = try Bench()
      let path = bench.folder.path("orders.db")
      let made = try Program.run([
        "sqlite3", path,
        "create table t(a, b); insert into t select value, randomblob(100) from generate_series(1, 20000);",
      ])
      try #require(made.status == 0, "sqlite3: \(made.errors)")
      let report = try bench.backup(SQLiteSource(SQLiteSettings(path: path, scratch: bench.folder.path)))
      #expect(report.snapshot.verdict == .complete)
      #expect(report.snapshot.engine.kind == "sqlite")

      let sink = try FolderSink(bench.folder.path("back"))
      #expect(try bench.restore(into: sink).differences.isEmpty)
      let run = RestoreRun(try bench.restorer(), stop: StopSignal(), progress: RunProgress())
      let truth = try run.truth(of: try bench.listed())
      #expect(truth.tables.map(\.rows) == [20000])
      let count = try Program.run(["sqlite3", bench.folder.path("back/orders.db"), "select count(*) from t"])
      #expect(count.text == "20000\n")
      #expect(!Files.names(in: bench.folder.path).contains { $0.hasPrefix("lifeboat-scratch") })
    }

    @Test("a command's stream restores to a descriptor")
    func descriptor() throws {
      let bench = try Bench()
      var random = RandomSource(seed: 6)
      let bytes = random.bytes(5 << 20)
      try bench.backup(bytes)
      do {
        let file = try Descriptor.open(bench.folder.path("out"), O_WRONLY | O_CREAT)
        try bench.restore(into: DescriptorSink(file.number, stop: StopSignal()))
      }
      #expect(try Files.read(bench.folder.path("out")) == bytes)
    }
  }
}
