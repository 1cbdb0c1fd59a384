import Bytes
import Databases
import Engine
import Format
import Pipeline
import Repository
import Synchronization

/// A fresh private folder: for dumps that are files, a SQLite database among them.
final class FolderTarget: RecoveryTarget {
  /// What stands on the record.
  static let word = "scratch folder"

  var title: String { FolderTarget.word }
  private let parent: String?
  private let folder = Mutex<DrillFolder?>(nil)

  /// - Parameter parent: where it is made; nil for `$TMPDIR`, or `/var/tmp` without it
  init(in parent: String?) { self.parent = parent }

  func start(stop: StopSignal) throws(Failure) {
    try stop.check()
    let made = try DrillFolder(in: parent)
    folder.withLock { $0 = made }
  }

  func restore(_ job: RestoreJob) throws(Failure) -> any RestoredData {
    guard let folder = folder.withLock({ $0 }) else {
      throw Failure(.defect, "a restore to a folder before it was made")
    }
    try folder.empty()
    try folder.checkSpace(needing: job.snapshot.snapshot.catalogue.length)
    let restored = try InnerStop.run(within: job.stop) { (inner) throws(Failure) in
      try fill(folder, job, inner)
    }
    askOnce(restored, job)
    return restored
  }

  private func fill(_ folder: DrillFolder, _ job: RestoreJob, _ stop: StopSignal) throws(Failure) -> RestoredFolder {
    let restore = RestoreRun(job.access, stop: stop, progress: job.progress, workers: job.workers)
    job.events(.step(Phase.index.name))
    let source = try job.clock.measure(.index) { () throws(Failure) in try restore.source(of: job.snapshot) }
    job.events(.step(Phase.lastByte.name))
    let start = MonotonicClock.now()
    let sink = try TimedSink(folder.path)
    defer { sink.claim(from: start, on: job.clock) }
    let report = try restore.run(job.snapshot, from: source, into: sink)
    return RestoredFolder(
      folder: folder.path, engine: job.snapshot.snapshot.engine.kind, truth: try restore.truth(of: job.snapshot),
      streamDifferences: report.differences, files: sink.files, firstFile: sink.firstFile)
  }

  /// The first query of a restored database. One that is not answered is no phase of its own: the checks will say so.
  private func askOnce(_ restored: RestoredFolder, _ job: RestoreJob) {
    guard restored.isSQLiteDatabase, case .found(let path) = restored.database(named: nil) else { return }
    let start = MonotonicClock.now()
    guard (try? SQLiteProbe.query(path, "SELECT count(*) FROM sqlite_schema", stop: job.stop)) != nil else { return }
    job.clock.claim(.firstQuery, from: start, to: MonotonicClock.now())
  }

  func destroy() throws(Failure) -> String {
    guard let made = folder.withLock({ $0 }) else { return "no folder was made" }
    try made.remove()
    return "folder gone"
  }

  func keep() throws(Failure) -> String {
    guard let made = folder.withLock({ $0 }) else { throw Failure(.targetRefused, "no folder was made") }
    return try made.keep()
  }
}
