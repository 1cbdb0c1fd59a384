import Bytes
import Databases
import Engine
import Format
import Pipeline
import Repository
import Store
import TestKit
import Testing

extension EngineTests {
  @Suite("a crash after every call of the store")
  struct CrashTests {
    /// What ends a run at a call of the store.
    enum Ending: String, CaseIterable, CustomTestStringConvertible {
      case beforeIt = "before the call"
      case afterIt = "after the call, whose answer is lost"

      var testDescription: String { rawValue }

      /// The store fails at the call and never comes back.
      func faults(at call: Int) -> [StoreFault] {
        let gone = Failure(.storeUnavailable, "the store is gone")
        switch self {
        case .beforeIt: return [StoreFault(.fail(gone), first: call, count: .max)]
        case .afterIt:
          return [StoreFault(.loseAnswer(gone), first: call), StoreFault(.fail(gone), first: call + 1, count: .max)]
        }
      }
    }

    @Test("leaves what was there, and the next run succeeds", arguments: Ending.allCases)
    func everyCall(_ ending: Ending) throws {
      let base = try Bench()
      let old = RandomSource.sample(1, 4 << 20)
      let first = try base.backup(old)
      // Half of it is there already, the rest fills several packs.
      try spoil(base, old, first, by: old[..<(2 << 20)] + RandomSource.sample(2, 36 << 20), ending)
    }

    @Test("leaves what was there where chunks are differences from older ones", arguments: Ending.allCases)
    func everyCallWithDeltas(_ ending: Ending) throws {
      let base = try Bench()
      var day = ChangingDump(seed: 3, rows: 10_000)
      let old = day.bytes
      let first = try base.backup(old)
      day.change()
      try spoil(base, old, first, by: day.bytes[...], ending)
    }

    private func spoil(
      _ base: Bench, _ old: [UInt8], _ first: BackupReport, by new: ArraySlice<UInt8>, _ ending: Ending
    ) throws {
      let dump = try base.dump(Array(new))
      let calls = try CrashTests.calls(of: dump, on: Bench(copying: base))
      #expect(calls > 8)
      for call in 1...calls {
        let bench = try Bench(copying: base)
        let store = Kept()
        let problem = failure(of: {
          let access = try bench.writer { store.keep(FaultStore($0, ending.faults(at: call))) }
          try bench.backup(dump, by: access)
        })
        #expect(problem?.code == .storeUnavailable, "call \(call)")
        #expect(store.store?.unexercised.contains(0) == false, "call \(call)")

        let snapshots = try bench.history().snapshots.map(\.name)
        #expect(snapshots.first == first.name && snapshots.count <= 2, "call \(call)")
        #expect(try bench.restored(first.name) == old, "call \(call)")
        #expect(try bench.damage() == [], "call \(call)")
        let next = try bench.backup(dump)
        #expect(try bench.restored(next.name) == Array(new), "call \(call)")
        #expect(next.snapshot.parents == [snapshots.last], "call \(call)")
        #expect(try bench.history().oddities().isEmpty, "call \(call)")
        #expect(try bench.unsoundObjects() == [], "call \(call)")
      }
    }

    private static func calls(of dump: any DumpSource, on bench: Bench) throws -> Int {
      let store = Kept()
      try bench.backup(dump, by: try bench.writer { store.keep(FaultStore($0, [])) })
      return store.store?.calls ?? 0
    }

    /// Lets a test look at the store that a run was given.
    private final class Kept {
      var store: FaultStore?

      func keep(_ store: FaultStore) -> any Store {
        self.store = store
        return store
      }
    }
  }
}
