package import Bytes
import Glibc
package import Pipeline

/// A clock that one can wait by: the real one, or the one of a test, which waits in no time.
package protocol WaitingClock: Sendable {
  /// Nanoseconds since an unspecified start; never goes back.
  func now() -> UInt64

  /// Waits at least so many nanoseconds; throws the reason of the stop, at once, if the run stops before.
  func wait(_ nanoseconds: UInt64, stop: StopSignal) throws(Failure)
}

/// The clock of the machine. It stands still while the machine is suspended: a laptop that slept has not waited.
package struct AwakeClock: WaitingClock {
  package init() {}

  package func now() -> UInt64 { MonotonicClock.awake() }

  package func wait(_ nanoseconds: UInt64, stop: StopSignal) throws(Failure) {
    let (deadline, isEndless) = now().addingReportingOverflow(nanoseconds)
    while true {
      try stop.check()
      let now = now()
      if now >= deadline, !isEndless { return }
      let left = isEndless ? UInt64.max / 2 : deadline - now
      var watched = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&watched, 1, Int32(clamping: left / 1_000_000 + 1))
    }
  }
}
