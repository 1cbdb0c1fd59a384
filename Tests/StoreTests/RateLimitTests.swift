import Bytes
import Pipeline
import Store
import Synchronization
import TestKit
import Testing

@Suite("A rate limit")
struct RateLimitTests {
  private let stop = StopSignal()

  @Test("holds to its rate, to the nanosecond, however the bytes are cut")
  func rate() throws {
    var random = RandomSource(seed: 4)
    for rate in [1, 3, 1_000, 7_777_777, 1 << 30, 9_999_999_999] as [UInt64] {
      let clock = ModelClock()
      let limit = RateLimit(bytesPerSecond: rate, clock: clock)
      let start = clock.now()
      var taken: UInt64 = 0
      for _ in 0..<1_000 {
        let bytes = Int(random.next() % max(1, rate / 10 + 3))
        try limit.take(bytes, stop: stop)
        taken += UInt64(bytes)
      }
      let (due, _) = rate.dividingFullWidth(taken.multipliedFullWidth(by: 1_000_000_000))
      #expect(clock.now() - start == due, "\(rate)")
    }
  }

  @Test("gives a tenth of a second back after any pause, and no more")
  func burst() throws {
    let clock = ModelClock()
    let limit = RateLimit(bytesPerSecond: 1_000, clock: clock)
    try limit.take(1_000, stop: stop)
    #expect(clock.waited == .seconds(1))
    clock.advance(.seconds(3_600))
    try limit.take(100, stop: stop)
    #expect(clock.waited == .seconds(1))
    try limit.take(100, stop: stop)
    #expect(clock.waited == .seconds(1.1))
  }

  @Test("takes nothing for nothing, and does not break on more than it can count")
  func extremes() throws {
    let clock = ModelClock()
    let limit = RateLimit(bytesPerSecond: 1, clock: clock)
    try limit.take(0, stop: stop)
    #expect(clock.waited == 0)
    let stopped = StopSignal()
    stopped.stop(because: Failure(.interrupted, "enough"))
    #expect(throws: Failure.self) { try limit.take(.max, stop: stopped) }
    #expect(throws: Failure.self) { try limit.take(.max, stop: stopped) }
  }

  @Test("is shared: what threads take together holds to the rate")
  func shared() throws {
    let clock = ModelClock()
    let limit = RateLimit(bytesPerSecond: 1_000_000, clock: clock)
    let start = clock.now()
    let stop = stop
    let threads = (0..<8).map { number in
      Threads.run(named: "take \(number)") {
        for _ in 0..<500 { try? limit.take(1_000, stop: stop) }
      }
    }
    for thread in threads { thread.join() }
    // Four million bytes; threads that wait at the same time move the clock of the model further than one would.
    #expect(clock.now() - start >= .seconds(3.9))
  }

  @Test("lets go when the run stops, with its reason, by the real clock as well")
  func stops() throws {
    let stop = StopSignal()
    let reason = Failure(.interrupted, "enough")
    let limit = RateLimit(bytesPerSecond: 1)
    let thread = Threads.run(named: "stop") { stop.stop(because: reason) }
    #expect(throws: reason) { try limit.take(1_000_000, stop: stop) }
    thread.join()
  }

  @Test("around a store holds puts and reads back, each by its own")
  func store() throws {
    let clock = ModelClock()
    let base = ScriptedStore()
    let store = LimitedStore(
      base, upload: RateLimit(bytesPerSecond: 1_000, clock: clock),
      download: RateLimit(bytesPerSecond: 500, clock: clock), stop: stop)
    let path = try StorePath(checking: "a")
    try store.put(path, [UInt8](repeating: 7, count: 2_000))
    #expect(clock.waited == .seconds(2))
    let before = clock.waited
    #expect(try store.read(path, limit: 5_000).count == 2_000)
    // Two seconds went by for the put: a tenth of one is given back.
    #expect(clock.waited - before == .seconds(3.9))
    #expect(try store.size(of: path) == 2_000)
    #expect(try store.list("").count == 1)
    #expect(clock.waited - before == .seconds(3.9))
    let unlimited = LimitedStore(base, upload: nil, download: nil, stop: stop)
    #expect(try unlimited.read(path, limit: 5_000).count == 2_000)
  }
}
