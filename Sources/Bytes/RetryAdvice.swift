/// Why another try of what failed may succeed. A failure without it would only fail again.
///
/// Whoever talks to the other side says so, for it alone knows; whoever repeats calls decides when and how often.
package struct RetryAdvice: Sendable, Equatable {
  /// The other side is there and asks for less; else the way to it, or it, is down.
  package var isThrottled: Bool
  /// How long it asked to be left alone, in nanoseconds; nil where it did not say.
  package var after: UInt64?
  /// What was asked for may have been done nevertheless: the answer was lost, not the request.
  package var mayBeDone: Bool

  package init(isThrottled: Bool = false, after: UInt64? = nil, mayBeDone: Bool = false) {
    self.isThrottled = isThrottled
    self.after = after
    self.mayBeDone = mayBeDone
  }
}
