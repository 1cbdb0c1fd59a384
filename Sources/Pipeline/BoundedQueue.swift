package import Bytes

/// A queue between threads with a bounded length, and bounded weight where the elements say what they weigh.
///
/// Any number of senders and receivers. A stop of the run wakes and ends all of them; what is still queued then is
/// destroyed with the queue.
package final class BoundedQueue<Element: ~Copyable & Sendable>: @unchecked Sendable {
  private let capacity: Int
  private let heaviest: Int
  private let weigh: (@Sendable (borrowing Element) -> Int)?
  private let stop: StopSignal
  private var registration: StopRegistration?

  private let monitor: Monitor
  private let notEmpty: Monitor.Condition
  private let notFull: Monitor.Condition
  // Everything below is guarded by the monitor.
  private let slots: UnsafeMutablePointer<Element>
  private let weights: UnsafeMutablePointer<Int>
  private var head = 0
  private var count = 0
  private var weight = 0
  private var isFinished = false

  /// - Parameters:
  ///   - capacity: how many elements fit
  ///   - heaviest: how much all queued elements may weigh together, in the unit of `weigh`; an element above that
  ///     passes when the queue is empty
  ///   - weigh: what an element weighs, as a rule its bytes
  ///   - stop: the signal of the run
  package init(
    capacity: Int, heaviest: Int = .max, weigh: (@Sendable (borrowing Element) -> Int)? = nil, stop: StopSignal
  ) {
    precondition(capacity > 0)
    self.capacity = capacity
    self.heaviest = heaviest
    self.weigh = weigh
    self.stop = stop
    slots = .allocate(capacity: capacity)
    weights = .allocate(capacity: capacity)
    let monitor = Monitor()
    let notEmpty = Monitor.Condition(of: monitor)
    let notFull = Monitor.Condition(of: monitor)
    self.monitor = monitor
    self.notEmpty = notEmpty
    self.notFull = notFull
    registration = stop.onStop {
      monitor.locked {
        notEmpty.wakeAll()
        notFull.wakeAll()
      }
    }
  }

  deinit {
    while count > 0 { _ = takeFirst() }
    slots.deallocate()
    weights.deallocate()
  }

  /// Appends; waits while the queue is full. Throws the reason once the run stops.
  package func send(_ element: consuming Element) throws(Failure) {
    let load = weigh?(element) ?? 0
    monitor.lock()
    defer { monitor.unlock() }
    precondition(!isFinished, "sent into a finished queue")
    while !stop.isStopped, count == capacity || (count > 0 && weight > heaviest - load) { notFull.wait() }
    try stop.check()
    let tail = (head + count) % capacity
    (slots + tail).initialize(to: element)
    weights[tail] = load
    weight += load
    count += 1
    notEmpty.wakeOne()
  }

  /// Takes the oldest element; waits while there is none. Nil once the queue is finished and empty.
  /// Throws the reason once the run stops, even if elements are left.
  package func receive() throws(Failure) -> Element? {
    monitor.lock()
    defer { monitor.unlock() }
    while !stop.isStopped, count == 0, !isFinished { notEmpty.wait() }
    try stop.check()
    if count == 0 { return nil }
    let element = takeFirst()
    // Weights differ, so that whoever fits may not be the one who was woken: wake them all.
    if weigh == nil { notFull.wakeOne() } else { notFull.wakeAll() }
    return element
  }

  /// Says that nothing more will be sent; receivers get what is left and then nil. May be called again.
  package func finish() {
    monitor.locked {
      isFinished = true
      notEmpty.wakeAll()
    }
  }

  private func takeFirst() -> Element {
    let first = head
    head = (head + 1) % capacity
    count -= 1
    weight -= weights[first]
    return (slots + first).move()
  }
}
