import Compression
import Synchronization

/// How hard a run compresses: fast while the store keeps up, denser while uploads are what everybody waits for.
///
/// Told with each pack how the puts stand. One rung up when packs queue up for a put; one down when puts were idle
/// twice in a row, so that a level that just fits is not left at once. No clock in it: equal reports, equal levels.
///
/// Measured with a store of 20 MB/s on two cores that others loaded fourfold: 712 MB of orders in 10.8 s instead of the
/// 11.0 of level 1 throughout and the 18.8 of level 6, 726 MB of employees in 12.8 s instead of 13.3 and 19.7. Dumps full
/// of random keys have little more to give: their level 9 is 7 % smaller than level 1. The first 80 MB stored are always
/// of level 1, for they fill the buffers.
package final class CompressionPolicy: Sendable {
  /// How the puts stand when a pack is opened.
  package enum PutState: Sendable {
    /// Finished packs wait for a put: the store is slower than the crew.
    case behind
    /// Every put that may run is running, and no pack waits.
    case even
    /// There could be more puts than there are packs.
    case idle
  }

  /// The levels worth their time.
  package static let ladder: [Int32] = [Compressor.standardLevel, 4, 6, 9]

  private struct State {
    var rung = 0
    var idle = 0
  }

  private let state = Mutex(State())
  private let current: Atomic<Int32>
  private let isFixed: Bool

  /// - Parameter fixed: the level for the whole run; nil to begin with the fastest and adapt
  package init(fixed: Int32? = nil) {
    isFixed = fixed != nil
    current = Atomic(fixed ?? CompressionPolicy.ladder[0])
  }

  /// The zstd level for the next chunk.
  package var level: Int32 { current.load(ordering: .relaxed) }

  /// Takes in how the puts stand; called once for each pack, from any thread.
  package func note(_ puts: PutState) {
    if isFixed { return }
    state.withLock { state in
      state.idle = puts == .idle ? state.idle + 1 : 0
      if puts == .behind {
        state.rung = min(state.rung + 1, CompressionPolicy.ladder.count - 1)
      } else if state.idle == 2 {
        state.idle = 0
        state.rung = max(state.rung - 1, 0)
      }
      current.store(CompressionPolicy.ladder[state.rung], ordering: .relaxed)
    }
  }
}
