package import Bytes
import Synchronization

/// Counts what passes through it: a drill's phases say how many requests and bytes each of them cost.
package final class CountingStore: Store {
  /// What one kind of call came to.
  package struct Tally: Sendable, Equatable {
    /// Calls made.
    package var calls: UInt64 = 0
    /// Calls that threw.
    package var failures: UInt64 = 0
    /// Bytes put, or bytes read.
    package var bytes: UInt64 = 0
    /// Objects listed.
    package var objects: UInt64 = 0

    package init(calls: UInt64 = 0, failures: UInt64 = 0, bytes: UInt64 = 0, objects: UInt64 = 0) {
      self.calls = calls
      self.failures = failures
      self.bytes = bytes
      self.objects = objects
    }
  }

  private let base: any Store
  private let tallies = Mutex<[StoreCall: Tally]>([:])

  /// Counts for `base`, from zero.
  package init(_ base: any Store) { self.base = base }

  /// Everything so far.
  package var counts: [StoreCall: Tally] { tallies.withLock { $0 } }

  /// Everything so far; counting goes on from zero. For phases.
  package func takeCounts() -> [StoreCall: Tally] {
    tallies.withLock { tallies in
      defer { tallies = [:] }
      return tallies
    }
  }

  package var description: String { base.description }

  package var traits: StoreTraits { base.traits }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try counted(.put) { (tally) throws(Failure) in
      try base.put(path, bytes, digest: digest)
      tally.bytes = UInt64(bytes.count)
    }
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try counted(.read) { (tally) throws(Failure) in
      let count = try base.read(path, range, into: buffer)
      tally.bytes = UInt64(count)
      return count
    }
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    try counted(.size) { (_) throws(Failure) in try base.size(of: path) }
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try counted(.list) { (tally) throws(Failure) in
      var objects: UInt64 = 0
      defer { tally.objects = objects }
      try base.list(prefix) { (object) throws(Failure) in
        objects += 1
        try each(object)
      }
    }
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    try counted(.list) { (tally) throws(Failure) in
      let folders = try base.folders(in: prefix)
      tally.objects = UInt64(folders.count)
      return folders
    }
  }

  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try counted(.findIntact) { (_) throws(Failure) in try base.findIntact(path, digest: digest) }
  }

  package func delete(_ path: StorePath) throws(Failure) {
    try counted(.delete) { (_) throws(Failure) in try base.delete(path) }
  }

  package func freeBytes() throws(Failure) -> UInt64? {
    try counted(.freeBytes) { (_) throws(Failure) in try base.freeBytes() }
  }

  private func counted<Result>(
    _ call: StoreCall, _ body: (inout Tally) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var tally = Tally(calls: 1, failures: 1)
    defer { tallies.withLock { $0[call, default: Tally()].add(tally) } }
    let result = try body(&tally)
    tally.failures = 0
    return result
  }
}

extension CountingStore.Tally {
  fileprivate mutating func add(_ other: CountingStore.Tally) {
    calls += other.calls
    failures += other.failures
    bytes += other.bytes
    objects += other.objects
  }
}
