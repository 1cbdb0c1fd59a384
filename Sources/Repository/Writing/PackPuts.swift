import Bytes
import Pipeline
import Synchronization

/// Puts finished packs into the store on threads of its own, so that whoever fills packs goes on.
///
/// A put waits for a disk's flush or for a network: several run at once. Threads start when they are needed, so that a
/// small run has none. Every put flushes its pack: on these threads nobody waits for that (measured on a disk, without
/// any flush a run is not faster), so there is no barrier to forget before the index and the snapshot. How many packs there can be is up to who makes them: the queue itself never fills.
final class PackPuts: Sendable {
  /// How many packs are put at once at most. Four puts of 16 MiB with 100 ms of latency each fill a line of 5 Gbit/s.
  static let most = 4
  /// How many packs there are at most: those being put, one that waits, one that fills. So 96 MiB of memory if the
  /// store is slower than the crew; a local disk that keeps up takes two or three.
  static let packs = most + 2

  private let line: Line
  private let threads = Mutex<[ThreadHandle]>([])

  /// What the threads share; it knows nothing of the threads, so that dropping these ends them.
  private final class Line: Sendable {
    let queue: BoundedQueue<PackBuilder>
    let underWay = Atomic<Int>(0)
    let isAbandoned = Atomic<Bool>(false)
    let stop: StopSignal
    let put: @Sendable (consuming PackBuilder) throws(Failure) -> Void

    init(_ stop: StopSignal, _ put: @escaping @Sendable (consuming PackBuilder) throws(Failure) -> Void) {
      queue = BoundedQueue(capacity: PackPuts.packs, stop: stop)
      self.stop = stop
      self.put = put
    }

    func run() throws(Failure) {
      while let pack = try queue.receive() {
        if isAbandoned.load(ordering: .relaxed) { return }
        try put(pack)
        underWay.subtract(1, ordering: .relaxed)
      }
    }
  }

  /// - Parameters:
  ///   - stop: the signal of the run; a put that fails stops it
  ///   - put: stores one pack; called on several threads at once
  init(stop: StopSignal, put: @escaping @Sendable (consuming PackBuilder) throws(Failure) -> Void) {
    line = Line(stop, put)
  }

  /// A run that ends without `finish` waits for the puts that go on, and leaves the packs that wait.
  deinit {
    line.isAbandoned.store(true, ordering: .relaxed)
    join()
  }

  /// How the puts stand.
  var state: CompressionPolicy.PutState {
    let count = line.underWay.load(ordering: .relaxed)
    return count > PackPuts.most ? .behind : count == PackPuts.most ? .even : .idle
  }

  /// Hands a pack over. Throws what stopped the run.
  func send(_ pack: consuming PackBuilder) throws(Failure) {
    let count = line.underWay.add(1, ordering: .relaxed).newValue
    try line.queue.send(pack)
    threads.withLock { threads in
      guard threads.count < min(count, PackPuts.most) else { return }
      threads.append(Threads.run(named: "put \(threads.count)", stop: line.stop) { [line] in try line.run() })
    }
  }

  /// Waits until every pack is stored; none may be sent afterwards. Throws what stopped the run.
  func finish() throws(Failure) {
    join()
    try line.stop.check()
  }

  private func join() {
    line.queue.finish()
    for thread in threads.withLock({ $0 }) { thread.join() }
  }
}
