import Bytes
import Pipeline
import Synchronization

/// The gate and the truth, taken from the copy on a thread of its own while the copy's bytes are streamed. When it
/// goes, its children have ended and its thread too, whatever happened to the run.
final class Examination: Sendable {
  private struct Outcome {
    var reasons: [String] = []
    var truth: TruthManifest?
  }

  /// What the thread works on; it must not own the examination, which waits for it.
  private final class Work: Sendable {
    let stop = StopSignal()
    let outcome = Mutex(Outcome())
    let path: String

    init(_ path: String) { self.path = path }

    func run() {
      var found = Outcome()
      do {
        found.reasons = try SQLiteProbe.integrityCheck(path, stop: stop).map { "integrity check: \($0)" }
        if found.reasons.isEmpty { found.truth = try SQLiteProbe.truth(path, stop: stop) }
      } catch {
        found.reasons.append("the copy can't be examined: \(error.what)")
      }
      let final = found
      outcome.withLock { $0 = final }
    }
  }

  private let work: Work
  private let registration: StopRegistration
  private let thread: ThreadHandle
  private let run: StopSignal

  /// Starts examining the file at `path`.
  init(of path: String, stop: StopSignal) {
    let work = Work(path)
    self.work = work
    run = stop
    registration = stop.onStop { work.stop.stop(because: Failure(.interrupted, "the run has stopped")) }
    thread = Threads.run(named: "examine") { work.run() }
  }

  deinit {
    work.stop.stop(because: Failure(.interrupted, "nobody waits for the examination"))
    thread.join()
  }

  /// Waits for the end: why the database can't be trusted, and the truth about it. Throws the reason of a stopped run.
  func result() throws(Failure) -> (reasons: [String], truth: TruthManifest?) {
    thread.join()
    try run.check()
    return work.outcome.withLock { ($0.reasons, $0.truth) }
  }
}
