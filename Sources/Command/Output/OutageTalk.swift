import Profiles
package import Store

/// Decides which of a store's waits are worth a line for people: when one has lasted a while, and when it is over. Short
/// ones, as every busy store has them, are passed over; programs see each of them.
package struct OutageTalk: Sendable {
  /// A wait that lasts longer is told, in nanoseconds.
  package static let patience: UInt64 = 5_000_000_000

  private var began: UInt64?
  /// Whether an outage that goes on has been told of.
  package private(set) var hasBegun = false

  package init() {}

  /// What to say now; nil for nothing.
  ///
  /// - Parameters:
  ///   - notice: from the store
  ///   - now: nanoseconds of a clock that never goes back
  package mutating func hear(_ notice: StoreNotice, at now: UInt64) -> String? {
    switch notice {
    case .waiting(let wait):
      let began = began ?? now
      self.began = began
      guard !hasBegun, now - min(now, began) + wait.delay >= OutageTalk.patience else { return nil }
      hasBegun = true
      return "waiting for the store, for \(Duration.text(wait.budgetLeft)) at most: \(wait.reason)"
    case .resumed(let length):
      defer { self = OutageTalk() }
      return hasBegun ? "the store answers again, after \(Duration.text(length))" : nil
    case .degraded, .taken: return nil
    }
  }
}
