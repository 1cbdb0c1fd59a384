import Bytes
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import Synchronization
import TestKit
import Testing

@Suite("The ledger of drills")
struct LedgerTests {
  @Test("forks when drills end at the same moment, and the next drill joins it")
  func forks() throws {
    let bench = try Bench()
    try bench.backUp()
    let drill = try bench.drill()
    let other = Mutex<Name?>(nil)
    // The second drill runs wholly between the first one's look at the ledger and its record.
    let fault = StoreFault(
      .before { other.withLock { $0 = (try? bench.run(drill))?.name } }, on: .put, at: "records/")
    let one = try bench.run(drill, store: FaultStore(bench.store, [fault])).name
    let two = try #require(other.withLock { $0 })
    let forked = try bench.history()
    #expect(forked.heads == [one, two].sorted() && forked.problems == [])
    let joined = try bench.run(drill)
    #expect(joined.record.parents == [one, two].sorted() && joined.record.number == 2)
    #expect(try bench.history().heads == [joined.name])
    #expect(try bench.history().problems == [])
  }

  @Test("holds drills that run side by side, none of which disturbs another")
  func parallel() throws {
    let bench = try Bench()
    try bench.backUp()
    let drill = try bench.drill()
    let proven = Counter()
    let threads = (0..<4).map { number in
      Threads.run(named: "drill \(number)") {
        for _ in 0..<2 where (try? bench.run(drill))?.record.verdict == .proven { proven.add() }
      }
    }
    for thread in threads { thread.join() }
    #expect(proven.value == 8)
    let history = try bench.history()
    #expect(history.lines.count == 8 && history.problems == [])
    #expect(bench.leftovers == [])
  }

  @Test("names a record that was removed, one that was damaged, and one that nobody here signed")
  func tampering() throws {
    let bench = try Bench()
    try bench.backUp()
    let names = try (0..<4).map { _ in try bench.run(try bench.drill()).name }
    #expect(try bench.history().problems == [])
    unlink(bench.folder.path("repository/records/\(names[1].hex)"))
    let removed = try bench.history().problems
    #expect(removed.count == 1 && removed[0].what.contains(names[1].hex.prefix(12)))
    #expect(removed[0].what.contains(names[2].hex.prefix(12)))

    let path = bench.folder.path("repository/records/\(names[2].hex)")
    var bytes = try Files.read(path)
    bytes[bytes.count / 2] ^= 1
    unlink(path)
    try Files.write(path, bytes)
    let damaged = try bench.history()
    #expect(damaged.lines.map(\.name) == [names[0], names[3]])
    #expect(damaged.problems.contains { $0.place.contains(names[2].hex) })

    // The next drill says so, too, and goes on.
    let next = try bench.run(try bench.drill())
    #expect(next.record.verdict == .proven && !next.warnings.isEmpty && next.needsAttention)
  }

  @Test("has no mean of fewer than three recoveries")
  func mean() throws {
    let bench = try Bench()
    try bench.backUp()
    for count in 1...3 {
      try bench.run(try bench.drill())
      try bench.run(try bench.drill("[{sql: {query: SELECT 1, expect: \"2\"}}]"))
      let component = try #require(try bench.history().components.first)
      #expect(component.lines.count == 2 * count && component.recoveryTimes.count == count)
      #expect((component.meanTimeToRecover != nil) == (count == 3))
    }
    let component = try #require(try bench.history().components.first)
    let mean = component.recoveryTimes.reduce(0, +) / 3
    #expect(component.meanTimeToRecover.map { $0.distance(to: mean).magnitude <= 1_000 } == true)
  }

  @Test("refuses numbers that do not fit the chain")
  func misfits() throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.run(try bench.drill())
    let access = try MetaAccess(try OpenRepository(bench.store, key: bench.keys.restorer, state: nil), to: "test")
    for (number, parents) in [(1, [report.name]), (7, [])] as [(UInt64, [Name])] {
      var record = report.record
      record.number = number
      record.parents = parents
      record.particulars = nil
      _ = try Ledger.append(record, in: access)
    }
    #expect(try bench.history().problems.filter { $0.what.contains("number") }.count == 2)
  }
}
