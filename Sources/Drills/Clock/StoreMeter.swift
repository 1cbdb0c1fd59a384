package import Store
import Synchronization

/// What a phase asked of the store.
package struct StoreCost: Sendable, Equatable {
  /// Bytes read.
  package var bytes: UInt64
  /// Calls of the store; each may be several requests of its protocol.
  package var requests: UInt64
  /// Calls that were tried again.
  package var retries: UInt64

  package init(bytes: UInt64 = 0, requests: UInt64 = 0, retries: UInt64 = 0) {
    self.bytes = bytes
    self.requests = requests
    self.retries = retries
  }

  static func + (one: StoreCost, other: StoreCost) -> StoreCost {
    StoreCost(
      bytes: one.bytes + other.bytes, requests: one.requests + other.requests, retries: one.retries + other.retries)
  }

  func since(_ earlier: StoreCost) -> StoreCost {
    StoreCost(
      bytes: bytes - earlier.bytes, requests: requests - earlier.requests, retries: retries - earlier.retries)
  }
}

/// Counts what the stores of a recovery are asked for.
package final class StoreMeter: Sendable {
  private let stores = Mutex<[CountingStore]>([])
  private let retries = Mutex<UInt64>(0)

  package init() {}

  /// Puts a counter around a store.
  package func counting(_ store: any Store) -> any Store {
    let counted = CountingStore(store)
    stores.withLock { $0.append(counted) }
    return counted
  }

  /// Hears what the stores have to say: each wait is one more try.
  package func hear(_ notice: StoreNotice) {
    if case .waiting = notice { retries.withLock { $0 += 1 } }
  }

  /// Everything so far.
  package var reading: StoreCost {
    var cost = StoreCost(retries: retries.withLock { $0 })
    for store in stores.withLock({ $0 }) {
      for (call, tally) in store.counts {
        cost.requests += tally.calls
        if call == .read { cost.bytes += tally.bytes }
      }
    }
    return cost
  }
}
