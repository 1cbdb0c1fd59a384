import ArgumentParser
import Bytes
import Engine
import Format
import Profiles
import Repository

/// `lifeboat cache`: the reference cache of this host.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "The reference cache: recent dumps, kept to store changes as differences.",
    discussion: """
      A backup keeps the chunks of recent dumps on its host, compressed and sealed, so that the next one stores only \
      what changed inside them. The cache is disposable: without it a backup stores changed chunks full, once. Where \
      it lies and how large it may get is said in a profile: tuning.cache (disk, memory or off), tuning.cache-size.
      """,
    subcommands: [CacheRebuildCommand.self])
}

/// `lifeboat cache rebuild`: fills this host's cache from the store.
///
/// JSON: at its end `cache` with `component`, `snapshot` (the id), `bytes`.
struct CacheRebuildCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Fill this host's reference cache from a snapshot.",
    discussion: """
      For a host that lost its cache: run it there, as the account that makes the backups, with a restorer key. The \
      next backup then stores differences again instead of a whole dump.
      """)

  @Argument(help: "A component with a profile (profiles/NAME.yaml), the path of a profile, or a component's name.")
  var component: String

  @Option(help: "The snapshot: latest, or the beginning of an id.")
  var snapshot = "latest"

  @Option(help: "How many threads read and compress.")
  var threads: Int?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    try OptionRange.check(threads, "--threads", Tuning.threadCounts)
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.restorer], hints: named.hints).asking(copies)
    let chosen = try ChosenSnapshot.open(
      address, try SelectionOptions.word(snapshot), of: named.name, writer: nil, to: "fill the reference cache",
      threads: threads, in: context)
    chosen.warn(in: context)
    var tuning = try named.tuning()
    tuning.threads = threads ?? tuning.threads
    let refill = ReferenceRefill(chosen.access, stop: context.stop, progress: RunProgress())
    let name = chosen.listed.snapshot.component
    let size = try context.tracking(name, { refill.progress.restoreReading }) { () throws(Failure) in
      try refill.run(chosen.listed, from: chosen.source, tuning: tuning)
    }
    context.say(
      Statement(
        "cache",
        [("component", .text(name)), ("snapshot", .text(chosen.listed.name.hex)), ("bytes", .count(size))],
        [
          "\(name): the reference cache holds snapshot \(chosen.listed.name.hex.prefix(12)) "
            + "in \(ByteCount(size).rounded)"
        ],
        isSummary: true))
  }
}
