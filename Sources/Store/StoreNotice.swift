/// What a store has to say beside the answers of its calls: for progress and logs.
package enum StoreNotice: Sendable, Equatable {
  /// A call failed and will be tried again.
  case waiting(Wait)
  /// Calls that had to wait succeed again; how long the store was not to be used, in nanoseconds.
  case resumed(after: UInt64)
  /// The store lacks something that it should have; work goes on without it.
  case degraded(String)
  /// The bytes of an object were missing or wrong; good ones came from elsewhere.
  case taken(path: String, from: String)

  /// One wait between two tries.
  package struct Wait: Sendable, Equatable {
    /// What went wrong, as a failure says it.
    package let reason: String
    /// Which try failed, from 1.
    package let attempt: Int
    /// Nanoseconds until the next.
    package let delay: UInt64
    /// Nanoseconds after which it is given up, from now.
    package let budgetLeft: UInt64

    package init(reason: String, attempt: Int, delay: UInt64, budgetLeft: UInt64) {
      self.reason = reason
      self.attempt = attempt
      self.delay = delay
      self.budgetLeft = budgetLeft
    }
  }
}

/// Gets the notices of a store, from any of its threads.
package typealias NoticeSink = @Sendable (StoreNotice) -> Void
