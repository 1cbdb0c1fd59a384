import Bytes
import Format
import Pipeline
import Repository
import Store
import TestKit
import Testing

@Suite("A run that ends after any store call")
struct CrashTests {
  private static let outage = Failure(.storeUnavailable, "the store went away")

  @Test("leaves older snapshots whole, a check without damage, and room for the next run", arguments: [false, true])
  func crash(losingAnswer: Bool) throws {
    let before = try RepositoryFixture()
    let old: Dump = ["a": noise(200_000, seed: 1)]
    let oldName = try before.backup(old)
    let new: Dump = ["a": noise(200_000, seed: 1), "b": noise(17 << 20, seed: 2)]
    let counting = FaultStore(before.store.copy(), [])
    try before.backup(new, in: counting, state: try before.otherHost(), chunk: 1 << 20)
    #expect(counting.calls > 12)
    for number in 1...counting.calls {
      let fixture = try before.copy()
      // The answer of the last call is lost, or the call was never done; after it the store is gone.
      var faults = [StoreFault(.fail(CrashTests.outage), first: number + (losingAnswer ? 1 : 0), count: .max)]
      if losingAnswer { faults.append(StoreFault(.loseAnswer(CrashTests.outage), first: number)) }
      let broken = FaultStore(fixture.store, faults)
      #expect(code { try fixture.backup(new, in: broken, chunk: 1 << 20) } == .storeUnavailable, "call \(number)")
      try inspect(fixture, [oldName: old], new, number)
    }
  }

  private func inspect(_ fixture: RepositoryFixture, _ old: [Name: Dump], _ new: Dump, _ number: Int) throws {
    let crashed = try fixture.check()
    #expect(crashed.isSound, "after call \(number): \(crashed.problems)")
    #expect(crashed.worst == nil || crashed.worst == .note)
    #expect(try fixture.lost(of: old).isEmpty)
    let next = try fixture.backup(new, chunk: 1 << 20)
    #expect(try fixture.lost(of: old.merging([next: new]) { one, _ in one }).isEmpty)
    let healed = try fixture.check(readData: false)
    #expect(healed.isSound, "after the run that follows call \(number): \(healed.problems)")
    #expect(try !fixture.history().oddities().contains(where: \.isDamage))
  }

  @Test("a store that fails is never called damage")
  func outageIsThrown() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["a": noise(200_000, seed: 1)])
    let keys = fixture.keys
    func check(_ store: any Store) throws -> CheckReport {
      let access = try RestorerAccess(try OpenRepository(store, key: keys.restorer, state: nil), to: "test")
      return try RepositoryCheck.run(
        access.meta, restorer: access, CheckRequest(readData: true, workers: 2), stop: .init())
    }
    let counting = FaultStore(fixture.store, [])
    #expect(try check(counting).problems.isEmpty)
    for number in 1...counting.calls {
      let broken = FaultStore(fixture.store, [StoreFault(.fail(CrashTests.outage), first: number)])
      #expect(code { _ = try check(broken) } == .storeUnavailable, "call \(number)")
    }
  }
}
