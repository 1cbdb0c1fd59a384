import Bytes
import Glibc
import Pipeline
import Synchronization

/// One direction of a connection: bytes leave in the order in which they came, each as much later as the way is long.
///
/// A way that is long is not narrow: any number of bytes are on it at once, up to a bound that no test meets. They
/// wait in a queue for their time, so that a delay costs no bandwidth.
final class Lane: Sendable {
  /// What waits for its time.
  private struct Parcel: Sendable {
    let due: UInt64
    /// Nil: the end.
    let block: Block?
  }

  /// Memory for bytes that wait, used again and again: fresh memory would cost more than the copy into it.
  private final class Block: @unchecked Sendable {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Inflow.room, alignment: 64)
    var count = 0

    deinit { memory.deallocate() }
  }

  /// How many blocks may be on the way at once: 256 MiB.
  private static let bound = (256 << 20) / Inflow.room

  private let socket: Socket
  private let stop: StopSignal
  /// Nanoseconds from one end to the other.
  private let delay: @Sendable () -> UInt64
  /// Nothing arrives before: the connection itself takes a round trip.
  private let opened: UInt64
  private let state = Mutex(State())
  private let waiting = Atomic<Int>(0)

  private struct State {
    var idle: [Block] = []
    var queue: BoundedQueue<Parcel>?
    var thread: ThreadHandle?
  }

  init(_ socket: Socket, opened: UInt64, _ stop: StopSignal, delay: @escaping @Sendable () -> UInt64) {
    self.socket = socket
    self.opened = opened
    self.stop = stop
    self.delay = delay
  }

  /// Sends bytes on their way.
  ///
  /// - Parameters:
  ///   - bytes: copied where they have to wait
  ///   - later: nanoseconds beside the way's own
  func write(_ bytes: UnsafeRawBufferPointer, later: UInt64 = 0) throws {
    guard let queue = queue(later) else { return try socket.write(bytes, stop) }
    let due = due(later)
    var rest = bytes
    while !rest.isEmpty {
      let block = state.withLock { $0.idle.popLast() } ?? Block()
      block.count = min(rest.count, block.memory.count)
      block.memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<block.count]))
      rest = UnsafeRawBufferPointer(rebasing: rest[block.count...])
      try send(Parcel(due: due, block: block), to: queue)
    }
  }

  func write(_ bytes: [UInt8], later: UInt64 = 0) throws { try bytes.withUnsafeBytes { try write($0, later: later) } }

  /// Ends the direction once everything has left.
  func end(later: UInt64 = 0) throws {
    guard let queue = queue(later) else { return socket.finishWriting() }
    try send(Parcel(due: due(later), block: nil), to: queue)
  }

  /// Waits until everything has arrived.
  func settle() {
    while waiting.load(ordering: .acquiring) > 0, !stop.isStopped { usleep(200) }
    socket.settle()
  }

  /// Waits for the thread, once the connection is stopped or nothing more will come.
  func finish() {
    let (queue, thread) = state.withLock { ($0.queue, $0.thread) }
    queue?.finish()
    thread?.join()
  }

  /// How long what leaves now is on its way, in nanoseconds.
  var length: UInt64 {
    let now = MonotonicClock.awake()
    return max(now, opened) - now + delay()
  }

  private func due(_ later: UInt64) -> UInt64 { max(MonotonicClock.awake(), opened) + delay() + later }

  private func send(_ parcel: Parcel, to queue: BoundedQueue<Parcel>) throws {
    waiting.add(1, ordering: .acquiringAndReleasing)
    try queue.send(parcel)
  }

  /// The queue of those that wait; nil while nothing ever had to.
  private func queue(_ later: UInt64) -> BoundedQueue<Parcel>? {
    state.withLock { state in
      if let queue = state.queue { return queue }
      if delay() == 0, later == 0, opened <= MonotonicClock.awake() { return nil }
      let queue = BoundedQueue<Parcel>(capacity: Lane.bound, stop: stop)
      state.queue = queue
      state.thread = Threads.run(named: "proxy lane") { [self] in
        do {
          while let parcel = try queue.receive() { try deliver(parcel) }
        } catch {
          stop.stop(because: Failure(unexpected: error))
        }
      }
      return queue
    }
  }

  private func deliver(_ parcel: Parcel) throws {
    defer { waiting.subtract(1, ordering: .acquiringAndReleasing) }
    while true {
      let now = MonotonicClock.awake()
      if now >= parcel.due { break }
      // Coarse with an ear for the signal, the rest exact.
      var event = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
      if parcel.due - now >= 2_000_000 {
        if poll(&event, 1, Int32((parcel.due - now) / 1_000_000 - 1)) > 0 { throw Socket.Ended() }
      } else {
        var rest = timespec(tv_sec: 0, tv_nsec: Int(parcel.due - now))
        nanosleep(&rest, nil)
      }
    }
    guard let block = parcel.block else { return socket.finishWriting() }
    try socket.write(UnsafeRawBufferPointer(rebasing: block.memory[..<block.count]), stop)
    state.withLock { $0.idle.append(block) }
  }
}
