import Glibc

/// Memory with one owner, page-aligned and outside the allocator's arenas, given back when the owner goes.
///
/// Large buffers come straight from `mmap`, so that a long run neither fragments the heap nor keeps its peak.
package struct Buffer: ~Copyable, @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  /// How many bytes the buffer can hold.
  package let capacity: Int
  /// How many bytes from the front are in use; the owner sets it.
  package var count: Int = 0

  /// Maps at least one page of zeros.
  package init(capacity: Int) {
    precondition(capacity >= 0)
    let size = max(capacity, 1)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED
    else { fatalError("out of memory: \(size) bytes") }
    self.base = base
    self.capacity = capacity
  }

  deinit { munmap(base, max(capacity, 1)) }

  /// The bytes in use.
  package func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The whole capacity, to be written.
  package mutating func withCapacity<Result, Problem: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try body(UnsafeMutableRawBufferPointer(start: base, count: capacity))
  }

  /// Replaces the contents by a copy of `bytes`, which must fit.
  package mutating func replace(with bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= capacity)
    if let source = bytes.baseAddress { memcpy(base, source, bytes.count) }
    count = bytes.count
  }
}
