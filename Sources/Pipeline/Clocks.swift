import Glibc

/// Clocks that never go back. All values are nanoseconds since an unspecified start.
package enum MonotonicClock {
  /// Time since the machine started, counting suspension: the clock for commit windows and measured recoveries.
  package static func now() -> UInt64 { read(CLOCK_BOOTTIME) }

  /// Time since the machine started without suspension: the clock for rates and for timeouts of waits.
  package static func awake() -> UInt64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    precondition(clock_gettime(clock, &time) == 0)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// The time of day, which may jump: for stamps that people read, never for measuring.
package enum WallClock {
  /// Nanoseconds since the epoch, UTC.
  package static func now() -> UInt64 {
    var time = timespec()
    precondition(clock_gettime(CLOCK_REALTIME, &time) == 0)
    return UInt64(max(time.tv_sec, 0)) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Measures from its making, suspension included.
package struct Stopwatch: Sendable {
  /// The reading of `MonotonicClock.now()` at the start.
  package let start: UInt64

  /// Starts now.
  package init() { start = MonotonicClock.now() }

  /// Nanoseconds since the start.
  package var nanoseconds: UInt64 { MonotonicClock.now() - start }

  /// Seconds since the start.
  package var seconds: Double { Double(nanoseconds) / 1e9 }
}
