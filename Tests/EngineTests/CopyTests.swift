import Bytes
import Engine
import Format
import Glibc
import Pipeline
import Repository
import Store
import TestKit
import Testing

extension EngineTests {
  @Suite("copies")
  struct CopyTests {
    /// Five days of a dump as deltas, in a store with a copy.
    private func series() throws -> (bench: Bench, dumps: [Name: [UInt8]]) {
      let bench = try Bench()
      var day = ChangingDump(seed: 7, rows: 15_000)
      var dumps: [Name: [UInt8]] = [:]
      for _ in 0..<5 {
        dumps[try bench.backup(day.bytes).name] = day.bytes
        day.change()
      }
      _ = try Program.run(["cp", "-a", bench.storePath, bench.folder.path("copy")])
      return (bench, dumps)
    }

    private func restored(_ name: Name, _ bench: Bench, _ notices: @escaping NoticeSink) throws -> [UInt8] {
      let repository = try RepositoryOpening.open(
        StoreAddress(.local(bench.storePath)), key: bench.keys.restorer, stateRoot: nil,
        copies: [StoreAddress(.local(bench.folder.path("copy")))], in: StoreSurroundings(notices: notices))
      let access = try RestorerAccess(repository, to: "restore")
      let listed = try #require(try SnapshotHistory.load(access.meta).snapshots.first { $0.name == name })
      let run = RestoreRun(access, stop: StopSignal(), progress: RunProgress(), workers: 2)
      let sink = MemorySink()
      let report = try run.run(listed, from: try run.source(of: listed), into: sink)
      #expect(report.differences == [])
      return sink.bytes
    }

    @Test("a third of the packs lost or damaged: every day of a series of deltas comes back from the copy")
    func deltas() throws {
      let (bench, dumps) = try series()
      let packs = bench.objects.filter { $0.contains("/packs/") }
      #expect(packs.count >= 5)
      for offset in 0..<3 {
        let spoilt = try Bench(copying: bench)
        _ = try Program.run(["cp", "-a", bench.folder.path("copy"), spoilt.folder.path("copy")])
        let victims = packs.indices.filter { $0 % 3 == offset }.map { packs[$0] }
        for (number, path) in victims.enumerated() {
          let file = "\(spoilt.storePath)/\(path)"
          var bytes = try Files.read(file)
          unlink(file)
          if number % 2 == 0 { continue }
          for place in stride(from: 7, to: bytes.count, by: 997) { bytes[place] ^= 0x20 }
          try Files.write(file, bytes)
        }
        let log = NoticeLog()
        for (name, dump) in dumps { #expect(try restored(name, spoilt, log.sink) == dump, "offset \(offset)") }
        #expect(log.taken == Set(victims) && log.complaints == [])
      }
    }

    @Test("copying killed at any moment leaves what can be used, and the next run completes it")
    func killed() throws {
      let base = try Lifeboat()
      let dump = RandomSource.sample(4, 60 << 20)
      try Files.write(base.folder.path("dump"), dump)
      for end in [dump.count / 2, dump.count] {
        try Files.write(base.folder.path("part"), dump[..<end])
        let made = try Lifeboat.run(base.backup(["cat", base.folder.path("part")]))
        try #require(made.status == 0, "\(made.summary)")
      }
      let snapshots = base.snapshots()
      var duration = try time(base, to: base.folder.path("calm"))
      var killed = 0
      let kills = Lifeboat.isLong ? 60 : 12
      for number in 0..<kills {
        let target = base.folder.path("copy-\(number)")
        let moment = duration * UInt64(2 * number + 1) / UInt64(2 * kills)
        let watch = Stopwatch()
        let child = try Child.start(command(base, to: target), stop: StopSignal())
        usleep(UInt32(moment / 1000))
        kill(child.processID, SIGKILL)
        if try child.wait() == .signalled(SIGKILL) { killed += 1 } else { duration = min(duration, watch.nanoseconds) }
        try expectUsable(base, target, snapshots, dump)
        let rest = try Lifeboat.run(command(base, to: target))
        #expect(rest.status == 0, "\(rest.summary)")
        #expect(try Program.run(["diff", "-r", base.store, target]).text == "")
        TemporaryFolder.remove(target)
      }
      Files.say("kill -9 of a copy: \(killed) of \(kills) were killed")
      #expect(killed > kills / 3)
    }

    private func command(_ base: Lifeboat, to target: String) -> ChildCommand {
      base.command(["copy", "--repository", base.store, "--to", target, "--threads", "2"])
    }

    private func time(_ base: Lifeboat, to target: String) throws -> UInt64 {
      let watch = Stopwatch()
      let outcome = try Lifeboat.run(command(base, to: target))
      let duration = watch.nanoseconds
      try #require(outcome.status == 0, "\(outcome.summary)")
      TemporaryFolder.remove(target)
      return duration
    }

    /// Every snapshot that is there comes back.
    private func expectUsable(_ base: Lifeboat, _ target: String, _ snapshots: [String], _ dump: [UInt8]) throws {
      let there = Files.tree("\(target)/writers").filter { $0.contains("/snapshots/") }
      for path in there {
        let name = try #require(path.split(separator: "/").last.map(String.init))
        #expect(snapshots.contains(name))
        let folder = TemporaryFolder()
        let restore = try base.run([
          "restore", "orders", "--snapshot", name, "--to", folder.path("back"), "--repository", target, "--key",
          base.folder.path("keys/restorer.key"),
        ])
        #expect(restore.status == 0, "\(restore.summary)")
        let bytes = try Files.read(folder.path("back/dump"))
        #expect(bytes == Array(dump[..<bytes.count]))
      }
    }
  }
}
