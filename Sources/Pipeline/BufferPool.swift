package import Bytes

/// A fixed number of equal buffers that threads borrow; memory stays bounded because there are no others.
///
/// Buffers are made when first needed. A run's peak is `count` times `capacity`, whatever happens.
package final class BufferPool: @unchecked Sendable {
  /// The capacity of each buffer in bytes.
  package let capacity: Int
  /// How many buffers there can be.
  package let count: Int
  private let stop: StopSignal
  private var registration: StopRegistration?

  private let monitor: Monitor
  private let returned: Monitor.Condition
  // Guarded by the monitor.
  private var idle: [Shelf] = []
  private var made = 0

  /// A class around a buffer: an array cannot hold what cannot be copied.
  fileprivate final class Shelf {
    var buffer: Buffer
    init(_ capacity: Int) { buffer = Buffer(capacity: capacity) }
  }

  /// - Parameters:
  ///   - count: how many buffers
  ///   - capacity: bytes each
  ///   - stop: the signal of the run
  package init(count: Int, capacity: Int, stop: StopSignal) {
    precondition(count > 0)
    self.count = count
    self.capacity = capacity
    self.stop = stop
    let monitor = Monitor()
    let returned = Monitor.Condition(of: monitor)
    self.monitor = monitor
    self.returned = returned
    registration = stop.onStop { monitor.locked { returned.wakeAll() } }
  }

  /// Borrows an empty buffer; waits while all are out. Throws the reason once the run stops.
  package func lease() throws(Failure) -> PooledBuffer {
    monitor.lock()
    defer { monitor.unlock() }
    while !stop.isStopped, idle.isEmpty, made == count { returned.wait() }
    try stop.check()
    if let shelf = idle.popLast() { return PooledBuffer(shelf, self) }
    made += 1
    return PooledBuffer(Shelf(capacity), self)
  }

  fileprivate func take(back shelf: Shelf) {
    shelf.buffer.count = 0
    monitor.locked {
      idle.append(shelf)
      returned.wakeOne()
    }
  }
}

/// A borrowed buffer; it goes back to its pool when its owner goes.
package struct PooledBuffer: ~Copyable, @unchecked Sendable {
  private let shelf: BufferPool.Shelf
  private let pool: BufferPool

  fileprivate init(_ shelf: BufferPool.Shelf, _ pool: BufferPool) {
    self.shelf = shelf
    self.pool = pool
  }

  deinit { pool.take(back: shelf) }

  /// How many bytes the buffer can hold.
  package var capacity: Int { shelf.buffer.capacity }

  /// How many bytes from the front are in use.
  package var count: Int {
    get { shelf.buffer.count }
    set { shelf.buffer.count = newValue }
  }

  /// The bytes in use.
  package func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try shelf.buffer.withBytes(body)
  }

  /// The whole capacity, to be written.
  package mutating func withCapacity<Result, Problem: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try shelf.buffer.withCapacity(body)
  }

  /// Replaces the contents by a copy of `bytes`, which must fit.
  package mutating func replace(with bytes: UnsafeRawBufferPointer) { shelf.buffer.replace(with: bytes) }
}
