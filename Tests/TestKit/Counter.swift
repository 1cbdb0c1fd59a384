import Synchronization

/// A number that threads of a test count with.
package final class Counter: Sendable {
  private let number: Atomic<Int>

  package init(_ start: Int = 0) { number = Atomic(start) }

  /// The number now.
  package var value: Int { number.load(ordering: .sequentiallyConsistent) }

  /// Adds and returns the new number.
  @discardableResult
  package func add(_ change: Int = 1) -> Int { number.add(change, ordering: .sequentiallyConsistent).newValue }

  /// Raises the number to at least `other`.
  package func raise(to other: Int) { number.max(other, ordering: .sequentiallyConsistent) }
}
