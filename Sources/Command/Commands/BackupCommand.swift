import ArgumentParser
import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles
import Repository

/// `lifeboat backup`: one run of a component, or of several one after the other.
///
/// JSON: the events of the run; at its end `backup` with `component`, `snapshot` (the id), `verdict`, `reasons`,
/// `sequence`, `streams`, `bytes`, `newBytes`, `storedBytes`, `chunks`, `newChunks`, `deltaChunks`, `cacheWritten`
/// and `cacheSize` (bytes; null without a reference cache), `milliseconds`, `toolErrors` (the end of what the dump tool
/// printed as errors). A quarantined dump prints it, too, and then an `error`. With several components there is a
/// `backup` for each that left a snapshot, and an `error` for each that failed, its component in `where`.
struct BackupCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Back up components.",
    usage: """
      lifeboat backup <component or profile> ... [options]
      lifeboat backup --all [options]
      lifeboat backup --repository R --key K --component NAME --stdin [--marker TEXT]
      lifeboat backup --repository R --key K --component NAME -- COMMAND ARGUMENTS
      lifeboat backup --repository R --key K --component NAME --sqlite FILE
      lifeboat backup --repository R --key K --component NAME --directory FOLDER
      """,
    discussion: """
      A dump counts only as a whole: a dump tool that fails, or whose output does not end with its completion marker, \
      leaves a quarantined snapshot that no restore takes by itself, and exit status 3. So does a dump that is \
      smaller than the last ones by more than the gate of its profile allows, or that a table vanished from; what the gate \
      objects to passes with --accept, and is the measure from then on. Nothing else does.

      Of several components one that fails does not stop the others. The exit status is then that of the worst failure: \
      70, 6, 5, 4, 3, 2, 9, 10, 8, 7 in this order, then 1 for warnings. An interruption ends all of them.

      Hooks of the profile: before, after, failed and finally find LIFEBOAT_COMPONENT, LIFEBOAT_SNAPSHOT, \
      LIFEBOAT_VERDICT and LIFEBOAT_ERROR in their environment. One of before or after that fails is an error (exit \
      status 3), also where the snapshot is complete; one of failed or finally, or a notification, is a warning.
      """)

  @Argument(help: "Components with a profile (profiles/NAME.yaml), or paths of profiles.", completion: .file())
  var profiles: [String] = []

  @Flag(help: "Back up every component that has a profile.")
  var all = false

  @OptionGroup var source: SourceOptions
  @OptionGroup var repository: RepositoryOptions

  @Flag(help: "Let the dump pass though the gate finds too little or too much in it; it is the measure from then on.")
  var accept = false

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
    _ = try tuning(Tuning())
    let words = try words()
    guard all || words.count > 1 else {
      let profile = try words.first.map { (word) throws(Failure) in try Profile.load(try Lookup.profile(word)) }
      if let profile { return try back(up: profile, in: context) }
      return try back(up: try source.profile(), in: context)
    }
    for word in words {
      do throws(Failure) {
        try context.stop.check()
        // Files that others extend describe no component.
        let path = try Lookup.profile(word)
        if all, try Profile.check(path) == nil { continue }
        try back(up: try Profile.load(path), in: context.speaking(of: word))
      } catch {
        let subject = "component \(word)"
        context.report(error.place.contains(subject) ? error : error.within(subject))
        if context.stop.isStopped { return }
      }
    }
  }

  /// What is named on the command line; nothing where the source stands there itself.
  private func words() throws(Failure) -> [String] {
    if all || !profiles.isEmpty, let option = source.given.first {
      throw Failure(
        .usage, "\(option) does not go together with a profile", at: "command line",
        next: "Change the profile, or leave it out and give --component.")
    }
    guard all else {
      let doubled = Dictionary(grouping: profiles) { $0 }.first { $0.value.count > 1 }
      if let doubled {
        throw Failure(.usage, "\(doubled.key) stands twice", at: "command line", next: "Name it once.")
      }
      return profiles
    }
    guard profiles.isEmpty else {
      throw Failure(
        .usage, "--all does not go together with names", at: "command line", next: "Leave one of them out.")
    }
    let names = Lookup.names(in: Lookup.profileFolders)
    guard !names.isEmpty else {
      throw Failure(
        .usage, "there is no profile", at: Lookup.profileFolders.joined(separator: ", "),
        next: "Write one, or name a component.")
    }
    return names
  }

  /// One run of one component.
  private func back(up profile: Profile, in context: RunContext) throws(Failure) {
    if profile.source.kind == "stdin", context.streams.isInputClosed {
      throw Failure(.sourceFailed, "standard input is closed", next: "Pipe the dump into lifeboat.")
    }
    let address = try repository.address(in: context, for: [.writer]) { () throws(Failure) in AddressHints(profile) }
    let request = try request(profile)
    var hasBegun = false
    let report: BackupReport
    do throws(Failure) {
      report = try address.withRepository(in: context) { (repository) throws(Failure) in
        let run = BackupRun(
          try WriterAccess(repository), request, stop: context.stop, progress: RunProgress(), events: context.events)
        hasBegun = true
        return try context.tracking(profile.component, { run.progress.backupReading }) { () throws(Failure) in
          try run.run()
        }
      }
    } catch {
      if !hasBegun { BackupRun.failed(request, because: error, stop: context.stop, events: context.events) }
      throw error
    }
    BackupSummary(report, isJSON: output.json).say(in: context)
    if let failure = report.failure { throw failure }
  }

  private func request(_ profile: Profile) throws(Failure) -> BackupRequest {
    var request = BackupRequest(
      component: profile.component, source: DumpSources.make(profile.source), profile: described(profile).json,
      tuning: try tuning(profile.tuning), waits: wait, isRepeatable: profile.source.kind != "stdin")
    request.times = profile.times
    // A run without a profile has no place to say what is usual for it.
    request.gate = profile.file.isEmpty ? .open : profile.gate
    request.acceptsObjections = accept
    request.hooks = profile.hooks
    request.notifications = profile.notify
    return request
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
    ProgressReading(done: bytes, total: expected == 0 ? nil : expected, newBytes: newBytes, snapshotAge: snapshotAge)
  }

  /// How far a restore is.
  var restoreReading: ProgressReading { ProgressReading(done: bytes, total: expected == 0 ? nil : expected) }
}
