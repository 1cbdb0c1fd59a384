import Synchronization

/// How far a copy is: counters that its threads raise and a renderer reads.
package final class CopyProgress: Sendable {
  private let doneBytes = Atomic<UInt64>(0)
  private let allBytes = Atomic<UInt64>(0)

  package init() {}

  /// Bytes that were copied or read.
  package var done: UInt64 { doneBytes.load(ordering: .relaxed) }
  /// Bytes that there are to copy or read; zero while nobody knows.
  package var total: UInt64 { allBytes.load(ordering: .relaxed) }

  func expect(_ bytes: UInt64) { allBytes.store(bytes, ordering: .relaxed) }

  func add(_ bytes: UInt64) { doneBytes.wrappingAdd(bytes, ordering: .relaxed) }
}
