import Bytes
import Pipeline
import Store
import TestKit
import Testing

@Suite("A put whose answer is lost")
struct LostAnswerTests {
  private let lost = Failure(.storeUnavailable, "the answer was lost", retry: RetryAdvice(mayBeDone: true))
  private let path = StorePath("packs/00/object")!

  private func retrying(_ base: any Store) -> RetryingStore {
    RetryingStore(base, stop: StopSignal(), clock: ModelClock(), random: { $0 })
  }

  @Test("is done if the object is found with its size, and is not put again")
  func found() throws {
    let lost = lost
    let base = ScriptedStore { number, _ in number == 1 ? .lost(lost) : .done }
    try retrying(base).put(path, [1, 2, 3])
    #expect(base.calls == [.put, .size])
    #expect(base.object(path) == [1, 2, 3])
  }

  @Test("is put again if there is nothing")
  func notFound() throws {
    let lost = lost
    let base = ScriptedStore { number, _ in number == 1 ? .failed(lost) : .done }
    try retrying(base).put(path, [1, 2, 3])
    #expect(base.calls == [.put, .size, .put])
    #expect(base.object(path) == [1, 2, 3])
  }

  @Test("is done if it comes through after we looked")
  func late() throws {
    let lost = lost
    let path = path
    // The first put fails, and its object appears behind the look.
    final class Late: Sendable {
      let base: ScriptedStore
      init(_ script: @escaping @Sendable (Int, StoreCall) -> ScriptedStore.Fate) { base = ScriptedStore(script) }
    }
    let late = Late { number, _ in number == 1 ? .failed(lost) : .done }
    let store = retrying(
      FaultStore(late.base, [StoreFault(.after { late.base.plant(path, [1, 2, 3]) }, on: .size, first: 1)]))
    try store.put(path, [1, 2, 3])
    #expect(late.base.calls == [.put, .size, .put, .size])
  }

  @Test("is a put to a path that exists if something of another size is there")
  func another() throws {
    let lost = lost
    let base = ScriptedStore { number, _ in number == 1 ? .failed(lost) : .done }
    base.plant(path, [9])
    let error = #expect(throws: Failure.self) { try retrying(base).put(path, [1, 2, 3]) }
    #expect(error?.code == .storeExists)
    #expect(base.object(path) == [9])
  }

  @Test("is looked for only then: a path that exists from the beginning is refused as ever")
  func exists() throws {
    let busy = Failure(.storeUnavailable, "busy", retry: RetryAdvice())
    let base = ScriptedStore { number, _ in number == 1 ? .failed(busy) : .done }
    base.plant(path, [1, 2, 3])
    let error = #expect(throws: Failure.self) { try retrying(base).put(path, [1, 2, 3]) }
    #expect(error?.code == .storeExists)
    #expect(base.calls == [.put, .put])
  }

  @Test("is put again by credentials that may not look")
  func mayNotLook() throws {
    let lost = lost
    let denied = Failure(.storeDenied, "no")
    let base = ScriptedStore { number, call in
      call == .size ? .failed(denied) : number == 1 ? .failed(lost) : .done
    }
    try retrying(base).put(path, [1, 2, 3])
    #expect(base.calls == [.put, .size, .put])
  }

  @Test("is looked for again when the look fails, and once is enough of each")
  func everyFate() throws {
    // Every sequence of up to six fates, two bits each: done, failed, lost, and failed without doubt.
    let busy = Failure(.storeUnavailable, "busy", retry: RetryAdvice())
    for seed in 0..<4096 {
      let lost = lost
      let base = ScriptedStore { number, _ in
        guard number <= 6 else { return .done }
        switch seed >> ((number - 1) * 2) & 3 {
        case 0: return .done
        case 1: return .failed(lost)
        case 2: return .lost(lost)
        default: return .failed(busy)
        }
      }
      try retrying(base).put(path, [1, 2, 3])
      #expect(base.object(path) == [1, 2, 3], "seed \(seed)")
      #expect(base.paths.count == 1)
    }
  }
}
