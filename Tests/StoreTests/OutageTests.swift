import Bytes
import Glibc
import Pipeline
import Store
import Synchronization
import TestKit
import Testing

/// A script of outages that all threads of a store share.
@Suite("An outage shared by threads")
struct OutageTests {
  private let busy = Failure(.storeUnavailable, "busy", retry: RetryAdvice())
  private let path = StorePath("packs/00/object")!

  private func together(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { number in Threads.run(named: "call \(number)") { body(number) } }
    for thread in threads { thread.join() }
  }

  @Test("ends for all of them: every call is done, whoever waits is let go, and its length is told once")
  func ends() throws {
    let busy = busy
    let clock = ModelClock()
    let end = clock.now() + .seconds(60)
    let base = ScriptedStore { _, _ in clock.now() < end ? .failed(busy) : .done }
    let notices = NoticeBook()
    let store = RetryingStore(base, stop: StopSignal(), notices: notices.sink, clock: clock)
    let done = Counter()
    together(8) { number in
      let path = StorePath("packs/00/\(number)")!
      if (try? store.put(path, [UInt8(number)])) != nil { done.add() }
    }
    #expect(done.value == 8)
    #expect(base.paths.count == 8)
    #expect(notices.ends.count == 1)
    #expect(notices.ends.allSatisfy { $0 >= .seconds(59) })
  }

  @Test("that outlasts the budget is given up by all, within the budget of the first")
  func givenUp() throws {
    let busy = busy
    let clock = ModelClock()
    let start = clock.now()
    let base = ScriptedStore { _, _ in .failed(busy) }
    let store = RetryingStore(
      base, RetryPolicy(budget: .seconds(60)), stop: StopSignal(), clock: clock)
    let failed = Counter()
    together(8) { _ in
      do throws(Failure) {
        _ = try store.size(of: path)
      } catch {
        if error.code == .storeUnavailable, error.retry == nil { failed.add() }
      }
    }
    #expect(failed.value == 8)
    // The time of the model is the sum of what all threads wait, so that one budget is the upper bound of all of it,
    // and of the glances that were under way.
    #expect(clock.now() - start <= .seconds(60) + 8 * .seconds(0.5))
  }

  @Test("is over with any call that is answered: a call that fails among others that succeed has a budget of its own")
  func amongOthers() throws {
    let busy = busy
    let clock = ModelClock()
    let start = clock.now()
    let base = ScriptedStore { _, call in call == .size ? .failed(busy) : .done }
    let notices = NoticeBook()
    let store = RetryingStore(
      base, RetryPolicy(budget: .seconds(60)), stop: StopSignal(),
      notices: { notice in
        notices.sink(notice)
        // While the one waits, another call is answered.
        if case .waiting = notice { base.plant(StorePath("other")!, []) }
      }, clock: clock, random: { $0 })
    let other = Atomic(false)
    let thread = Threads.run(named: "other") {
      while !other.load(ordering: .relaxed) { _ = try? store.freeBytes() }
    }
    let error = #expect(throws: Failure.self) { try store.size(of: path) }
    other.store(true, ordering: .relaxed)
    thread.join()
    #expect(error?.retry == nil)
    #expect(clock.now() - start == .seconds(60))
    #expect(base.calls.filter { $0 == .size }.count >= 8)
  }

  @Test("lets nobody wait on when others are answered, but for those whom the store asked for less")
  func letGo() throws {
    for (isThrottled, expected) in [(false, 0.5), (true, 30)] {
      let failure = Failure(
        .storeUnavailable, "busy", retry: RetryAdvice(isThrottled: isThrottled, after: .seconds(30)))
      let base = ScriptedStore { number, _ in number == 1 ? .failed(failure) : .done }
      let store = Mutex<RetryingStore?>(nil)
      let isFirst = Atomic(true)
      // Another call is answered within the first glance.
      let clock = ModelClock { _ in
        guard isFirst.exchange(false, ordering: .relaxed), let store = store.withLock({ $0 }) else { return }
        _ = try? store.freeBytes()
      }
      let retrying = RetryingStore(base, stop: StopSignal(), clock: clock, random: { _ in 0 })
      store.withLock { $0 = retrying }
      _ = try retrying.size(of: path)
      #expect(clock.waited == .seconds(expected))
      store.withLock { $0 = nil }
    }
  }

  @Test("is given up by those who wait as soon as one has given it up, though their own time is not over")
  func givesUpTogether() throws {
    let busy = busy
    let base = ScriptedStore { _, call in call == .freeBytes ? .done : .failed(busy) }
    let shared = Mutex<RetryingStore?>(nil)
    let (isWaiting, isOver) = (StopSignal(), StopSignal())
    let failure = Mutex<Failure?>(nil)
    let other = Mutex<ThreadHandle?>(nil)
    let path = path
    let isFirst = Atomic(true)
    let clock = ModelClock { _ in
      if isFirst.exchange(false, ordering: .sequentiallyConsistent) {
        // While the first call waits, another is answered, and then a third begins to fail: later than the first.
        let store = shared.withLock { $0 }
        _ = try? store?.freeBytes()
        let thread = Threads.run(named: "third") {
          do throws(Failure) {
            try store?.delete(path)
          } catch {
            failure.withLock { $0 = error }
          }
        }
        other.withLock { $0 = thread }
        OutageTests.wait(for: isWaiting)
      } else if !isWaiting.isStopped {
        isWaiting.stop(because: busy)
        OutageTests.wait(for: isOver)
      }
    }
    let store = RetryingStore(
      base, RetryPolicy(budget: .seconds(60)), stop: StopSignal(), clock: clock, random: { $0 })
    shared.withLock { $0 = store }
    #expect(throws: Failure.self) { try store.size(of: path) }
    isOver.stop(because: busy)
    other.withLock { $0 }?.join()
    #expect(failure.withLock { $0?.what } == "busy, for 60 seconds")
    #expect(base.calls.filter { $0 == .delete }.count == 1)
    shared.withLock { $0 = nil }
  }

  private static func wait(for signal: StopSignal) {
    var watched = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&watched, 1, 30_000)
  }
}
