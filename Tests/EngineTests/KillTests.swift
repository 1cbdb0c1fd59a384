import Bytes
import Glibc
import Pipeline
import TestKit
import Testing

extension EngineTests {
  @Suite("sudden death")
  struct KillTests {
    /// How far a run was when it was killed, as its own events and the store's listing tell.
    enum Phase: String, CaseIterable {
      case beforeTheDump = "before the dump"
      case beforeTheFirstPack = "before the first pack"
      case beforeTheSnapshot = "between the first pack and the snapshot"
      case afterTheSnapshot = "after the snapshot"
      case ended = "after its end"

      init(_ outcome: Lifeboat.Outcome, packs: Int, snapshots: Int) {
        if outcome.status == 0 {
          self = .ended
        } else if snapshots > 0 {
          self = .afterTheSnapshot
        } else if packs > 0 {
          self = .beforeTheSnapshot
        } else {
          self = outcome.output.contains("\"dump\"") ? .beforeTheFirstPack : .beforeTheDump
        }
      }
    }

    @Test("at any moment of a run leaves what was there, and the next run succeeds")
    func anyMoment() throws {
      let base = try Lifeboat()
      let old = RandomSource.sample(1, 6 << 20)
      try Files.write(base.folder.path("old"), old)
      let first = try Lifeboat.run(base.backup(["cat", base.folder.path("old")]))
      try #require(first.status == 0, "\(first.summary)")
      let snapshot = try #require(base.snapshots().first)
      let new = old[..<(3 << 20)] + RandomSource.sample(2, 80 << 20)
      let dump = base.folder.path("new")
      try Files.write(dump, new)

      var duration = try KillTests.calmRun(base, dump)
      let kills = Lifeboat.isLong ? 100 : 20
      var fallen: [Phase: Int] = [:]
      for number in 0..<kills {
        for attempt in 1...5 {
          let moment = duration * UInt64(2 * number + 1) / UInt64(2 * kills)
          let bench = try Lifeboat(copying: base)
          let (phase, lived) = try KillTests.kill(bench, dump, at: moment)
          // The machine is quieter than it was: aim again.
          if phase == .ended { duration = min(duration, lived) }
          if phase == .ended, attempt < 5 { continue }
          fallen[phase, default: 0] += 1
          try KillTests.examine(bench, old: (snapshot, old), dump, Array(new), "kill at \(moment / 1_000_000) ms")
          break
        }
      }
      let lines = Phase.allCases.map { "\(fallen[$0, default: 0]) \($0.rawValue)" }
      Files.say("kill -9, spread over a run of \(duration / 1_000_000) ms: \(lines.joined(separator: ", "))")
      #expect(fallen[.beforeTheSnapshot, default: 0] >= kills / 10)
    }

    /// How long an undisturbed run takes, in nanoseconds: the middle one of three.
    private static func calmRun(_ base: Lifeboat, _ dump: String) throws -> UInt64 {
      var durations: [UInt64] = []
      for _ in 0..<3 {
        let bench = try Lifeboat(copying: base)
        let watch = Stopwatch()
        let outcome = try Lifeboat.run(bench.backup(["cat", dump]))
        durations.append(watch.nanoseconds)
        try #require(outcome.status == 0, "\(outcome.summary)")
      }
      return durations.sorted()[1]
    }

    /// Kills a run at a moment and says how far it was, and how long it lived.
    private static func kill(
      _ bench: Lifeboat, _ dump: String, at moment: UInt64
    ) throws -> (phase: Phase, nanoseconds: UInt64) {
      let (packs, snapshots) = (bench.objects("packs").count, bench.snapshots().count)
      let watch = Stopwatch()
      let child = try Child.start(bench.backup(["cat", dump]), stop: StopSignal())
      let process = child.processID
      let killer = Threads.run(named: "killer") {
        usleep(UInt32(moment / 1000))
        Glibc.kill(process, SIGKILL)
      }
      var output: [UInt8] = []
      var part = Buffer(capacity: 65_536)
      repeat {
        part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
        part.withBytes { output.append(contentsOf: $0) }
      } while part.count > 0
      let nanoseconds = watch.nanoseconds
      // The signal first, then the reaping: the number must still be the run's.
      killer.join()
      let exit = try child.wait()
      let outcome = Lifeboat.Outcome(
        exit: exit, output: String(decoding: output, as: UTF8.self), errors: child.errorText)
      #expect(exit == .signalled(SIGKILL) || outcome.status == 0, "\(outcome.summary)")
      let phase = Phase(
        outcome, packs: bench.objects("packs").count - packs, snapshots: bench.snapshots().count - snapshots)
      return (phase, nanoseconds)
    }

    /// Everything that must hold after a death.
    private static func examine(
      _ bench: Lifeboat, old: (snapshot: String, bytes: [UInt8]), _ dump: String, _ new: [UInt8], _ what: Comment
    ) throws {
      let check = try bench.run(["check", "--read-data"], as: "restorer")
      #expect(check.status == 0 || check.status == 1, "\(what): \(check.summary)")
      #expect(try bench.restored(old.snapshot) == old.bytes, what)
      let before = bench.snapshots()
      #expect(before.count <= 2, what)
      for snapshot in before where snapshot != old.snapshot {
        #expect(try bench.restored(snapshot) == new, what)
      }
      let next = try Lifeboat.run(bench.backup(["cat", dump]))
      #expect(next.status == 0, "\(what): \(next.summary)")
      let added = bench.snapshots().filter { !before.contains($0) }
      #expect(added.count == 1, what)
      for snapshot in added { #expect(try bench.restored(snapshot) == new, what) }
      #expect(Files.names(in: "\(bench.store)/.incoming") == [], what)
      #expect(Files.names(in: bench.folder.path("tmp")) == [], what)
    }
  }
}
