import Bytes
import Databases
import Engine
import Format
import Pipeline
import Repository
import Synchronization
import TestKit
import Testing

extension EngineTests {
  @Suite("several runs at the same time")
  struct ConcurrencyTests {
    @Test("two components of one writer")
    func twoComponents() throws {
      let bench = try Bench(components: ["orders", "customers"])
      let shared = RandomSource.sample(1, 20 << 20)
      let orders = shared + RandomSource.sample(2, 20 << 20)
      let customers = shared + RandomSource.sample(3, 20 << 20)
      let reports = try ConcurrencyTests.together([
        { try bench.backup(orders, of: "orders") }, { try bench.backup(customers, of: "customers") },
      ])
      #expect(reports.allSatisfy { $0.snapshot.verdict == .complete })
      #expect(try bench.restored(of: "orders") == orders)
      #expect(try bench.restored(of: "customers") == customers)
      try ConcurrencyTests.expectBothHeads(bench, reports)
    }

    @Test("one component from two installations")
    func twoInstallations() throws {
      let bench = try Bench()
      let bytes = [RandomSource.sample(4, 20 << 20), RandomSource.sample(5, 20 << 20)]
      let reports = try ConcurrencyTests.together(
        (0...1).map { number in
          {
            let access = try bench.writer(state: bench.folder.path("state-\(number)"))
            return try bench.backup(try bench.dump(bytes[number]), by: access)
          }
        })
      for number in 0...1 { #expect(try bench.restored(reports[number].name) == bytes[number]) }
      try ConcurrencyTests.expectBothHeads(bench, reports)
    }

    @Test("two writers, each in its own namespace")
    func twoWriters() throws {
      let bench = try Bench()
      let other = try NewWriter.enrol(
        in: try bench.open(bench.keys.keeper), components: ["customers"], label: "second")
      let orders = RandomSource.sample(6, 20 << 20)
      let customers = orders + RandomSource.sample(7, 1 << 20)
      let reports = try ConcurrencyTests.together([
        { try bench.backup(orders) },
        {
          let access = try bench.writer(other, state: bench.folder.path("other"))
          return try bench.backup(try bench.dump(customers), of: "customers", by: access)
        },
      ])
      #expect(reports[1].snapshot.statistics.newBytes == UInt64(customers.count), "no dedup across writers")
      #expect(try bench.restored() == orders)
      #expect(try bench.restored(of: "customers") == customers)
      #expect(try bench.history().oddities().isEmpty)
    }

    @Test("a second run of a component on one host is refused, or waits")
    func lock() throws {
      let bench = try Bench(components: ["orders", "customers"])
      let second = Mutex<[Failure?]>([])
      let waiting = Mutex<ThreadHandle?>(nil)
      let done = EventLog()
      let source = ScriptedSource(try bench.dump([1])) {
        let problem = failure(of: { try bench.backup([2]) })
        second.withLock { $0.append(problem) }
        let other = failure(of: { try bench.backup([2], of: "customers") })
        second.withLock { $0.append(other) }
        let thread = Threads.run(named: "waiting") {
          _ = failure(of: { try bench.backup(try bench.dump([3]), waits: true) })
          done.sink(.note("waited"))
        }
        waiting.withLock { $0 = thread }
        OwnProcess.sleep(milliseconds: 500)
        done.sink(.note("first"))
      }
      try bench.backup(source)
      waiting.withLock { $0 }?.join()
      #expect(second.withLock { $0.map { $0?.code } } == [.busy, nil])
      #expect(done.all == ["note first", "note waited"])
      #expect(try bench.restored() == [3])
    }

    @Test("a run that waits for another ends when it is stopped")
    func stoppedWait() throws {
      let bench = try Bench()
      let seen = Mutex<Failure?>(nil)
      let source = ScriptedSource(try bench.dump([1])) {
        let stop = StopSignal()
        let thread = Threads.run(named: "stopper") {
          OwnProcess.sleep(milliseconds: 100)
          stop.stop(because: Failure(.interrupted, "stopped by the test"))
        }
        let problem = failure(of: { try bench.backup(try bench.dump([3]), waits: true, stop: stop) })
        thread.join()
        seen.withLock { $0 = problem }
      }
      try bench.backup(source)
      #expect(seen.withLock { $0 }?.code == .interrupted)
    }

    /// The next run names both snapshots as parents, and nothing is odd about the history but the fork.
    private static func expectBothHeads(_ bench: Bench, _ reports: [BackupReport]) throws {
      let third = try bench.backup([1, 2, 3])
      #expect(Set(third.snapshot.parents) == Set(reports.map(\.name)))
      let oddities = try bench.history().oddities()
      #expect(oddities.allSatisfy { !$0.isDamage })
      #expect(try bench.unsoundObjects() == [])
      #expect(try bench.damage() == [])
    }

    private static func together(_ bodies: [@Sendable () throws -> BackupReport]) throws -> [BackupReport] {
      let results = Mutex<[Int: Result<BackupReport, Failure>]>([:])
      let threads = bodies.enumerated().map { number, body in
        Threads.run(named: "together") {
          do {
            let report = try body()
            results.withLock { $0[number] = .success(report) }
          } catch {
            results.withLock { $0[number] = .failure(Failure(unexpected: error)) }
          }
        }
      }
      for thread in threads { thread.join() }
      let found = results.withLock { $0 }
      return try bodies.indices.map { try found[$0]!.get() }
    }
  }
}
