import Bytes
import Pipeline
import Synchronization

/// Pieces of work that do not depend on each other, on several threads at once.
enum ParallelWork {
  private final class Turn: Sendable {
    let next = Atomic(0)
  }

  /// Calls `body` for every number below `count`, in any order; returns when all is done.
  ///
  /// - Parameters:
  ///   - threads: how many work at once at most
  ///   - name: what the threads are called
  ///   - stop: what `body` throws stops it, and it stops everything
  static func run(
    _ count: Int, threads: Int, named name: String, stop: StopSignal,
    _ body: @escaping @Sendable (Int) throws(Failure) -> Void
  ) throws(Failure) {
    let turn = Turn()
    let workers = (0..<min(threads, count)).map { number in
      Threads.run(named: "\(name) \(number)", stop: stop) {
        while !stop.isStopped {
          let number = turn.next.add(1, ordering: .relaxed).oldValue
          guard number < count else { return }
          try body(number)
        }
      }
    }
    for worker in workers { worker.join() }
    try stop.check()
  }
}
