import Bytes
import Engine
import Glibc
import Pipeline
import Synchronization

/// Looks at the progress of a run at intervals, on a thread of its own, and works out the rate.
final class ProgressTicker: Sendable {
  /// Rates are taken over about so long, so that they follow what happens without jumping, in nanoseconds.
  private static let memory: UInt64 = 10_000_000_000

  private let over = StopSignal()
  private let thread = Mutex<ThreadHandle?>(nil)

  /// Starts looking.
  ///
  /// - Parameters:
  ///   - interval: nanoseconds between two looks
  ///   - read: how far the run is; nil if there is nothing to say yet
  ///   - show: gets the readings with time and rate
  init(
    interval: UInt64, read: @escaping @Sendable () -> ProgressReading?,
    show: @escaping @Sendable (ProgressReading) -> Void
  ) {
    let over = over
    let started = MonotonicClock.awake()
    let handle = Threads.run(named: "progress") {
      var past: [(time: UInt64, done: UInt64)] = [(started, 0)]
      while !ProgressTicker.wait(interval, for: over) {
        guard var reading = read() else { continue }
        let now = MonotonicClock.awake()
        reading.elapsed = now - started
        if let last = past.last, last.done > reading.done { past = [(now, reading.done)] }
        past.append((now, reading.done))
        while past.count > 2, now - past[1].time >= ProgressTicker.memory { past.removeFirst() }
        let (first, span) = (past[0], now - past[0].time)
        if span > 0 { reading.rate = Double(reading.done - first.done) * 1e9 / Double(span) }
        show(reading)
      }
    }
    thread.withLock { $0 = handle }
  }

  /// Ends the looking; nothing is shown after it returns. May be called again.
  func end() {
    over.stop(because: Failure(.interrupted, "the run is over"))
    thread.withLock { $0 }?.join()
  }

  /// True once it is over.
  private static func wait(_ nanoseconds: UInt64, for over: StopSignal) -> Bool {
    let deadline = MonotonicClock.awake() + nanoseconds
    while true {
      let now = MonotonicClock.awake()
      if over.isStopped { return true }
      if now >= deadline { return false }
      var watched = pollfd(fd: over.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&watched, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
    }
  }
}
