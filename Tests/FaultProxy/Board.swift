import Pipeline
import Synchronization

/// What the connections of a proxy share: the script they play, the length of the way, the list of requests.
final class Board: Sendable {
  private struct State {
    var script = FaultScript([], seed: 0)
    var requests: [ProxiedRequest] = []
    /// How many requests came before the first of the list.
    var forgotten = 0
  }

  private let state = Mutex(State())
  private let roundTrip = Atomic<UInt64>(0)

  /// How long one direction takes at present, in nanoseconds.
  var oneWay: UInt64 { roundTrip.load(ordering: .relaxed) / 2 }

  func setRoundTrip(_ nanoseconds: UInt64) { roundTrip.store(nanoseconds, ordering: .relaxed) }

  func play(_ script: FaultScript) { state.withLock { $0.script = script } }

  var happened: [Int] { state.withLock { $0.script.happened } }

  var requests: [ProxiedRequest] { state.withLock { $0.requests } }

  func forget() {
    state.withLock { state in
      state.forgotten += state.requests.count
      state.requests = []
    }
  }

  /// Notes a request and says what is to happen to it.
  func admit(_ head: RequestHead) -> (number: Int, choice: FaultScript.Choice?) {
    let request = ProxiedRequest(
      method: head.method, target: head.target, credential: head.credential, began: MonotonicClock.awake())
    return state.withLock { state in
      state.requests.append(request)
      return (state.forgotten + state.requests.count - 1, state.script.choice(for: head))
    }
  }

  /// Notes that a fault took place.
  func note(_ choice: FaultScript.Choice, _ number: Int) {
    state.withLock { $0.script.note(choice) }
    update(number) { $0.fault = choice.fault }
  }

  /// Notes what became of a request; nothing happens if it has been forgotten.
  func update(_ number: Int, _ change: (inout ProxiedRequest) -> Void) {
    state.withLock { state in
      let place = number - state.forgotten
      if state.requests.indices.contains(place) { change(&state.requests[place]) }
    }
  }
}
