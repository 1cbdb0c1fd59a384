import Bytes
package import Pipeline
import Synchronization

/// What happens to the calls of one store or of several, and how often it did.
///
/// Faults may be added while the stores are in use: which pack is to be damaged is known only once the index was read.
package final class FaultScript: Sendable {
  private struct Entry {
    let fault: StoreFault
    /// How many calls matched, and how many it hit.
    var matched = 0
    var hits: UInt64 = 0
  }

  private struct State {
    var entries: [Entry]
    var calls = 0
    var bytes: UInt64 = 0
    var isOver = false
  }

  /// A fault that meets a call, by its place in the script.
  struct Meeting {
    let index: Int
    let effect: StoreFault.Effect
  }

  /// Ends every delay.
  let stop: StopSignal
  private let state: Mutex<State>

  /// Faults are tried in order; all that match a call apply.
  ///
  /// - Parameters:
  ///   - faults: what happens
  ///   - stop: ends every delay
  package init(_ faults: [StoreFault] = [], stop: StopSignal = StopSignal()) {
    self.stop = stop
    state = Mutex(State(entries: faults.map { Entry(fault: $0) }))
  }

  /// Adds a fault; returns its place in the script.
  @discardableResult
  package func add(_ fault: StoreFault) -> Int {
    state.withLock { state in
      state.entries.append(Entry(fault: fault))
      return state.entries.count - 1
    }
  }

  /// Nothing happens to any call from now on.
  package func end() { state.withLock { $0.isOver = true } }

  /// How many calls of any kind there were.
  package var calls: Int { state.withLock { $0.calls } }

  /// How many bytes reads of parts of objects asked for so far: packs are read in parts, all else as a whole.
  package var bytes: UInt64 { state.withLock { $0.bytes } }

  /// How often a fault happened, by its place.
  package func hits(of index: Int) -> UInt64 { state.withLock { $0.entries[index].hits } }

  /// The faults that never met a call, by their place.
  package var unexercised: [Int] {
    state.withLock { state in state.entries.indices.filter { state.entries[$0].hits == 0 } }
  }

  /// Counts a call, and returns what is to happen to it.
  ///
  /// - Parameter bytes: what the read of a part of an object asks for
  func meet(_ call: StoreCall, _ path: String, bytes: UInt64) -> [Meeting] {
    state.withLock { state in
      state.calls += 1
      state.bytes += bytes
      guard !state.isOver else { return [] }
      var meetings: [Meeting] = []
      for index in state.entries.indices {
        let fault = state.entries[index].fault
        guard fault.matches(call, path), state.bytes >= fault.afterBytes, fault.isOn() else { continue }
        state.entries[index].matched += 1
        guard fault.draw.hits(state.entries[index].matched) else { continue }
        if !fault.isCountedLater { state.entries[index].hits += 1 }
        meetings.append(Meeting(index: index, effect: fault.effect))
      }
      return meetings
    }
  }

  /// Counts what only happened while the call went on.
  func note(_ index: Int) { state.withLock { $0.entries[index].hits += 1 } }
}
