import Bytes
import Pipeline
import Repository
import Store

/// Threads that read what the plan will need, in the order in which it is needed, so that workers find it there.
final class ReadAhead: Sendable {
  /// How far reading goes ahead of the workers.
  struct Measure {
    /// Blocks that are read in one batch of the plan.
    var blocks: Int
    /// Batches that are being read while the workers have an earlier one.
    let batches: Int
    /// The longest read in blocks.
    let longestRun: UInt64
    /// Reads at the same time.
    let threads: Int

    /// A folder answers at once, so that two threads keep the workers fed; 2 MiB at a time, for memory that is touched
    /// for the first time costs more than what is read into it.
    static let near = Measure(blocks: 8, batches: 1, longestRun: 4, threads: 2)
    /// Where a request takes milliseconds, so much has to be under way that these fill the line: 32 MiB in requests of
    /// 4 MiB.
    static let far = Measure(blocks: 32, batches: 4, longestRun: 16, threads: 12)
  }

  let measure: Measure
  private let queue: BoundedQueue<PackRun>
  private let threads: [ThreadHandle]

  /// - Parameters:
  ///   - store: what is read
  ///   - lanes: how many plans share it, and the memory of one
  ///   - stop: the signal of the run
  init(_ store: any Store, lanes: Int = 1, stop: StopSignal) {
    var measure = store.traits.isFar ? Measure.far : .near
    if lanes > 1 { measure.blocks = max(8, measure.blocks / lanes) }
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

  /// Where plans find what was read: a block of each of the 33 places that the deepest chain reads from, or the blocks
  /// of several batches.
  func cache(of source: BlobSource, lanes: Int = 1) -> PackBlocks {
    let blocks = max(33, measure.blocks * (measure.batches + 1) * lanes)
    return PackBlocks(source, capacity: blocks * Int(PackBlocks.block), longestRun: measure.longestRun)
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
