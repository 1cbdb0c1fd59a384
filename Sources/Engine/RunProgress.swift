import Pipeline
import Synchronization

/// How far a run is: counters that its threads raise and a renderer reads.
package final class RunProgress: Sendable {
  private let done = Atomic<UInt64>(0)
  private let fresh = Atomic<UInt64>(0)
  private let sealed = Atomic<UInt64>(0)
  private let total = Atomic<UInt64>(0)
  private let held = Atomic<UInt64>(0)
  /// What runs once a share is reached, and the bytes of the nearest of them.
  private let hooks = Mutex<[(share: Double, run: @Sendable () -> Void)]>([])
  private let mark = Atomic<UInt64>(.max)

  package init() {}

  /// Bytes read from the source, or written to the target.
  package var bytes: UInt64 { done.load(ordering: .relaxed) }
  /// Bytes of chunks that the repository did not have.
  package var newBytes: UInt64 { fresh.load(ordering: .relaxed) }
  /// Bytes that those chunks take when sealed.
  package var sealedBytes: UInt64 { sealed.load(ordering: .relaxed) }
  /// Bytes that there will be in all; zero where nobody knows.
  package var expected: UInt64 { total.load(ordering: .relaxed) }

  /// For how long the source has held a state of its server open, in nanoseconds; nil while it holds none.
  package var snapshotAge: UInt64? {
    let since = held.load(ordering: .relaxed)
    let now = WallClock.now()
    return since == 0 ? nil : now > since ? now - since : 0
  }

  func holdsSnapshot(since moment: UInt64?) { held.store(moment ?? 0, ordering: .relaxed) }

  /// The run starts again.
  package func restart() {
    done.store(0, ordering: .relaxed)
    fresh.store(0, ordering: .relaxed)
    sealed.store(0, ordering: .relaxed)
  }

  func add(bytes: Int) {
    let now = done.wrappingAdd(UInt64(bytes), ordering: .relaxed).newValue
    if now >= mark.load(ordering: .relaxed) { runHooks(at: now) }
  }

  func add(newBytes: UInt64, sealedBytes: UInt64) {
    fresh.wrappingAdd(newBytes, ordering: .relaxed)
    sealed.wrappingAdd(sealedBytes, ordering: .relaxed)
  }

  package func expect(_ bytes: UInt64) {
    total.store(bytes, ordering: .relaxed)
    hooks.withLock { setMark($0.map(\.share)) }
  }

  /// Runs `body` once, on the thread that raises the count, when this share of the expected bytes is there. It stays
  /// armed where a run starts again before.
  package func once(at share: Double, _ body: @escaping @Sendable () -> Void) {
    hooks.withLock { hooks in
      hooks.append((share, body))
      setMark(hooks.map(\.share))
    }
  }

  private func setMark(_ shares: [Double]) {
    guard expected > 0, let nearest = shares.min() else { return mark.store(.max, ordering: .relaxed) }
    mark.store(max(1, UInt64(Double(expected) * nearest)), ordering: .relaxed)
  }

  private func runHooks(at bytes: UInt64) {
    let total = Double(expected)
    let due = hooks.withLock { hooks in
      let due = hooks.filter { $0.share * total <= Double(bytes) }
      hooks.removeAll { $0.share * total <= Double(bytes) }
      setMark(hooks.map(\.share))
      return due
    }
    for hook in due { hook.run() }
  }
}
