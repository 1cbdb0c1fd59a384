import ArgumentParser
import Bytes
import Engine
import Format
import Pipeline
import Profiles
import Repository
import Synchronization

/// `lifeboat check`: looks at everything in a repository.
///
/// JSON: one `problem` for each with `severity` (`damage`, `warning`, `note`), `object`, `what`, `next`, `costs` (objects with
/// `snapshot`, `component`, `writer`), `exact` (false where `costs` is at most what it costs), `copies` (those that have the
/// object); at the end `check` with
/// `sound`, `objects`, `storedBytes`, `snapshots`, `bytesRead`, `packsRead`, `blobsOpened`, `milliseconds`.
struct CheckCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a repository, and name what is damaged and which snapshots it costs.",
    discussion: """
      Needs a keeper or restorer key; with a restorer key --read-data opens dump contents, too. Changes nothing. Exit \
      status 6 if anything is damaged, missing, planted or hidden.
      """)

  @Flag(help: "Read and verify every byte, instead of trusting what listing and index say.")
  var readData = false

  @Option(help: "How many threads read.")
  var threads: Int?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var quiet: QuietOptions
  @OptionGroup var output: OutputOptions

  var isQuiet: Bool { quiet.quiet }

  func run(in context: RunContext) throws(Failure) {
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let address = try repository.address(in: context, for: readData ? [.restorer, .keeper] : [.keeper, .restorer]) {
      () throws(Failure) in nil
    }.asking(copies)
    let watch = Stopwatch()
    let report = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try check(repository, in: context)
    }
    for problem in report.problems { CheckText.say(problem, isJSON: output.json, in: context) }
    CheckText.say(report, watch.nanoseconds, in: context)
    if let failure = CheckText.failure(report) { throw failure }
  }

  private func check(_ repository: OpenRepository, in context: RunContext) throws(Failure) -> CheckReport {
    let access = try MetaAccess(repository, to: "check a repository")
    let restorer = repository.key.data.isEmpty ? nil : try RestorerAccess(repository, to: "check a repository")
    let request = threads.map { CheckRequest(readData: readData, workers: $0) } ?? CheckRequest(readData: readData)
    let board = ProgressBoard()
    return try context.tracking("check", { board.reading }) { () throws(Failure) in
      try RepositoryCheck.run(access, restorer: restorer, request, stop: context.stop) { progress in
        if board.put(progress) { context.events(.step(progress.step.rawValue)) }
      }
    }
  }
}

/// Where a check leaves how far it is, from any thread.
private final class ProgressBoard: Sendable {
  private let last = Mutex<CheckProgress?>(nil)

  /// Returns true if a new step began.
  func put(_ progress: CheckProgress) -> Bool {
    last.withLock { last in
      let isNew = last?.step != progress.step
      last = progress
      return isNew
    }
  }

  var reading: ProgressReading? {
    last.withLock { $0 }.map { progress in
      let unit: ProgressReading.Unit =
        switch progress.step {
        case .objects: .objects
        case .packs: .bytes
        case .snapshots: .snapshots
        }
      return ProgressReading(unit: unit, done: progress.done, total: progress.total)
    }
  }
}
