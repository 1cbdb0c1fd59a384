import Bytes
import Pipeline
import Store
import Synchronization

/// A clock that stands until somebody waits by it; waits take no time.
final class ModelClock: WaitingClock {
  private struct State {
    var now: UInt64 = 1_000_000_000_000
    var waits: [UInt64] = []
  }

  private let state = Mutex(State())
  /// Runs within every wait, with the time at its end.
  private let onWait: @Sendable (UInt64) -> Void

  init(onWait: @escaping @Sendable (UInt64) -> Void = { _ in }) { self.onWait = onWait }

  func now() -> UInt64 { state.withLock { $0.now } }

  func wait(_ nanoseconds: UInt64, stop: StopSignal) throws(Failure) {
    try stop.check()
    let now = state.withLock { state in
      state.now += nanoseconds
      state.waits.append(nanoseconds)
      return state.now
    }
    onWait(now)
    try stop.check()
  }

  /// Lets time pass.
  func advance(_ nanoseconds: UInt64) { state.withLock { $0.now += nanoseconds } }

  /// All that was waited, in nanoseconds.
  var waited: UInt64 { state.withLock { $0.waits.reduce(0, +) } }
}

extension UInt64 {
  /// Seconds in nanoseconds.
  static func seconds(_ count: Double) -> UInt64 { UInt64(count * 1e9) }
}

/// Keeps what a store says.
final class NoticeBook: Sendable {
  private let notices = Mutex<[StoreNotice]>([])

  var sink: NoticeSink { { [self] notice in notices.withLock { $0.append(notice) } } }

  var all: [StoreNotice] { notices.withLock { $0 } }

  var waits: [StoreNotice.Wait] {
    all.compactMap { if case .waiting(let wait) = $0 { wait } else { nil } }
  }

  var ends: [UInt64] { all.compactMap { if case .resumed(let length) = $0 { length } else { nil } } }
}
