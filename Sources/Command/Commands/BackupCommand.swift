import ArgumentParser
import Bytes
import Databases
import Engine
import Format
import Profiles
import Repository

/// `lifeboat backup`: one run of a component.
///
/// JSON: the events of the run; at its end `backup` with `component`, `snapshot` (the id), `verdict`, `reasons`,
/// `sequence`, `streams`, `bytes`, `newBytes`, `storedBytes`, `chunks`, `newChunks`, `deltaChunks`, `cacheWritten`
/// and `cacheSize` (bytes; null without a reference cache), `milliseconds`, `toolErrors` (the end of what the dump tool
/// printed as errors). A quarantined dump prints it, too, and then an `error`.
struct BackupCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Back up a component.",
    usage: """
      lifeboat backup <component or profile> [options]
      lifeboat backup --repository R --key K --component NAME --stdin [--marker TEXT]
      lifeboat backup --repository R --key K --component NAME -- COMMAND ARGUMENTS
      lifeboat backup --repository R --key K --component NAME --sqlite FILE
      lifeboat backup --repository R --key K --component NAME --directory FOLDER
      """,
    discussion: """
      A dump counts only as a whole: a dump tool that fails, or whose output does not end with its completion marker, \
      leaves a quarantined snapshot that no restore takes by itself, and exit status 3.
      """)

  @Argument(help: "A component with a profile (profiles/NAME.yaml), or the path of a profile.", completion: .file())
  var profile: String?

  @OptionGroup var source: SourceOptions
  @OptionGroup var repository: RepositoryOptions

  @Flag(help: "Wait for a backup of the component that is already running on this host.")
  var wait = false

  @Option(help: "The level of zstd, 1 to 15.")
  var level: Int?

  @Option(help: "How many threads compress and seal.")
  var threads: Int?

  @Option(help: "Where recent dumps are kept, sealed, to store changes as differences: disk, memory or off.")
  var cache: String?

  @OptionGroup var quiet: QuietOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }
  var isQuiet: Bool { quiet.quiet }

  func run(in context: RunContext) throws(Failure) {
    let profile = try effectiveProfile()
    if profile.source.kind == "stdin", context.streams.isInputClosed {
      throw Failure(.sourceFailed, "standard input is closed", next: "Pipe the dump into lifeboat.")
    }
    let address = try repository.address(in: context, for: [.writer]) { () throws(Failure) in AddressHints(profile) }
    let request = BackupRequest(
      component: profile.component, source: DumpSources.make(profile.source),
      profile: described(profile).json, tuning: try tuning(profile.tuning), waits: wait,
      isRepeatable: profile.source.kind != "stdin")
    let report = try address.withRepository(in: context) { (repository) throws(Failure) in
      let run = BackupRun(
        try WriterAccess(repository), request, stop: context.stop, progress: RunProgress(), events: context.events)
      return try context.tracking(profile.component, { run.progress.backupReading }) { () throws(Failure) in
        try run.run()
      }
    }
    BackupSummary(report, isJSON: output.json).say(in: context)
    if let failure = report.failure { throw failure }
  }

  private func effectiveProfile() throws(Failure) -> Profile {
    if let word = profile {
      if let option = source.given.first {
        throw Failure(
          .usage, "\(option) does not go together with a profile", at: "command line",
          next: "Change the profile, or leave it out and give --component.")
      }
      return try Profile.load(try Lookup.profile(word))
    }
    return try source.profile()
  }

  /// The effective profile with what the command line changed.
  private func described(_ profile: Profile) -> ProfileDescription {
    var entries = profile.description.entries
    let numbers = [("tuning.compression", level), ("tuning.threads", threads)]
    let given: [(String, ProfileDescription.Value?)] =
      numbers.map { ($0, $1.map { .number(Int64($0)) }) } + [("tuning.cache", cache.map { .text($0) })]
    for (key, value) in given {
      guard let value else { continue }
      entries.removeAll { $0.key == key }
      entries.append(.init(key: key, value: value, origin: "command line"))
    }
    return ProfileDescription(entries: entries)
  }

  private func tuning(_ own: Tuning) throws(Failure) -> Tuning {
    try OptionRange.check(level, "--level", Tuning.compressionLevels)
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let word = Tuning.referenceCaches.first { $0.0 == cache }
    guard cache == nil || word != nil else {
      throw Failure(
        .usage, "--cache \(cache ?? "") is not known", at: "command line", next: "Give disk, memory or off.")
    }
    return Tuning(
      compression: level ?? own.compression, threads: threads ?? own.threads, cache: word?.1 ?? own.cache,
      cacheSize: own.cacheSize)
  }
}

/// Checks numbers of options.
enum OptionRange {
  static func check(_ value: Int?, _ name: String, _ range: ClosedRange<Int>) throws(Failure) {
    guard let value, !range.contains(value) else { return }
    throw Failure(
      .usage, "\(name) \(value) is out of range", at: "command line",
      next: "Give a number from \(range.lowerBound) to \(range.upperBound).")
  }
}

extension RunProgress {
  /// How far a backup is.
  var backupReading: ProgressReading {
    ProgressReading(done: bytes, total: expected == 0 ? nil : expected, newBytes: newBytes)
  }

  /// How far a restore is.
  var restoreReading: ProgressReading { ProgressReading(done: bytes, total: expected == 0 ? nil : expected) }
}
