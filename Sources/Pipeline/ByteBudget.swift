package import Bytes

/// A number of bytes that threads share: who wants some waits until they are free.
///
/// Requests are granted in the order in which they come, so that a large one is never overtaken for ever.
package final class ByteBudget: @unchecked Sendable {
  /// The whole budget in bytes.
  package let total: Int
  private let stop: StopSignal
  private var registration: StopRegistration?

  private let monitor: Monitor
  private let changed: Monitor.Condition
  // Everything below is guarded by the monitor.
  private var used = 0
  private var nextTicket: UInt64 = 0
  private var serving: UInt64 = 0

  /// - Parameters:
  ///   - total: the budget in bytes
  ///   - stop: the signal of the run
  package init(_ total: Int, stop: StopSignal) {
    precondition(total > 0)
    self.total = total
    self.stop = stop
    let monitor = Monitor()
    let changed = Monitor.Condition(of: monitor)
    self.monitor = monitor
    self.changed = changed
    registration = stop.onStop { monitor.locked { changed.wakeAll() } }
  }

  /// Waits until `bytes` are free and takes them. A request above the whole budget is granted when it is alone.
  /// Throws the reason once the run stops.
  package func acquire(_ bytes: Int) throws(Failure) {
    precondition(bytes >= 0)
    monitor.lock()
    defer { monitor.unlock() }
    let ticket = nextTicket
    nextTicket += 1
    while !stop.isStopped, serving != ticket || (used > 0 && bytes > total - used) { changed.wait() }
    try stop.check()
    used += bytes
    serving += 1
    changed.wakeAll()
  }

  /// Gives `bytes` back, as many as were acquired.
  package func release(_ bytes: Int) {
    monitor.locked {
      precondition(bytes >= 0 && bytes <= used, "released more than was acquired")
      used -= bytes
      changed.wakeAll()
    }
  }

  /// How many bytes are taken at the moment.
  package var inUse: Int { monitor.locked { used } }
}
