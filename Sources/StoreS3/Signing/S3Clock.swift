import Synchronization

/// The time as the store sees it: this host's clock, put right once the store has refused a request for it.
final class S3Clock: Sendable {
  /// What stores let pass is 15 minutes; from here on the clock is worth a word.
  private static let tolerance: Int64 = 60_000_000_000

  /// Nanoseconds to add to the clock of this host.
  private let offset = Atomic<Int64>(0)

  private let host: @Sendable () -> UInt64

  /// - Parameter host: the clock of this host, in nanoseconds since the epoch
  init(_ host: @escaping @Sendable () -> UInt64) { self.host = host }

  /// Nanoseconds since the epoch.
  func now() -> UInt64 {
    UInt64(max(Int64(clamping: host()) + offset.load(ordering: .relaxed), 0))
  }

  /// How far the store's clock is ahead of this host's, in nanoseconds, as far as it was corrected.
  var correction: Int64 { offset.load(ordering: .relaxed) }

  /// Takes over the time of an answer's `Date` header where it differs by more than a minute.
  ///
  /// - Parameters:
  ///   - date: the header
  ///   - before: the correction that the request was signed with; another thread may have put the clock right since
  /// - Returns: whether the request had a wrong time: it may be signed anew and tried again.
  func correct(toHeader date: String, before: Int64) -> Bool {
    guard let time = SigningTime.ofHeader(date) else { return false }
    let difference = Int64(clamping: time) - Int64(clamping: now())
    if abs(difference) > S3Clock.tolerance { offset.add(difference, ordering: .relaxed) }
    return correction != before
  }
}
