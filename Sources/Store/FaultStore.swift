package import Bytes
import Glibc
import Synchronization

/// Does to the calls of a store what a script says; everything else passes.
///
/// Product code: drills rehearse failures of the store with it. A script whose faults were never met tests nothing,
/// so whoever scripts asks for `unexercised` at the end.
package final class FaultStore: Store {
  private struct State {
    var calls = 0
    /// For each fault: how many calls matched, and how many it hit.
    var matched: [Int]
    var hit: [Int]
  }

  private let base: any Store
  private let faults: [StoreFault]
  private let state: Mutex<State>

  /// Faults are tried in order; all that match a call apply.
  package init(_ base: any Store, _ faults: [StoreFault]) {
    self.base = base
    self.faults = faults
    let zeros = Array(repeating: 0, count: faults.count)
    state = Mutex(State(matched: zeros, hit: zeros))
  }

  /// How many calls of any kind there were; bounds a loop over "a crash after the n-th call".
  package var calls: Int { state.withLock { $0.calls } }

  /// The faults that never met a call, by their place in the script.
  package var unexercised: [Int] {
    state.withLock { state in state.hit.indices.filter { state.hit[$0] == 0 } }
  }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    let effects = try begin(.put, path.text)
    try base.put(path, bytes, digest: digest)
    try end(effects)
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    let effects = try begin(.read, path.text)
    var count = try base.read(path, range, into: buffer)
    let start = range?.lowerBound ?? 0
    for effect in effects {
      switch effect {
      case .truncate(let size):
        let left = UInt64(max(size, 0)) > start ? UInt64(max(size, 0)) - start : 0
        count = Int(min(UInt64(count), left))
      case .flip(let offset):
        if offset >= start, offset - start < UInt64(count) { buffer[Int(offset - start)] ^= 0xff }
      default: break
      }
    }
    try end(effects)
    return count
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    let effects = try begin(.size, path.text)
    let size = try base.size(of: path)
    try end(effects)
    return size
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    let effects = try begin(.list, prefix)
    try base.list(prefix) { (object) throws(Failure) in
      for case .hide(let hidden) in effects where object.path.text.hasPrefix(hidden) { return }
      try each(object)
    }
    try end(effects)
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    let effects = try begin(.list, prefix)
    var folders = try base.folders(in: prefix)
    for case .hide(let hidden) in effects { folders.removeAll { (prefix + $0 + "/").hasPrefix(hidden) } }
    try end(effects)
    return folders
  }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    let effects = try begin(.findIntact, path.text)
    let isFound = try base.findIntact(path, digest: digest)
    try end(effects)
    return isFound
  }

  package func delete(_ path: StorePath) throws(Failure) {
    let effects = try begin(.delete, path.text)
    try base.delete(path)
    try end(effects)
  }

  package func freeBytes() throws(Failure) -> UInt64? {
    let effects = try begin(.freeBytes, "")
    let bytes = try base.freeBytes()
    try end(effects)
    return bytes
  }

  /// Counts the call, does what comes before it, and returns all that is to happen to it.
  private func begin(_ call: StoreCall, _ path: String) throws(Failure) -> [StoreFault.Effect] {
    let effects = state.withLock { state in
      state.calls += 1
      var effects: [StoreFault.Effect] = []
      for (index, fault) in faults.enumerated() where fault.matches(call, path) {
        state.matched[index] += 1
        guard fault.hits(state.matched[index]) else { continue }
        state.hit[index] += 1
        effects.append(fault.effect)
      }
      return effects
    }
    for effect in effects {
      switch effect {
      case .before(let hook): hook()
      case .delay(let time): sleep(nanoseconds: time)
      case .fail(let failure): throw failure
      default: break
      }
    }
    return effects
  }

  private func end(_ effects: [StoreFault.Effect]) throws(Failure) {
    for effect in effects {
      switch effect {
      case .after(let hook): hook()
      case .loseAnswer(let failure): throw failure
      default: break
      }
    }
  }

  private func sleep(nanoseconds: UInt64) {
    var rest = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = timespec()
    while nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
  }
}
