import Bytes
import Pipeline
import Synchronization
import TestKit
import Testing

private let reason = Failure(.interrupted, "the test stops the run")

private struct Token: ~Copyable, Sendable {
  let number: Int
  private let census: Counter

  init(_ number: Int, _ census: Counter) {
    self.number = number
    self.census = census
    census.add()
  }

  deinit { census.add(-1) }
}

@Suite("Bounded queues")
struct QueueTests {
  @Test("elements come out in order, then nil for every receiver")
  func order() throws {
    let stop = StopSignal()
    let queue = BoundedQueue<Int>(capacity: 3, stop: stop)
    let sender = Threads.run(named: "sender", stop: stop) {
      for number in 0..<1000 { try queue.send(number) }
      queue.finish()
    }
    var received: [Int] = []
    while let number = try queue.receive() { received.append(number) }
    sender.join()
    #expect(received == Array(0..<1000))
    #expect(try queue.receive() == nil)
  }

  @Test("never holds more than its capacity")
  func bounded() throws {
    let stop = StopSignal()
    let queue = BoundedQueue<Int>(capacity: 4, stop: stop)
    let sent = Counter()
    let sender = Threads.run(named: "sender", stop: stop) {
      for number in 0..<2000 {
        try queue.send(number)
        sent.add()
      }
      queue.finish()
    }
    var received = 0
    while try queue.receive() != nil {
      received += 1
      #expect(sent.value - received <= 4)
    }
    sender.join()
    #expect(received == 2000)
  }

  @Test("never weighs more than allowed, except for a single heavy element")
  func weighted() throws {
    let stop = StopSignal()
    let queue = BoundedQueue<Int>(capacity: 100, heaviest: 50, weigh: { $0 }, stop: stop)
    let weights = [10, 20, 20, 1, 70, 5, 50, 49, 1, 1, 200, 3]
    let sent = Counter()
    let sender = Threads.run(named: "sender", stop: stop) {
      for weight in weights {
        try queue.send(weight)
        sent.add(weight)
      }
      queue.finish()
    }
    var received: [Int] = []
    while let weight = try queue.receive() {
      received.append(weight)
      #expect(sent.value - received.reduce(0, +) <= 200)
    }
    sender.join()
    #expect(received == weights)
  }

  @Test("a weighted queue that is full makes the sender wait")
  func weightBlocks() throws {
    let stop = StopSignal()
    let queue = BoundedQueue<Int>(capacity: 100, heaviest: 50, weigh: { $0 }, stop: stop)
    try queue.send(30)
    let isThrough = Counter()
    let sender = Threads.run(named: "sender") {
      // Ends only by the stop: 30 + 30 is over the limit and nobody receives.
      if (try? queue.send(30)) != nil { isThrough.add() }
    }
    stop.stop(because: reason)
    sender.join()
    #expect(isThrough.value == 0)
  }

  @Test("every element is destroyed exactly once: received, left over, or never let in")
  func ownership() throws {
    let census = Counter()
    do {
      let stop = StopSignal()
      let queue = BoundedQueue<Token>(capacity: 4, stop: stop)
      for number in 0..<4 { try queue.send(Token(number, census)) }
      if let first = try queue.receive() { #expect(first.number == 0) }
      #expect(census.value == 3)
      try queue.send(Token(4, census))
      stop.stop(because: reason)
      #expect(throws: reason) { try queue.send(Token(5, census)) }
      #expect(census.value == 4)
    }
    #expect(census.value == 0)
  }

  @Test("many senders and receivers lose and double nothing")
  func many() throws {
    let stop = StopSignal()
    let queue = BoundedQueue<Int>(capacity: 2, stop: stop)
    let seen = Mutex<[Int]>([])
    let senders = (0..<4).map { part in
      Threads.run(named: "sender", stop: stop) { for number in 0..<500 { try queue.send(part * 500 + number) } }
    }
    let receivers = (0..<3).map { _ in
      Threads.run(named: "receiver", stop: stop) {
        while let number = try queue.receive() { seen.withLock { $0.append(number) } }
      }
    }
    for thread in senders { thread.join() }
    queue.finish()
    for thread in receivers { thread.join() }
    try stop.check()
    #expect(seen.withLock { $0.sorted() } == Array(0..<2000))
  }
}

@Suite("The stop signal")
struct StopTests {
  @Test("the first reason wins")
  func firstWins() throws {
    let stop = StopSignal()
    try stop.check()
    #expect(stop.reason == nil && !stop.isStopped)
    #expect(stop.stop(because: reason))
    #expect(!stop.stop(because: Failure(.damaged, "a consequence")))
    #expect(stop.isStopped)
    #expect(throws: reason) { try stop.check() }
  }

  @Test("of many threads that stop at once one is the first, and its reason stays")
  func race() {
    let stop = StopSignal()
    let winners = Mutex<[Failure]>([])
    let threads = (0..<8).map { number in
      Threads.run(named: "stopper") {
        let mine = Failure(.defect, "thread \(number)")
        if stop.stop(because: mine) { winners.withLock { $0.append(mine) } }
      }
    }
    for thread in threads { thread.join() }
    #expect(winners.withLock { $0 } == [stop.reason])
  }

  @Test("wake closures run once; dropped ones not at all; late ones at once")
  func wakes() {
    let stop = StopSignal()
    let woken = Counter()
    let kept = stop.onStop { woken.add() }
    var dropped: StopRegistration? = stop.onStop { woken.add(100) }
    #expect(dropped != nil)
    dropped = nil
    stop.stop(because: reason)
    stop.stop(because: reason)
    #expect(woken.value == 1)
    let late = stop.onStop { woken.add(10) }
    #expect(woken.value == 11)
    withExtendedLifetime((kept, late)) {}
  }

