import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Profiles
import Repository
import Store

/// `lifeboat drill FILE`: one drill.
///
/// JSON: the events; at its end `drill` with the fields of a `record` (see `drill history`) and `particulars` (what the checks
/// have to say to the person only, by check), `kept` (where the restored data is, or null), `removal` (nanoseconds that it took to
/// take the target down, after the recovery), `target`, `origin`, `scenario` (`seed`, `outcome`, `steps`, `faults` with `kind`,
/// `detail`, `fired`; null in a calm drill), `calm` (`number`, `timeToRecover` and `cost` in nanoseconds against the last calm drill,
/// or null).
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
    let clock = RecoveryClock()
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    // Where the keys are is read, too, before they can be unlocked.
    let (plan, address) = try clock.measure(.unlock) { () throws(Failure) in
      let plan = try Drill.load(try Lookup.drill(drill))
      let address = try repository.address(in: context, for: [.restorer]) { () throws(Failure) in AddressHints(plan) }
        .asking(copies)
      return (plan, address)
    }
    let progress = RunProgress()
    let meter = StoreMeter()
    clock.count(with: meter)
    let run = DrillRun(
      plan, tool: Release.tool, writer: writer, copies: address.copies.map(\.location.text),
      environment: context.environment, clock: clock, stop: context.stop, progress: progress, workers: threads,
      events: context.events)
    var unlocked: KeyFile?
    let report = try address.naming { () throws(Failure) in
      try context.tracking(plan.name, { progress.restoreReading }) { () throws(Failure) in
        try run.run { (opening) throws(Failure) in
          if unlocked == nil {
            unlocked = try clock.measure(.unlock) { () throws(Failure) in try address.key(in: context, on: clock) }
          }
          guard let key = unlocked else { throw Failure(.defect, "a drill without a key") }
          return try clock.measure(.open) { () throws(Failure) in
            try RestorerAccess(try address.openForDrill(with: key, opening, counting: meter, in: context), to: "drill")
          }
        }
      }
    }
    DrillText.say(report, in: context)
    DrillNotification.send(report, to: plan.notify, stop: context.stop, events: context.events)
    if let failure = report.failure { throw failure }
    for text in DrillText.missed(report.record) { context.warn(text) }
  }
}
