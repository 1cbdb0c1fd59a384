import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("sources that fail")
  struct SourceFailureTests {
    @Test(
      "a dump that fails at its end is quarantined, and the latest stays the one before",
      arguments: ["exit 1", "kill -9 $$", "kill -TERM $$", "true"])
    func failsAtItsEnd(_ ending: String) throws {
      let bench = try Bench()
      let bytes = RandomSource.sample(1, 20 << 20)
      let good = try bench.backup(bytes)
      // `true` ends well: there it is the marker that is missing.
      let source = try bench.dump(Array(bytes.prefix(bytes.count / 100 * 99)), then: ending, marker: "-- whole")
      let report = try bench.backup(source)
      #expect(report.snapshot.verdict == .quarantined)
      #expect(!report.snapshot.reasons.isEmpty)
      #expect(report.failure?.code == .sourceIncomplete)
      #expect(report.failure?.code.exitStatus == 3)

      let ledger = try Ledger.load(try bench.restorer().meta)
      let choice = try SnapshotChoice.make(.latest, of: "orders", in: try bench.history(), ledger: ledger)
      #expect(choice.listed.name == good.name)
      #expect(choice.passedOver.count == 1)
      #expect(try bench.restored(good.name) == bytes)
      #expect(try bench.restored(report.name) == Array(bytes.prefix(bytes.count / 100 * 99)))
    }

    @Test("the marker at its end makes a dump whole")
    func marker() throws {
      let bench = try Bench()
      let report = try bench.backup(try bench.dump([1, 2, 3], then: "echo '-- whole'", marker: "-- whole"))
      #expect(report.snapshot.verdict == .complete)
      #expect(report.failure == nil)
    }

    @Test("a source that cannot start leaves no snapshot and no pack")
    func cannotStart() throws {
      let bench = try Bench()
      let before = bench.objects
      let sources: [any DumpSource] = [
        CommandSource(CommandSettings(run: ["/nowhere/dump"])),
        CommandSource(CommandSettings(run: ["no-such-program-anywhere"])),
        DirectorySource(DirectorySettings(path: "/nowhere")),
        SQLiteSource(SQLiteSettings(path: "/nowhere.db")),
      ]
      for source in sources {
        #expect(failure(of: { try bench.backup(source) })?.code == .sourceFailed)
      }
      #expect(bench.objects == before)
      #expect(try bench.history().snapshots.isEmpty)
    }

    @Test("a component that is not granted is refused before anything is dumped")
    func notGranted() throws {
      let bench = try Bench()
      let source = try bench.dump([1], then: "touch '\(bench.folder.path("ran"))'")
      #expect(failure(of: { try bench.backup(source, of: "customers") })?.code == .keyUntrusted)
      #expect(!Files.exists(bench.folder.path("ran")))
    }

    @Test("a full store ends the run, and nothing older is touched")
    func fullStore() throws {
      guard let disk = try SmallDisk(megabytes: 40) else { return }
      let bench = try Bench(below: disk.path)
      let bytes = RandomSource.sample(2, 5 << 20)
      let good = try bench.backup(bytes)
      let whole = TemporaryFolder()
      try Files.write(whole.path("dump"), RandomSource.sample(3, 60 << 20))
      let source = CommandSource(CommandSettings(run: ["/bin/cat", whole.path("dump")]))
      let problem = failure(of: { try bench.backup(source) })
      #expect(problem?.code == .storeFull, "\(String(describing: problem))")
      #expect(try bench.history().snapshots.map(\.name) == [good.name])
      #expect(try bench.restored() == bytes)
      #expect(try bench.unsoundObjects().isEmpty)
    }

    @Test("a host that cannot keep its state makes no snapshot, and says so")
    func fullState() throws {
      guard let disk = try SmallDisk(megabytes: 1) else { return }
      let bench = try Bench()
      let bytes = RandomSource.sample(4, 5 << 20)
      let state = "\(disk.path)/state"
      let good = try bench.backup(try bench.dump(bytes), by: try bench.writer(state: state))
      let source = ScriptedSource(try bench.dump(RandomSource.sample(5, 5 << 20))) {
        _ = try? Program.run(["sh", "-c", "cat /dev/zero > '\(disk.path)/filler'"])
      }
      let problem = failure(of: { try bench.backup(source, by: try bench.writer(state: state)) })
      #expect(problem?.code == .stateFailed, "\(String(describing: problem))")
      #expect(try bench.history().snapshots.map(\.name) == [good.name])
      #expect(try bench.restored() == bytes)
    }
  }
}
