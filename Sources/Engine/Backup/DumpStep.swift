import Bytes
import Chunking
import Databases
import Pipeline
import Profiles
import Repository

/// The step of a run that moves the bytes: source → chunks → crew → packs and catalogue.
struct DumpStep {
  let source: any DumpSource
  let session: BackupSession
  let catalogue: CatalogueIntake
  /// How many threads compress and seal.
  let workers: Int
  let times: SourceTimes
  let progress: RunProgress

  /// Dumps everything.
  ///
  /// - Parameter stop: ends the run
  /// - Returns: the outcome. A source that took too long was ended, and its dump is quarantined.
  func run(stop: StopSignal) throws(Failure) -> DumpOutcome {
    let window = workers * 2
    let chunker = try session.chunker()
    let streams = max(1, source.parallelStreams)
    let pool = StreamIntake.pool(for: chunker.parameters, jobs: window + workers, streams: streams, stop: stop)
    var outcome: DumpOutcome?
    try runOrderedCrew(named: "backup", workers: workers, window: window, stop: stop) { submit in
      outcome = try SourceLateness.limit(times.timeout, within: stop) { (inner) throws(Failure) in
        let reading = StreamIntake.Reading(
          chunker: chunker, pool: pool, progress: progress, stop: stop, source: inner, stall: times.stallTimeout)
        let intake = StreamIntake(reading, streams: streams, makeFinder: finders, submit: submit)
        return try dump(into: intake, stop: inner, run: stop)
      }
    } makeWork: { [session] in
      let writer = try session.writer()
      return { (job: consuming IntakeJob) in try DumpStep.work(job, writer) }
    } deliver: { [catalogue] (result: consuming IntakeResult) in
      try catalogue.take(result)
    }
    guard let outcome else { throw Failure(.defect, "a dump without an outcome") }
    return outcome
  }

  private var finders: @Sendable () -> BaseFinder? { { [session] in session.reference?.finder() } }

  /// What the source says; where it was ended because it took too long, that stands before all that came of it.
  private func dump(
    into intake: StreamIntake, stop inner: StopSignal, run: StopSignal
  ) throws(Failure) -> DumpOutcome {
    var outcome: DumpOutcome
    do throws(Failure) {
      outcome = try source.dump(into: intake, stop: inner)
    } catch {
      try run.check()
      guard let late = inner.reason else { throw error }
      return DumpOutcome(verdict: .quarantined([late.what]))
    }
    try run.check()
    guard let late = inner.reason else { return outcome }
    var reasons = [late.what]
    if case .quarantined(let others) = outcome.verdict { reasons += others.filter { !$0.contains(late.what) } }
    outcome.verdict = .quarantined(reasons)
    return outcome
  }

  private static func work(_ job: consuming IntakeJob, _ writer: BlobWriter) throws(Failure) -> IntakeResult {
    switch consume job {
    case .begin(let number, let stream): .begin(number, stream)
    case .end(let number, let length): .end(number, length: length)
    case .entry(let stream): .entry(stream)
    case .chunks(let number, let buffer, let chunks):
      .chunks(number, try buffer.withBytes { (bytes) throws(Failure) in try writer.write(bytes, cut: chunks) })
    }
  }
}
