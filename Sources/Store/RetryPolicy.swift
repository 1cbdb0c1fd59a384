import Bytes

/// How long and how often calls of a store are tried again. All spans are nanoseconds.
package struct RetryPolicy: Sendable, Equatable {
  /// The longest wait before the second try; it doubles from try to try.
  package var first: UInt64
  /// The longest wait before any try.
  package var longest: UInt64
  /// How long a store may fail before it is given up; zero for no second try.
  package var budget: UInt64

  package init(first: UInt64 = 200_000_000, longest: UInt64 = 20_000_000_000, budget: UInt64 = 900_000_000_000) {
    self.first = first
    self.longest = longest
    self.budget = budget
  }

  /// How long to wait after a try that failed.
  ///
  /// Anything from nothing to the doubling limit, so that threads and hosts that failed together do not come back
  /// together ("full jitter": M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015). Who asks for
  /// less gets twice the time; who says when to come back is not asked before.
  ///
  /// - Parameters:
  ///   - attempt: which try failed, from 1
  ///   - advice: what the failure says
  ///   - random: a number from zero to the one given, both included
  func delay(after attempt: Int, _ advice: RetryAdvice, random: (UInt64) -> UInt64) -> UInt64 {
    let doublings = min(attempt - 1 + (advice.isThrottled ? 1 : 0), 30)
    let (limit, overflow) = first.multipliedReportingOverflow(by: 1 << UInt64(doublings))
    let jitter = random(overflow ? longest : min(limit, longest))
    guard let after = advice.after else { return jitter }
    let (sum, isTooLong) = after.addingReportingOverflow(jitter)
    return isTooLong ? .max : sum
  }
}
