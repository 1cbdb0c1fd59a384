import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Profiles
import Repository

/// `lifeboat drill`: rehearsed recoveries.
struct DrillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill", abstract: "Rehearse a recovery, and keep its record; look at past ones.",
    usage: """
      lifeboat drill <file or name> [options]
      lifeboat drill history [<component>] [options]
      """,
    subcommands: [DrillRunCommand.self, DrillHistoryCommand.self], defaultSubcommand: DrillRunCommand.self)
}

/// `lifeboat drill FILE`: one drill.
///
/// JSON: the events; at its end `drill` with the fields of a `record` (see `drill history`) and `particulars` (what the checks
/// have to say to the person only, by check), `kept` (the folder with the restored data, or null).
struct DrillRunCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a drill.",
    discussion: """
      Restores a snapshot into a scratch folder, checks it, measures every phase, and puts a signed record into the \
      repository. Needs a restorer key. Exit status 0 proven, 1 proven with warnings (an objective missed), 10 not proven.
      """)

  @Argument(help: "A drill file, or the name of one (drills/NAME.yaml).", completion: .file())
  var drill: String

  @Option(help: "Snapshots of the writer whose id begins so, where several have the component.")
  var writer: String?

  @Option(help: "How many threads fetch, open and decompress.")
  var threads: Int?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var quiet: QuietOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }
  var isQuiet: Bool { quiet.quiet }

  func run(in context: RunContext) throws(Failure) {
    let clock = PhaseClock()
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let plan = try Drill.load(try Lookup.drill(drill))
    let address = try repository.address(in: context, for: [.restorer]) { () throws(Failure) in AddressHints(plan) }
      .asking(copies)
    let progress = RunProgress()
    let run = DrillRun(
      plan, tool: Release.tool, writer: writer, clock: clock, stop: context.stop, progress: progress, workers: threads,
      events: context.events)
    let report = try address.naming { () throws(Failure) in
      try context.tracking(plan.name, { progress.restoreReading }) { () throws(Failure) in
        try run.run { () throws(Failure) in
          let key = try clock.measure(.unlock) { () throws(Failure) in try address.key(in: context) }
          return try clock.measure(.open) { () throws(Failure) in
            try RestorerAccess(try address.openForRestore(with: key, in: context), to: "drill")
          }
        }
      }
    }
    DrillText.say(report, in: context)
    if let failure = report.failure { throw failure }
    for text in DrillText.missed(report.record) { context.warn(text) }
  }
}

/// `lifeboat drill history`: all records, with the chain verified.
///
/// JSON: one `record` for each with `record` (its id), `number`, `parents`, `sort`, `drill`, `component`, `snapshot`, `writer`,
/// `writerKey`, `sequence`, `started`, `verdict`, `checks` (`name`, `outcome`, `detail`, `looksAtData`), `phases` (`name`,
/// `nanoseconds`), `timeToRecover`, `rto`, `dataAge`, `rpo` (nanoseconds or null), `recoveryTime` and `recoveryPoint` (`met`,
/// `missed`, `unmeasured`, `unset`), `bytes`, `tool`; then one `component` for each with `component`, `records`, `lastProven` (the
/// id of its record, or null), `meanTimeToRecover` (nanoseconds; null for fewer than three proven recoveries).
struct DrillHistoryCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the records of drills and recoveries, and verify their chain.",
    discussion: "Needs a keeper or restorer key.")

  @Argument(help: "Only the records of this component.")
  var component: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.keeper, .restorer], hints: named.hints).asking(copies)
    let history = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try DrillHistory.load(try MetaAccess(repository, to: "show records"))
    }
    HistoryText(history, named.name).say(isJSON: output.json, in: context)
    if let first = history.problems.first {
      for problem in history.problems { context.warn(problem.description) }
      throw Failure(
        .damaged, "the chain of records is broken: \(first.what)", at: first.place,
        next: "Compare with a copy of the repository, or with record ids that were noted elsewhere.")
    }
  }
}
