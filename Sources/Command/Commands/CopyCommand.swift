import ArgumentParser
import Bytes
import Engine
import Pipeline
import Profiles
import Repository
import Store

/// `lifeboat copy`: makes another store a copy of a repository.
///
/// JSON: one `problem` for each object that is damaged in either store, with `severity` (`damage`), `object`, `what`, `store`
/// (its location); for each target a `copy` with `from`, `to`, `whole`, `copied`, `copiedBytes`, `present` (objects that were
/// there), `extra` (objects that only the target has), `vanished` (objects that went from the source meanwhile), `left` (paths
/// and folders of what is no object of a repository), `milliseconds`.
struct CopyCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copy a repository into another store, or bring an older copy up to date.",
    usage: """
      lifeboat copy <component or profile> [options]
      lifeboat copy --repository R --to LOCATION [--to LOCATION ...] [options]
      """,
    discussion: """
      Needs no key: objects are named by the digest of their bytes. What the copy lacks is put there, the same bytes \
      under the same paths, each compared with its name first; what is there is left as it is. Backups may go on \
      meanwhile, and a copy that was interrupted is taken up by the next run. Exit status 6 if anything is damaged.

      Restore, check and drill take what is missing or damaged from the copies that a profile names (copies:) or \
      --copy does. The other way round, copy puts back what the repository lost: name the copy with --repository, and \
      the repository with --to.
      """)

  @Argument(
    help: "A component with a profile (profiles/NAME.yaml), or the path of a profile: its copies are made.",
    completion: .file())
  var component: String?

  @Option(
    help: "The repository's location. Default: LIFEBOAT_REPOSITORY, or the component's profile.",
    completion: .directory)
  var repository: String?

  @Option(
    name: .customLong("to"),
    help: "Where the copy is, or is to be; may be repeated. Default: every copy that the profile names.",
    completion: .directory)
  var targets: [String] = []

  @Flag(help: "Read and verify every byte of what the copy has already, instead of trusting sizes.")
  var readData = false

  @Option(help: "How many objects are on their way at once.")
  var threads: Int?

  @OptionGroup var quiet: QuietOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }
  var isQuiet: Bool { quiet.quiet }

  func run(in context: RunContext) throws(Failure) {
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let (address, targets) = try addresses(in: context)
    let source = try StoreOpening.open(address, in: context.surroundings)
    var first: Failure?
    for target in targets {
      do throws(Failure) {
        try copy(source, address, to: target, in: context)
      } catch {
        try context.stop.check()
        // One copy that cannot be made is no reason not to make the others.
        if first != nil || targets.count > 1 { context.warn(error.description) }
        first = first ?? error
      }
    }
    if let first { throw first }
  }

  /// The repository and its copies: options first, then the environment, then the profile.
  private func addresses(in context: RunContext) throws(Failure) -> (source: StoreAddress, targets: [StoreAddress]) {
    let location = try (repository ?? context.value("LIFEBOAT_REPOSITORY")).map { (text) throws(Failure) in
      try StoreLocation(text)
    }
    let said = try component.map { (word) throws(Failure) in AddressHints(try Profile.load(try Lookup.profile(word))) }
    let (source, copies) = try RepositoryOptions.stores(location, said)
    let known = try said.map { (said) throws(Failure) in try RepositoryOptions.known(said) }
    let ways = (known?.own.map { [$0] } ?? []) + (known?.copies ?? [])
    var wanted = targets.isEmpty ? copies : []
    for text in targets {
      let location = try StoreLocation(text)
      wanted.append(ways.first { $0.location.isSame(as: location) } ?? StoreAddress(location))
    }
    guard !wanted.isEmpty else {
      throw Failure(
        .usage, "nothing says where the copy is to be", at: "command line",
        next: "Give --to, or name copies in the component's profile.")
    }
    guard !wanted.contains(where: { $0.location.isSame(as: source.location) }) else {
      throw Failure(
        .usage, "the repository cannot be its own copy", at: source.location.text, next: "Name another place.")
    }
    return (source, wanted)
  }

  private func copy(
    _ source: any Store, _ address: StoreAddress, to target: StoreAddress, in context: RunContext
  ) throws(Failure) {
    let watch = Stopwatch()
    let store = try StoreOpening.open(target, create: true, in: context.surroundings)
    let request = CopyRequest(workers: threads ?? CopyRequest.standardWorkers, readData: readData)
    let run = CopyRun(from: source, to: store, request, stop: context.stop)
    let title = "copy to \(target.location.text)"
    let progress = run.progress
    let report = try context.tracking(
      title,
      { progress.total == 0 ? nil : ProgressReading(done: progress.done, total: progress.total) }
    ) { () throws(Failure) in try run.run() }
    let text = CopyText(report, from: address.location.text, to: target.location.text)
    text.say(watch.nanoseconds, isJSON: output.json, in: context)
    if let failure = text.failure { throw failure }
  }
}
