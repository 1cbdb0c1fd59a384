/// What the calls of a store learn from each other while it fails: a plain value, moved on by how each of them ended.
///
/// An outage begins with the first failure after the last call that the store answered, whoever made it. Once one call
/// has given the store up, those that wait give up as well, and each later one gets a single try, until one is answered.
struct Outage: Sendable, Equatable {
  /// When it began, in nanoseconds of the clock; nil while the store answers.
  private(set) var began: UInt64?
  private(set) var isGivenUp = false
  /// How many outages have ended: who waits sees by it that the store answers again.
  private(set) var ended: UInt64 = 0
  private var hasWaited = false
  /// When the store answered last.
  private var answered: UInt64 = 0

  /// A call was answered.
  ///
  /// - Returns: how long the outage was that ends now, if there was one that somebody waited in
  mutating func answer(at now: UInt64) -> UInt64? {
    answered = max(answered, now)
    guard let began else { return nil }
    defer { self = Outage(ended: ended + 1, answered: answered) }
    return hasWaited ? now - min(now, began) : nil
  }

  /// A call failed in a way that may pass.
  ///
  /// - Parameter begun: when it began: one that the store has answered others since tells of the outage before
  mutating func fail(at now: UInt64, begun: UInt64) {
    if began == nil, begun >= answered { began = now }
  }

  /// A call is about to wait.
  mutating func wait() { hasWaited = began != nil }

  /// A call gives up.
  mutating func giveUp() { isGivenUp = began != nil }

  init() {}

  private init(ended: UInt64, answered: UInt64) {
    self.ended = ended
    self.answered = answered
  }
}
