package import Bytes

/// One scripted fault: which call it meets, and what happens to it.
package struct StoreFault: Sendable {
  /// The kind of call; nil for any.
  package var call: StoreCall?
  /// Only calls whose path, or listing prefix, begins so.
  package var prefix: String
  /// The first of the matching calls that is hit, counted from 1.
  package var first: Int
  /// How many calls are hit from there on.
  package var count: Int
  /// What happens to them.
  package var effect: Effect

  /// - Parameters:
  ///   - effect: what happens
  ///   - call: the kind of call, nil for any
  ///   - prefix: the beginning of the path; empty for any
  ///   - first: which of the matching calls is hit first, from 1
  ///   - count: how many are hit, `Int.max` for all from there on
  package init(_ effect: Effect, on call: StoreCall? = nil, at prefix: String = "", first: Int = 1, count: Int = 1) {
    precondition(first > 0 && count > 0)
    self.effect = effect
    self.call = call
    self.prefix = prefix
    self.first = first
    self.count = count
  }

  /// What happens to a call.
  package enum Effect: Sendable {
    /// It fails and was never done.
    case fail(Failure)
    /// It is done, but its answer is lost: it fails nevertheless.
    case loseAnswer(Failure)
    /// The closure runs before it; a drill ends the process there.
    case before(@Sendable () -> Void)
    /// The closure runs once it is done.
    case after(@Sendable () -> Void)
    /// It takes this many nanoseconds longer.
    case delay(UInt64)
    /// A read sees an object that ends after this many bytes.
    case truncate(Int)
    /// A read returns the byte at this offset of the object with all its bits flipped.
    case flip(UInt64)
    /// A listing does not show objects whose path begins so.
    case hide(String)
  }

  func matches(_ call: StoreCall, _ path: String) -> Bool {
    (self.call == nil || self.call == call) && path.hasPrefix(prefix)
  }

  func hits(_ number: Int) -> Bool { number >= first && number - first < count }
}
