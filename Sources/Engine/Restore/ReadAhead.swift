import Bytes
import Pipeline
import Repository
import Store

/// Threads that read what the plan will need, in the order in which it is needed, so that workers find it there.
final class ReadAhead: Sendable {
  /// How many blocks are read in one batch of the plan: for a folder 2 MiB, for memory that is touched for the first
  /// time costs more than what is read into it; where a request takes milliseconds, 16 MiB in eight requests.
  let blocks: Int
  /// The longest read in blocks. With 40 ms to a bucket and back, runs of 2 MiB took two thirds of the time of 1 MiB.
  let longestRun: UInt64
  private let queue: BoundedQueue<PackRun>
  private let threads: [ThreadHandle]

  /// - Parameters:
  ///   - store: a folder answers at once, so that two threads keep the workers fed; anything else takes milliseconds
  ///     to answer, and eight requests at the same time
  ///   - lanes: how many plans share it, and the memory of one
  ///   - stop: the signal of the run
  init(_ store: any Store, lanes: Int = 1, stop: StopSignal) {
    let queue = BoundedQueue<PackRun>(capacity: 64, stop: stop)
    self.queue = queue
    let isNear = store.traits.kind == "local"
    blocks = isNear ? 8 : max(8, 64 / lanes)
    longestRun = isNear ? 4 : 8
    threads = (0..<(isNear ? 2 : 8)).map { number in
      Threads.run(named: "fetch \(number)", stop: stop) {
        // What fails to load fails for those who need it, and says so there.
        while let run = try queue.receive() { run.load() }
      }
    }
  }

  func want(_ runs: [PackRun]) throws(Failure) {
    for run in runs { try queue.send(run) }
  }

  /// Waits for the threads; nothing more may be wanted.
  func finish() {
    queue.finish()
    for thread in threads { thread.join() }
  }
}
