import Bytes
import Pipeline
import Repository
import Store

/// Threads that read what the plan will need, in the order in which it is needed, so that workers find it there.
final class ReadAhead {
  /// How far reading goes ahead of the workers.
  struct Measure {
    /// Blocks that are read in one batch of the plan.
    let blocks: Int
    /// Batches that are being read while the workers have an earlier one.
    let batches: Int
    /// The longest read in blocks.
    let longestRun: UInt64
    /// Reads at the same time.
    let threads: Int

    /// A folder answers at once, so that two threads keep the workers fed; 2 MiB at a time, for memory that is touched
    /// for the first time costs more than what is read into it.
    static let near = Measure(blocks: 8, batches: 1, longestRun: 4, threads: 2)
    /// Where a request takes milliseconds, so much has to be under way that these fill the line: 48 MiB in requests of
    /// 4 MiB.
    static let far = Measure(blocks: 48, batches: 4, longestRun: 16, threads: 12)
  }

  let measure: Measure
  private let queue: BoundedQueue<PackRun>
  private let threads: [ThreadHandle]

  /// - Parameters:
  ///   - store: what is read
  ///   - stop: the signal of the run
  init(_ store: any Store, stop: StopSignal) {
    let measure = store.traits.isFar ? Measure.far : .near
    self.measure = measure
    let queue = BoundedQueue<PackRun>(capacity: 64, stop: stop)
    self.queue = queue
    threads = (0..<measure.threads).map { number in
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
