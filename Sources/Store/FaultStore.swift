package import Bytes

/// Does to the calls of a store what a script says; everything else passes.
///
/// Product code: drills rehearse failures of the store with it. A script whose faults were never met tests nothing,
/// so whoever scripts asks for `unexercised` at the end.
package final class FaultStore: Store {
  private let base: any Store
  private let script: FaultScript

  /// Faults are tried in order; all that match a call apply.
  package convenience init(_ base: any Store, _ faults: [StoreFault]) { self.init(base, FaultScript(faults)) }

  /// A store whose script is shared with others.
  package init(_ base: any Store, _ script: FaultScript) {
    self.base = base
    self.script = script
  }

  /// A store whose listings come in pages if those of the base do: who repeats failed calls repeats a page then.
  package static func around(_ base: any Store, _ script: FaultScript) -> any Store {
    let store = FaultStore(base, script)
    guard let paged = base as? any PagedStore else { return store }
    return PagedFaultStore(store, paged, script)
  }

  /// How many calls of any kind there were; bounds a loop over "a crash after the n-th call".
  package var calls: Int { script.calls }

  /// The faults that never met a call, by their place in the script.
  package var unexercised: [Int] { script.unexercised }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    let met = try script.begin(.put, path.text)
    try base.put(path, bytes, digest: digest)
    try script.end(met, bytes: bytes.count)
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    let wanted = range.map { min($0.upperBound - $0.lowerBound, UInt64(buffer.count)) }
    let met = try script.begin(.read, path.text, bytes: wanted ?? 0)
    for case .breakOff(let failure) in met.map(\.effect) {
      let start = range?.lowerBound ?? 0
      // An object of unknown length may be much shorter than what there is room for.
      let half = min((wanted ?? min(4096, UInt64(buffer.count))) / 2, UInt64.max - start)
      _ = try base.read(
        path, start..<(start + half), into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(half)]))
      throw failure
    }
    var count = try base.read(path, range, into: buffer)
    let start = range?.lowerBound ?? 0
    for meeting in met {
      switch meeting.effect {
      case .truncate(let size):
        let left = UInt64(max(size, 0)) > start ? UInt64(max(size, 0)) - start : 0
        count = Int(min(UInt64(count), left))
      case .flip(let offset):
        guard offset >= start, offset - start < UInt64(count) else { break }
        buffer[Int(offset - start)] ^= 0xff
        script.note(meeting.index)
      default: break
      }
    }
    try script.end(met, bytes: count)
    return count
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    let met = try script.begin(.size, path.text)
    let size = try base.size(of: path)
    try script.end(met)
    return size
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    let met = try script.begin(.list, prefix)
    try base.list(prefix) { (object) throws(Failure) in
      if !script.hides(object.path.text, met) { try each(object) }
    }
    try script.end(met)
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    let met = try script.begin(.list, prefix)
    var folders = try base.folders(in: prefix)
    folders.removeAll { script.hides("\(prefix)\($0)/", met) }
    try script.end(met)
    return folders
  }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    let met = try script.begin(.findIntact, path.text)
    let isFound = try base.findIntact(path, digest: digest)
    try script.end(met)
    return isFound
  }

  package func delete(_ path: StorePath) throws(Failure) {
    let met = try script.begin(.delete, path.text)
    try base.delete(path)
    try script.end(met)
  }

  package func freeBytes() throws(Failure) -> UInt64? {
    let met = try script.begin(.freeBytes, "")
    let bytes = try base.freeBytes()
    try script.end(met)
    return bytes
  }
}

/// The same over a store whose listings come in pages.
private final class PagedFaultStore: PagedStore {
  private let whole: FaultStore
  private let base: any PagedStore
  private let script: FaultScript

  init(_ whole: FaultStore, _ base: any PagedStore, _ script: FaultScript) {
    self.whole = whole
    self.base = base
    self.script = script
  }

  var description: String { whole.description }

  var traits: StoreTraits { whole.traits }

  func page(of prefix: String, after mark: String?) throws(Failure) -> StorePage {
    let met = try script.begin(.list, prefix)
    var page = try base.page(of: prefix, after: mark)
    page.objects.removeAll { script.hides($0.path.text, met) }
    try script.end(met)
    return page
  }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try whole.put(path, bytes, digest: digest)
  }

  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int { try whole.read(path, range, into: buffer) }

  func size(of path: StorePath) throws(Failure) -> UInt64? { try whole.size(of: path) }

  func folders(in prefix: String) throws(Failure) -> [String] { try whole.folders(in: prefix) }

  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try whole.findIntact(path, digest: digest)
  }

  func delete(_ path: StorePath) throws(Failure) { try whole.delete(path) }

  func freeBytes() throws(Failure) -> UInt64? { try whole.freeBytes() }
}

extension FaultScript {
  /// Whether a listing is not to show a path; counts it.
  fileprivate func hides(_ path: String, _ met: [Meeting]) -> Bool {
    for meeting in met {
      guard case .hide(let hidden) = meeting.effect, path.hasPrefix(hidden) else { continue }
      note(meeting.index)
      return true
    }
    return false
  }

  /// Counts the call, does what comes before it, and returns all that is to happen to it.
  fileprivate func begin(_ call: StoreCall, _ path: String, bytes: UInt64 = 0) throws(Failure) -> [Meeting] {
    let met = meet(call, path, bytes: bytes)
    for meeting in met {
      switch meeting.effect {
      case .before(let hook): hook()
      case .delay(let time): try AwakeClock().wait(time, stop: stop)
      case .hang(let time, let failure):
        try AwakeClock().wait(time, stop: stop)
        throw failure
      case .fail(let failure): throw failure
      default: break
      }
    }
    return met
  }

  fileprivate func end(_ met: [Meeting], bytes: Int = 0) throws(Failure) {
    for meeting in met {
      switch meeting.effect {
      case .pace(let limit): try limit.take(bytes, stop: stop)
      case .after(let hook): hook()
      case .loseAnswer(let failure), .breakOff(let failure): throw failure
      default: break
      }
    }
  }
}
