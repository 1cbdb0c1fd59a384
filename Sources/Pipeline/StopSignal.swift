package import Bytes
import CLinux
import Glibc
import Synchronization

/// The one stop signal of a run: the first real error stops it, and everything that waits wakes up and throws it.
///
/// Waiting code takes part in one of two ways: it registers a wake closure with `onStop`, or it polls `descriptor`
/// beside its own. Nothing may call `stop` while it holds a lock that one of its wake closures takes.
package final class StopSignal: Sendable {
  private struct State {
    var reason: Failure?
    var next: UInt64 = 0
    var wakes: [UInt64: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())
  private let flag = Atomic<Bool>(false)
  private let event: Descriptor

  /// Makes a signal that is not stopped. Traps when the process has no descriptor left for it.
  package init() {
    let number = linux_eventfd(0, O_CLOEXEC | O_NONBLOCK)
    precondition(number >= 0, "no descriptor left for a stop signal")
    event = Descriptor(owning: number)
  }

  /// Becomes readable when the run stops and stays so; for `poll`. Never read from it.
  package var descriptor: Int32 { event.number }

  /// Whether the run is to stop. Cheap enough to ask for every chunk.
  package var isStopped: Bool { flag.load(ordering: .acquiring) }

  /// What stopped the run; nil while it goes on.
  package var reason: Failure? { state.withLock { $0.reason } }

  /// Stops the run. The first reason wins; later ones are consequences and are dropped.
  ///
  /// - Returns: whether this call was the first.
  @discardableResult
  package func stop(because reason: Failure) -> Bool {
    let wakes: [@Sendable () -> Void]? = state.withLock { state in
      guard state.reason == nil else { return nil }
      state.reason = reason
      flag.store(true, ordering: .releasing)
      let wakes = Array(state.wakes.values)
      state.wakes = [:]
      return wakes
    }
    guard let wakes else { return false }
    var one: UInt64 = 1
    _ = write(event.number, &one, 8)
    for wake in wakes { wake() }
    return true
  }

  /// Throws the reason once the run is to stop.
  package func check() throws(Failure) {
    if isStopped, let reason { throw reason }
  }

  /// Calls `wake` once when the run stops, on the thread that stops it; at once if it has stopped already.
  ///
  /// `wake` must not block for long. It may still run once while its registration is being dropped.
  ///
  /// - Returns: a token; dropping it unregisters.
  package func onStop(_ wake: @escaping @Sendable () -> Void) -> StopRegistration {
    let number: UInt64? = state.withLock { state in
      if state.reason != nil { return nil }
      state.next += 1
      state.wakes[state.next] = wake
      return state.next
    }
    guard let number else {
      wake()
      return StopRegistration(nil, 0)
    }
    return StopRegistration(self, number)
  }

  fileprivate func forget(_ number: UInt64) {
    // The closure is destroyed outside the lock: its captures may unregister something in turn.
    let wake = state.withLock { $0.wakes.removeValue(forKey: number) }
    _ = consume wake
  }
}

/// Keeps a wake closure registered for as long as it lives.
package final class StopRegistration: Sendable {
  private let signal: StopSignal?
  private let number: UInt64

  fileprivate init(_ signal: StopSignal?, _ number: UInt64) {
    self.signal = signal
    self.number = number
  }

  deinit { signal?.forget(number) }
}
