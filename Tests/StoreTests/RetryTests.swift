import Bytes
import Pipeline
import Store
import Synchronization
import TestKit
import Testing

@Suite("Trying again")
struct RetryTests {
  private let busy = Failure(.storeUnavailable, "the store is busy", at: "bucket/key", retry: RetryAdvice())
  private let lost = Failure(.storeUnavailable, "the answer was lost", retry: RetryAdvice(mayBeDone: true))
  private let path = StorePath("packs/00/object")!
  private let notices = NoticeBook()

  private func retrying(
    _ base: any Store, _ clock: ModelClock, _ policy: RetryPolicy = RetryPolicy(), stop: StopSignal = StopSignal(),
    random: @escaping @Sendable (UInt64) -> UInt64 = { $0 }
  ) -> RetryingStore {
    RetryingStore(base, policy, stop: stop, notices: notices.sink, clock: clock, random: random)
  }

  @Test("calls that succeed, and those that would only fail again, are made once and wait for nothing")
  func once() throws {
    let denied = Failure(.storeDenied, "no")
    let base = ScriptedStore { number, _ in number == 3 ? .failed(denied) : .done }
    let clock = ModelClock()
    let store = retrying(base, clock)
    try store.put(path, [1])
    #expect(try store.read(path, limit: 5) == [1])
    #expect(throws: denied) { try store.size(of: path) }
    #expect(throws: Failure.self) { try store.put(path, [1]) }
    #expect(base.calls == [.put, .read, .size, .put])
    #expect(clock.waited == 0)
    #expect(notices.all.isEmpty)
  }

  @Test("each kind of call is tried again until it is done")
  func everyKind() throws {
    let busy = busy
    // Of each three calls two fail.
    let base = ScriptedStore { number, _ in number.isMultiple(of: 3) ? .done : .failed(busy) }
    let clock = ModelClock()
    let store = retrying(base, clock)
    try store.put(path, [1, 2, 3])
    #expect(try store.read(path, limit: 5) == [1, 2, 3])
    #expect(try store.size(of: path) == 3)
    #expect(try store.list("packs/").map(\.path) == [path])
    #expect(try store.folders(in: "packs/") == ["00"])
    #expect(try !store.findIntact(path, digest: .zero))
    #expect(try store.freeBytes() == nil)
    try store.delete(path)
    #expect(base.paths.isEmpty)
    #expect(base.calls.count == 8 * 3)
    #expect(notices.waits.count == 8 * 2)
    #expect(notices.ends.count == 8)
  }

