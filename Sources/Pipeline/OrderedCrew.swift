package import Bytes

/// Runs one job per input on several threads and hands the outputs on in the order of the inputs.
///
/// Ordered parallelism as a ring of slots: an input gets the next slot, a worker fills it, the deliverer empties the
/// slots in turn. At most `window` jobs are anywhere between `submit` and `deliver`, so memory stays bounded however
/// uneven the jobs are. All threads have ended when this returns or throws.
///
/// - Parameters:
///   - name: the threads' name
///   - workers: how many threads work
///   - window: how many jobs may be under way; at least `workers`, twice as many keeps everyone busy
///   - stop: the signal of the run; the first error of any part stops it
///   - feed: runs on the calling thread and submits the inputs; other threads of its own may submit, too, and must have
///     ended when it returns. Outputs of one thread's inputs stay in their order among themselves
///   - makeWork: called once on each worker's thread: its own contexts live in the closure it returns
///   - deliver: gets the outputs in order, on a thread of its own
package func runOrderedCrew<Input: ~Copyable & Sendable, Output: ~Copyable & Sendable>(
  named name: String = "crew", workers: Int, window: Int, stop: StopSignal,
  feed: (_ submit: @escaping @Sendable (consuming Input) throws(Failure) -> Void) throws -> Void,
  makeWork: @escaping @Sendable () throws -> ((consuming Input) throws -> Output),
  deliver: @escaping @Sendable (consuming Output) throws -> Void
) throws(Failure) {
  precondition(workers > 0 && window > 0)
  let jobs = BoundedQueue<CrewJob<Input>>(capacity: window, stop: stop)
  let ring = CrewRing<Output>(window: window, stop: stop)
  var threads = (0..<workers).map { number in
    Threads.run(named: "\(name) \(number)", stop: stop) {
      let work = try makeWork()
      while let job = try jobs.receive() {
        let slot = job.slot
        ring.fill(slot, try work(job.takeInput()))
      }
    }
  }
  threads.append(
    Threads.run(named: "\(name) out", stop: stop) {
      while let output = try ring.next() { try deliver(output) }
    })
  do {
    try feed { (input: consuming Input) throws(Failure) in
      try jobs.send(CrewJob(slot: try ring.reserve(), input: input))
    }
    ring.finish()
  } catch {
    stop.stop(because: Failure(unexpected: error))
  }
  jobs.finish()
  for thread in threads { thread.join() }
  try stop.check()
}

/// An input with the slot that its output goes to.
private struct CrewJob<Input: ~Copyable & Sendable>: ~Copyable, Sendable {
  let slot: Int
  private let input: Input

  init(slot: Int, input: consuming Input) {
    self.slot = slot
    self.input = input
  }

  consuming func takeInput() -> Input { input }
}

/// The slots: reserved in order, filled in any order, emptied in order.
private final class CrewRing<Output: ~Copyable & Sendable>: @unchecked Sendable {
  private let window: Int
  private let stop: StopSignal
  private var registration: StopRegistration?

  private let monitor: Monitor
  private let emptied: Monitor.Condition
  private let filled: Monitor.Condition
  // Everything below is guarded by the monitor; the counters only grow.
  private let slots: UnsafeMutablePointer<Output>
  private var isFull: [Bool]
  private var reserved = 0
  private var delivered = 0
  private var isFinished = false

  init(window: Int, stop: StopSignal) {
    self.window = window
    self.stop = stop
    slots = .allocate(capacity: window)
    isFull = Array(repeating: false, count: window)
    let monitor = Monitor()
    let emptied = Monitor.Condition(of: monitor)
    let filled = Monitor.Condition(of: monitor)
    self.monitor = monitor
    self.emptied = emptied
    self.filled = filled
    registration = stop.onStop {
      monitor.locked {
        emptied.wakeAll()
        filled.wakeAll()
      }
    }
  }

  deinit {
    for slot in 0..<window where isFull[slot] { (slots + slot).deinitialize(count: 1) }
    slots.deallocate()
  }

  /// The next slot; waits until the window has room.
  func reserve() throws(Failure) -> Int {
    monitor.lock()
    defer { monitor.unlock() }
    while !stop.isStopped, reserved - delivered == window { emptied.wait() }
    try stop.check()
    defer { reserved += 1 }
    return reserved % window
  }

  func fill(_ slot: Int, _ output: consuming Output) {
    monitor.lock()
    defer { monitor.unlock() }
    (slots + slot).initialize(to: output)
    isFull[slot] = true
    if slot == delivered % window { filled.wakeOne() }
  }

  /// The next output in order; nil after the last.
  ///
  /// Its slot is free from here on: the output that is being delivered counts for the consumer, not for the window.
  func next() throws(Failure) -> Output? {
    monitor.lock()
    defer { monitor.unlock() }
    let slot = delivered % window
    while !stop.isStopped, !isFull[slot], !(isFinished && delivered == reserved) { filled.wait() }
    try stop.check()
    guard isFull[slot] else { return nil }
    isFull[slot] = false
    delivered += 1
    emptied.wakeOne()
    return (slots + slot).move()
  }

  /// Nothing more will be reserved.
  func finish() {
    monitor.locked {
      isFinished = true
      filled.wakeAll()
    }
  }
}
