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
  @Suite("a run that is stopped")
  struct StopTests {
    private static let stopped = Failure(.interrupted, "stopped by the test")

    @Test("ends at once at any moment, and leaves no thread, child or temporary file")
    func anyMoment() throws {
      let bench = try Bench()
      let scratch = bench.folder.path("scratch")
      mkdir(scratch, 0o700)
      let sources: [any DumpSource] = [
        try bench.dump(RandomSource.sample(1, 50 << 20)),
        // Goes on for ever, in a child of its child.
        CommandSource(CommandSettings(run: ["/bin/sh", "-c", "cat /dev/urandom | cat"])),
        // Prints nothing for ever.
        CommandSource(CommandSettings(run: ["/bin/sleep", "1000"])),
        try StopTests.database(bench, scratch: scratch),
      ]
      var random = RandomSource(seed: 9)
      for round in 0..<16 {
        let stop = StopSignal()
        let delay = random.number(in: 0...400)
        let thread = Threads.run(named: "stopper") {
          OwnProcess.sleep(milliseconds: delay)
          stop.stop(because: StopTests.stopped)
        }
        let problem = failure(of: { try bench.backup(sources[round % sources.count], stop: stop) })
        thread.join()
        // A run that was quicker than the stop is none the worse for it.
        #expect(problem == nil || problem == StopTests.stopped, "round \(round)")
        #expect(OwnProcess.remainingThreads() == [], "round \(round)")
        #expect(OwnProcess.remainingChildren() == [], "round \(round)")
        #expect(Files.names(in: scratch) == [], "round \(round)")
        #expect(try bench.unsoundObjects() == [], "round \(round)")
      }
      let bytes = RandomSource.sample(2, 1 << 20)
      try bench.backup(bytes)
      #expect(try bench.restored() == bytes)
    }

    @Test("a restore that is stopped leaves no thread and no half file")
    func restore() throws {
      let bench = try Bench()
      try bench.backup(RandomSource.sample(3, 60 << 20))
      for delay in [0, 20, 60] {
        let stop = StopSignal()
        let thread = Threads.run(named: "stopper") {
          OwnProcess.sleep(milliseconds: delay)
          stop.stop(because: StopTests.stopped)
        }
        let target = bench.folder.path("target-\(delay)")
        let problem = failure(of: { try bench.restore(into: try FolderSink(target), stop: stop) })
        thread.join()
        if problem != nil {
          #expect(problem == StopTests.stopped)
          #expect(!Files.names(in: target).contains("dump"))
        }
        #expect(OwnProcess.remainingThreads() == [])
      }
    }

    @Test("a run that was told to stop before it began does nothing")
    func before() throws {
      let bench = try Bench()
      let before = bench.objects
      let stop = StopSignal()
      stop.stop(because: StopTests.stopped)
      #expect(failure(of: { try bench.backup(try bench.dump([1]), stop: stop) }) == StopTests.stopped)
      #expect(bench.objects == before)
    }

    private static func database(_ bench: Bench, scratch: String) throws -> any DumpSource {
      let path = bench.folder.path("orders.db")
      let made = try Program.run([
        "sqlite3", path,
        "create table t(a, b); insert into t select value, randomblob(200) from generate_series(1, 100000);",
      ])
      try #require(made.status == 0, "sqlite3: \(made.errors)")
      return SQLiteSource(SQLiteSettings(path: path, scratch: scratch))
    }
  }
}
