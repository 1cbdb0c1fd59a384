package import Store
import Synchronization

/// An object whose bytes were missing or wrong in the store, and where good ones came from.
package struct TakenObject: Sendable, Hashable {
  /// Its path in the store.
  package let path: String
  /// A copy's name, or what the store calls it: `an older version`.
  package let from: String

  package init(path: String, from: String) {
    self.path = path
    self.from = from
  }
}

/// Keeps what stores say they took from elsewhere, for the summary of a run.
package final class TakenObjects: Sendable {
  private let found = Mutex<Set<TakenObject>>([])

  package init() {}

  /// Notes what a store had to say; everything but `taken` is passed over.
  package func note(_ notice: StoreNotice) {
    guard case .taken(let path, let from) = notice else { return }
    found.withLock { _ = $0.insert(TakenObject(path: path, from: from)) }
  }

  /// Everything so far, each once, by path.
  package var all: [TakenObject] {
    found.withLock { $0 }.sorted { ($0.path, $0.from) < ($1.path, $1.from) }
  }
}