  @Test("everything that waits wakes up and throws the reason")
  func wakesAll() throws {
    let stop = StopSignal()
    let empty = BoundedQueue<Int>(capacity: 1, stop: stop)
    let full = BoundedQueue<Int>(capacity: 1, stop: stop)
    try full.send(1)
    let budget = ByteBudget(10, stop: stop)
    try budget.acquire(10)
    let pool = BufferPool(count: 1, capacity: 10, stop: stop)
    let lease = try pool.lease()
    var pipe = try TestPipe()
    let reading = pipe.reading
    let thrown = Mutex<[Failure]>([])
    let waits: [@Sendable () throws -> Void] = [
      { _ = try empty.receive() }, { try full.send(2) }, { try budget.acquire(1) }, { _ = try pool.lease() },
      {
        try withUnsafeTemporaryAllocation(byteCount: 8, alignment: 1) { room in
          _ = try Transfers.read(reading, into: room, stop: stop)
        }
      },
    ]
    let threads = (waits + waits).map { wait in
      Threads.run(named: "waiter") {
        do { try wait() } catch { thrown.withLock { $0.append(Failure(unexpected: error)) } }
      }
    }
    stop.stop(because: reason)
    for thread in threads { thread.join() }
    #expect(thrown.withLock { $0 } == Array(repeating: reason, count: 10))
    #expect(lease.capacity == 10)
    pipe.close()
  }

  @Test("an error that a thread throws stops its run")
  func threadError() {
    let stop = StopSignal()
    Threads.run(named: "thrower", stop: stop) { throw reason }.join()
    #expect(stop.reason == reason)
  }
}

@Suite("Budgets and pools")
struct BudgetTests {
  @Test("the budget is never exceeded, and all of it comes back")
  func budget() throws {
    let stop = StopSignal()
    let budget = ByteBudget(100, stop: stop)
    let threads = (0..<6).map { seed in
      Threads.run(named: "user", stop: stop) {
        var random = RandomSource(seed: UInt64(seed))
        for _ in 0..<300 {
          let bytes = random.number(in: 0...100)
          try budget.acquire(bytes)
          if budget.inUse > 100 { throw Failure(.defect, "\(budget.inUse) bytes in use") }
          budget.release(bytes)
        }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
    #expect(budget.inUse == 0)
  }

  @Test("a request above the whole budget is granted when it is alone")
  func oversized() throws {
    let stop = StopSignal()
    let budget = ByteBudget(100, stop: stop)
    try budget.acquire(1)
    let isGranted = Counter()
    let thread = Threads.run(named: "large", stop: stop) {
      try budget.acquire(500)
      isGranted.add()
    }
    #expect(isGranted.value == 0)
    budget.release(1)
    thread.join()
    #expect(budget.inUse == 500)
  }

  @Test("a pool makes no more buffers than it may, and gets them back empty")
  func pool() throws {
    let stop = StopSignal()
    let pool = BufferPool(count: 3, capacity: 64, stop: stop)
    let out = Counter()
    let threads = (0..<8).map { _ in
      Threads.run(named: "borrower", stop: stop) {
        for _ in 0..<200 {
          var buffer = try pool.lease()
          guard buffer.count == 0 else { throw Failure(.defect, "a buffer came back full") }
          let now = out.add()
          if now > 3 { throw Failure(.defect, "\(now) buffers are out") }
          buffer.count = 10
          out.add(-1)
        }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
  }

  @Test("parts of a buffer are its bytes in place, and it comes back with the last of them", arguments: [false, true])
  func parts(frontGoesFirst: Bool) throws {
    let pool = BufferPool(count: 2, capacity: 100, stop: StopSignal())
    var buffer = try pool.lease()
    let place = buffer.withCapacity { $0.baseAddress }
    fill(&buffer, 0..<60)
    #expect(shape(buffer) == [60, 100, 1])
    let front = buffer.takeFront(10)
    let middle = buffer.takeFront(50)
    #expect(shape(buffer) == [0, 40, 0])
    fill(&buffer, 70..<110)
    #expect(shape(front) == [10, 10, 0])
    #expect(bytes(front) == Array(0..<10))
    #expect(bytes(middle) == Array(10..<60))
    #expect(bytes(buffer) == Array(70..<110))
    _ = consume middle
    if frontGoesFirst {
      _ = consume front
      try expectOther(pool, than: place)
      _ = consume buffer
    } else {
      _ = consume buffer
      try expectOther(pool, than: place)
      #expect(bytes(front) == Array(0..<10))
      _ = consume front
    }
    var again = try pool.lease()
    #expect(again.withCapacity { $0.baseAddress } == place)
    #expect(shape(again) == [0, 100, 1])
  }

  private func expectOther(_ pool: BufferPool, than place: UnsafeMutableRawPointer?) throws {
    var other = try pool.lease()
    #expect(other.withCapacity { $0.baseAddress } != place)
  }

  private func fill(_ buffer: inout PooledBuffer, _ bytes: Range<UInt8>) {
    Array(bytes).withUnsafeBytes { buffer.replace(with: $0) }
  }

  private func bytes(_ buffer: borrowing PooledBuffer) -> [UInt8] { buffer.withBytes { Array($0) } }

  /// How many bytes are in use, how many fit, and 1 if it is a whole buffer.
  private func shape(_ buffer: borrowing PooledBuffer) -> [Int] {
    [buffer.count, buffer.capacity, buffer.isWhole ? 1 : 0]
  }
}
