import Bytes
import Glibc
import Pipeline
import Synchronization
import TestKit
import Testing

@Suite("Ordered crews")
struct CrewTests {
  @Test("outputs come in the order of the inputs, however long each job takes", arguments: [1, 2, 5])
  func order(workers: Int) throws {
    let delivered = Mutex<[Int]>([])
    try runOrderedCrew(
      workers: workers, window: 2 * workers, stop: StopSignal(),
      feed: { submit in for number in 0..<400 { try submit(number) } },
      makeWork: {
        { number in
          var random = RandomSource(seed: UInt64(number))
          usleep(UInt32(random.number(in: 0...300)))
          return number * 3
        }
      },
      deliver: { number in delivered.withLock { $0.append(number) } })
    #expect(delivered.withLock { $0 } == (0..<400).map { $0 * 3 })
  }

  @Test("no more jobs than the window are under way")
  func window() throws {
    let submitted = Counter()
    let delivered = Counter()
    let worst = Counter()
    try runOrderedCrew(
      workers: 3, window: 4, stop: StopSignal(),
      feed: { submit in
        for number in 0..<500 {
          try submit(number)
          let under = submitted.add()
          worst.raise(to: under - delivered.value)
        }
      },
      makeWork: { { $0 } },
      deliver: { _ in delivered.add() })
    // One more than the window: the output that is being delivered has left its slot.
    #expect(worst.value <= 5)
    #expect(delivered.value == 500)
  }

  @Test("each worker's state is made once, on its own thread, and all of it is gone at the end")
  func workerState() throws {
    final class Context: Sendable {
      let thread = pthread_self()
      let alive: Counter
      init(_ alive: Counter) {
        self.alive = alive
        alive.add()
      }
      deinit { alive.add(-1) }
    }
    let alive = Counter()
    let made = Counter()
    try runOrderedCrew(
      workers: 3, window: 6, stop: StopSignal(),
      feed: { submit in for number in 0..<50 { try submit(number) } },
      makeWork: {
        let context = Context(alive)
        made.add()
        return { number in
          guard context.thread == pthread_self() else { throw Failure(.defect, "a context changed its thread") }
          return number
        }
      },
      deliver: { (_: Int) in })
    #expect(made.value == 3)
    #expect(alive.value == 0)
  }

  @Test(
    "the first error stops everything and is the one that is thrown", arguments: ["feed", "make", "work", "deliver"])
  func errors(part: String) {
    let reason = Failure(.damaged, part)
    let stop = StopSignal()
    #expect(throws: reason) {
      try runOrderedCrew(
        workers: 3, window: 6, stop: stop,
        feed: { submit in
          for number in 0..<10_000 {
            try submit(number)
            if part == "feed", number == 100 { throw reason }
          }
        },
        makeWork: {
          if part == "make" { throw reason }
          return { number in
            if part == "work", number == 100 { throw reason }
            return number
          }
        },
        deliver: { number in if part == "deliver", number == 100 { throw reason } })
    }
    #expect(stop.reason == reason)
  }

  @Test("a stop from outside ends a crew whose source blocks")
  func stopped() {
    let stop = StopSignal()
    let reason = Failure(.interrupted, "from outside")
    let source = BoundedQueue<Int>(capacity: 1, stop: stop)
    let delivered = BoundedQueue<Int>(capacity: 1, stop: stop)
    #expect(throws: reason) {
      try source.send(1)
      try runOrderedCrew(
        workers: 2, window: 4, stop: stop,
        feed: { submit in while let number = try source.receive() { try submit(number) } },
        makeWork: { { $0 } },
        deliver: { (number: Int) in
          try delivered.send(number)
          stop.stop(because: reason)
        })
    }
  }

  @Test("what cannot be copied passes through and is destroyed once")
  func moveOnly() throws {
    struct Cargo: ~Copyable, Sendable {
      let number: Int
      let alive: Counter
      deinit { alive.add(-1) }
    }
    let alive = Counter()
    let sum = Counter()
    try runOrderedCrew(
      workers: 2, window: 4, stop: StopSignal(),
      feed: { submit in
        for number in 0..<100 {
          alive.add()
          try submit(Cargo(number: number, alive: alive))
        }
      },
      makeWork: { { cargo in cargo } },
      deliver: { (cargo: consuming Cargo) in sum.add(cargo.number) })
    #expect(sum.value == 4950)
    #expect(alive.value == 0)
  }

  @Test("a crew without inputs ends")
  func empty() throws {
    try runOrderedCrew(
      workers: 2, window: 2, stop: StopSignal(), feed: { (_: (consuming Int) throws(Failure) -> Void) in },
      makeWork: { { $0 } }, deliver: { (_: Int) in })
  }
}
