package import Bytes
import Glibc

/// A stop signal for one step of a run. What fails inside of it does not stop the run, which goes on; what stops the
/// run stops the step.
package enum InnerStop {
  /// Does the step.
  package static func run<Result>(
    within outer: StopSignal, _ body: (StopSignal) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let inner = StopSignal()
    let registration = outer.onStop {
      inner.stop(because: outer.reason ?? Failure(.interrupted, "the run was stopped"))
    }
    defer { withExtendedLifetime(registration) {} }
    return try body(inner)
  }

  /// The same with a limit of time; when it has passed, the step stops with `late`.
  package static func run<Result>(
    within outer: StopSignal, for nanoseconds: UInt64?, late: Failure, _ body: (StopSignal) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let nanoseconds else { return try run(within: outer, body) }
    return try run(within: outer) { (inner) throws(Failure) in
      let done = StopSignal()
      let timer = Threads.run(named: "time limit") {
        if !wait(for: done, nanoseconds) { inner.stop(because: late) }
      }
      defer {
        done.stop(because: Failure(.interrupted, "the step is over"))
        timer.join()
      }
      return try body(inner)
    }
  }

  /// False once the time has passed without the signal.
  private static func wait(for signal: StopSignal, _ nanoseconds: UInt64) -> Bool {
    let deadline = MonotonicClock.awake() + nanoseconds
    while !signal.isStopped {
      let now = MonotonicClock.awake()
      guard now < deadline else { return false }
      var watched = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&watched, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
    }
    return true
  }
}
