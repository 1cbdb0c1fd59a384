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
    private var buffer: Buffer
    /// The buffer's memory, which stays where it is: several threads use parts of it at once.
    let memory: UnsafeMutableRawBufferPointer

    init(_ capacity: Int) {
      buffer = Buffer(capacity: capacity)
      memory = buffer.withCapacity { $0 }
    }
  }

  /// One borrowing; over when the last part of the buffer is gone.
  fileprivate final class Lease {
    let shelf: Shelf
    private let pool: BufferPool

    init(_ shelf: Shelf, _ pool: BufferPool) {
      self.shelf = shelf
      self.pool = pool
    }

    deinit { pool.take(back: shelf) }
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
    // The one that came back last: its pages are still in the processor's caches.
    if let shelf = idle.popLast() { return PooledBuffer(Lease(shelf, self)) }
    made += 1
    return PooledBuffer(Lease(Shelf(capacity), self))
  }

  fileprivate func take(back shelf: Shelf) {
    monitor.locked {
      idle.append(shelf)
      returned.wakeOne()
    }
  }
}

/// A borrowed buffer, or a part of one; the buffer goes back to its pool when the owner of the last part goes.
package struct PooledBuffer: ~Copyable, @unchecked Sendable {
  private let lease: BufferPool.Lease
  private var memory: UnsafeMutableRawBufferPointer

  fileprivate init(_ lease: BufferPool.Lease) { self.init(lease, lease.shelf.memory) }

  private init(_ lease: BufferPool.Lease, _ memory: UnsafeMutableRawBufferPointer) {
    self.lease = lease
    self.memory = memory
  }

  /// How many bytes the buffer can hold.
  package var capacity: Int { memory.count }

  /// How many bytes from the front are in use.
  package var count: Int = 0

  /// Whether nothing was taken from the front yet.
  package var isWhole: Bool { memory.count == lease.shelf.memory.count }

  /// Splits off the first `count` of the bytes in use, without copying them, as a buffer that is full. This one goes
  /// on behind them: the rest of the bytes in use, and the room behind.
  package mutating func takeFront(_ count: Int) -> PooledBuffer {
    precondition(count <= self.count)
    var front = PooledBuffer(lease, UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
    front.count = count
    memory = UnsafeMutableRawBufferPointer(rebasing: memory[count...])
    self.count -= count
    return front
  }

  /// The bytes in use.
  package func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
  }

  /// The whole capacity, to be written.
  package mutating func withCapacity<Result, Problem: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try body(memory)
  }

  /// Replaces the contents by a copy of `bytes`, which must fit.
  package mutating func replace(with bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= capacity)
    memory.copyMemory(from: bytes)
    count = bytes.count
  }
}
