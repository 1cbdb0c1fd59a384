import Bytes
import Profiles
import Store

/// Faults of a store that need no look at what is in it.
extension DrillFault {
  /// How many calls of the store one storm refuses.
  private static let storm = 3

  /// What it does to the calls of the primary store, from the first on.
  func storeFaults(seed: UInt64) -> [StoreFault] {
    switch self {
    case .throttling(let share):
      let slowDown = Failure(
        .storeUnavailable, "503 SlowDown: please reduce your request rate", at: "rehearsed",
        retry: RetryAdvice(isThrottled: true))
      return [StoreFault(.fail(slowDown), draw: .storms(share: share, length: DrillFault.storm, seed: seed))]
    case .slowStore(let latency, let bandwidth):
      var faults: [StoreFault] = []
      if latency > 0 { faults.append(StoreFault(.delay(latency * 1_000_000), count: .max)) }
      if let rate = bandwidth?.count {
        faults.append(StoreFault(.pace(RateLimit(bytesPerSecond: rate)), on: .read, count: .max))
      }
      return faults
    case .resets(let share):
      let reset = Failure(
        .storeUnavailable, "the connection was reset", at: "rehearsed", retry: RetryAdvice(mayBeDone: true))
      return [StoreFault(.breakOff(reset), draw: .storms(share: share, length: 1, seed: seed))]
    case .stalls(let count, let span):
      let stalled = Failure(
        .storeUnavailable, "no byte came for \(span.text)", at: "rehearsed", retry: RetryAdvice(mayBeDone: true))
      return [
        StoreFault(.hang(UInt64(span.count) * 1_000_000_000, stalled), draw: .single(count: count, seed: seed))
      ]
    case .storeLost:
      return [StoreFault(.fail(Failure(.storeUnavailable, "the store does not answer", at: "rehearsed")), count: .max)]
    default: return []
    }
  }
}