  @Test("waits double up to the longest, and twice as long where the store asks for less")
  func backoff() throws {
    for isThrottled in [false, true] {
      let failure = Failure(.storeUnavailable, "busy", retry: RetryAdvice(isThrottled: isThrottled))
      let base = ScriptedStore { number, _ in number > 10 ? .done : .failed(failure) }
      let book = NoticeBook()
      let store = RetryingStore(
        base, RetryPolicy(), stop: StopSignal(), notices: book.sink, clock: ModelClock(), random: { $0 })
      _ = try store.size(of: path)
      let seconds = book.waits.map { Double($0.delay) / 1e9 }
      let plain = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20, 20]
      #expect(seconds == (isThrottled ? Array(plain.dropFirst()) + [20] : plain))
      #expect(book.waits.map(\.attempt) == Array(1...10))
    }
  }

  @Test("a wait is anything from nothing to its limit")
  func jitter() throws {
    let busy = busy
    let base = ScriptedStore { number, _ in number > 8 ? .done : .failed(busy) }
    let limits = Mutex<[UInt64]>([])
    let clock = ModelClock()
    let store = retrying(base, clock) { limit in
      limits.withLock { $0.append(limit) }
      return limit / 4
    }
    _ = try store.size(of: path)
    #expect(notices.waits.map(\.delay) == limits.withLock { $0.map { $0 / 4 } })
    #expect(clock.waited == notices.waits.map(\.delay).reduce(0, +))
  }

  @Test("whoever says when to come back is not asked before")
  func retryAfter() throws {
    let failure = Failure(
      .storeUnavailable, "busy", retry: RetryAdvice(isThrottled: true, after: .seconds(30)))
    let base = ScriptedStore { number, _ in number > 2 ? .done : .failed(failure) }
    let clock = ModelClock()
    _ = try retrying(base, clock, random: { _ in 0 }).size(of: path)
    #expect(notices.waits.map(\.delay) == [.seconds(30), .seconds(30)])
  }

  @Test("a store that asks for longer than the budget is tried once more at its end, and then given up")
  func retryAfterTooLong() throws {
    let failure = Failure(.storeUnavailable, "busy", retry: RetryAdvice(after: .max))
    let base = ScriptedStore { _, _ in .failed(failure) }
    let clock = ModelClock()
    #expect(throws: Failure.self) { try retrying(base, clock).size(of: path) }
    #expect(base.calls.count == 2)
    #expect(clock.waited == .seconds(900))
  }

  @Test("the budget bounds the time, and the failure says how long, how often, and what to do")
  func budget() throws {
    let busy = busy
    let base = ScriptedStore { _, _ in .failed(busy) }
    let clock = ModelClock()
    let start = clock.now()
    let store = retrying(base, clock)
    let error = #expect(throws: Failure.self) { try store.size(of: path) }
    #expect(clock.now() - start == .seconds(900))
    #expect(error?.code == .storeUnavailable)
    #expect(error?.retry == nil)
    #expect(error?.what == "the store is busy, for 15 minutes, \(base.calls.count) tries")
    #expect(error?.place == "bucket/key")
    #expect(error?.next == "What was stored is kept: run again once the store answers.")
    #expect(notices.waits.first?.budgetLeft == .seconds(900))
    #expect(notices.waits.allSatisfy { $0.reason == "the store is busy (bucket/key)" })
    #expect(notices.ends.isEmpty)
  }

  @Test("a budget of nothing means no second try, and no word of one")
  func noBudget() throws {
    let busy = busy
    let base = ScriptedStore { _, _ in .failed(busy) }
    let clock = ModelClock()
    let error = #expect(throws: Failure.self) { try retrying(base, clock, RetryPolicy(budget: 0)).size(of: path) }
    #expect(error?.what == "the store is busy")
    #expect(base.calls.count == 1 && clock.waited == 0 && notices.all.isEmpty)
  }

  @Test("once given up, each call gets one try, until one is answered; then all is as before")
  func afterGivingUp() throws {
    let isDown = Atomic(true)
    let busy = busy
    let base = ScriptedStore { _, _ in isDown.load(ordering: .relaxed) ? .failed(busy) : .done }
    let clock = ModelClock()
    let store = retrying(base, clock)
    #expect(throws: Failure.self) { try store.size(of: path) }
    let (calls, waited) = (base.calls.count, clock.waited)
    for _ in 0..<3 { #expect(throws: Failure.self) { try store.size(of: path) } }
    #expect(base.calls.count == calls + 3)
    #expect(clock.waited == waited)
    isDown.store(false, ordering: .relaxed)
    _ = try store.size(of: path)
    #expect(notices.ends == [.seconds(900)])
    isDown.store(true, ordering: .relaxed)
    #expect(throws: Failure.self) { try store.size(of: path) }
    #expect(clock.waited == waited + .seconds(900))
  }

  @Test("an answer of any kind ends an outage: what the store denies or misses, it has looked at")
  func answers() throws {
    for code in [Failure.Code.storeMissing, .storeExists, .storeDenied, .storeFull] {
      let busy = busy
      let base = ScriptedStore { number, _ in .failed(number == 1 ? busy : Failure(code, "no")) }
      let book = NoticeBook()
      let store = RetryingStore(
        base, RetryPolicy(), stop: StopSignal(), notices: book.sink, clock: ModelClock(), random: { $0 })
      #expect(throws: Failure(code, "no")) { try store.delete(path) }
      #expect(book.ends == [.seconds(0.2)])
    }
  }

  @Test("the stop of the run ends a wait with its reason")
  func stops() throws {
    let stop = StopSignal()
    let reason = Failure(.interrupted, "enough")
    let clock = ModelClock { _ in stop.stop(because: reason) }
    let busy = busy
    let base = ScriptedStore { _, _ in .failed(busy) }
    let store = retrying(base, clock, stop: stop)
    #expect(throws: reason) { try store.size(of: path) }
    #expect(throws: reason) { try store.size(of: path) }
    #expect(base.calls.count == 2)
  }

  @Test("the stop of the run wakes a wait by the real clock")
  func stopsForReal() throws {
    let stop = StopSignal()
    let reason = Failure(.interrupted, "enough")
    let failure = Failure(.storeUnavailable, "busy", retry: RetryAdvice(after: .seconds(600)))
    let base = ScriptedStore { _, _ in .failed(failure) }
    let store = RetryingStore(
      base, stop: stop,
      notices: { _ in
        _ = Threads.run(named: "stop") { stop.stop(because: reason) }
      })
    #expect(throws: reason) { try store.size(of: path) }
  }
}
