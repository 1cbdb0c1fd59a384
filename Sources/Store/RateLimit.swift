package import Bytes
package import Pipeline
import Synchronization

/// Holds transfers back so that together they move no more than so many bytes a second.
///
/// A token bucket kept as the moment at which it will be paid up (the generic cell rate algorithm, ITU-T I.371): each
/// taker moves that moment on by the time that its bytes may last, and waits for it. Takers go on in the order in which
/// they asked, and nobody holds the lock while waiting.
package final class RateLimit: Sendable {
  /// What may go at once after a pause, in nanoseconds of the rate: enough to hide the grain of waits.
  private static let burst: UInt64 = 100_000_000

  private struct State {
    /// When all that was taken so far is paid up.
    var paid: UInt64
    /// Parts of a nanosecond that are owed beyond it, in units of 1/rate.
    var rest: UInt64 = 0
  }

  /// Bytes a second.
  package let bytesPerSecond: UInt64
  private let clock: any WaitingClock
  private let state: Mutex<State>

  /// - Parameters:
  ///   - bytesPerSecond: more than zero
  ///   - clock: what waits
  package init(bytesPerSecond: UInt64, clock: any WaitingClock = AwakeClock()) {
    precondition(bytesPerSecond > 0)
    self.bytesPerSecond = bytesPerSecond
    self.clock = clock
    state = Mutex(State(paid: clock.now()))
  }

  /// Waits for as long as so many bytes may last. Any number may be taken at a time; those who come later wait for
  /// them, too.
  ///
  /// - Throws: the reason of the stop once the run stops; what was taken stays taken.
  package func take(_ bytes: Int, stop: StopSignal) throws(Failure) {
    guard bytes > 0 else { return }
    let now = clock.now()
    let due = state.withLock { state in
      // A pause earns no more than one burst.
      let earliest = now > RateLimit.burst ? now - RateLimit.burst : 0
      if state.paid < earliest { state = State(paid: earliest) }
      let (time, rest) = cost(of: UInt64(bytes), rest: state.rest)
      let (paid, isTooLate) = state.paid.addingReportingOverflow(time)
      state.paid = isTooLate ? .max : paid
      state.rest = rest
      return state.paid
    }
    if due > now { try clock.wait(due - now, stop: stop) } else { try stop.check() }
  }

  /// How long so many bytes may last, and what is owed beyond whole nanoseconds.
  private func cost(of bytes: UInt64, rest: UInt64) -> (time: UInt64, rest: UInt64) {
    let (high, low) = bytes.multipliedFullWidth(by: 1_000_000_000)
    let (sum, carry) = low.addingReportingOverflow(rest)
    let total = (high + (carry ? 1 : 0), sum)
    guard total.0 < bytesPerSecond else { return (.max, 0) }
    let (time, left) = bytesPerSecond.dividingFullWidth(total)
    return (time, left)
  }
}
