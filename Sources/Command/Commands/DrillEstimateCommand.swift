import ArgumentParser
import Bytes
import Drills
import Format
import Profiles
import Repository

/// `lifeboat drill estimate`: how long a recovery would take today.
///
/// JSON: one `estimate` for each component with `component`, `scenario`, `bytes` (of the dump), `timeToRecover`, `low`,
/// `high` (nanoseconds, null where no such recovery is proven; the interval is that of four of five recoveries), `records`,
/// `sizes` (of the dumps that it rests on, sorted), `isFar` (true for a size below half or above twice of what was
/// recovered), `target` (what was restored to, or null), `phases` (`name`, `fixed`, `perGigabyte`, `nanoseconds`,
/// `isMeasured`), `rto` (nanoseconds or null), `outlook` (`safe`, `near`, `over`, `unset`), `breakingBytes` (the size from
/// which on the expected time is over the RTO, or null), `breakingAt` (when dumps have it, or null), `growthPerDay` (bytes,
/// or null where it is not known).
struct DrillEstimateCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate", abstract: "Predict how long a recovery takes, from the phases of past ones.",
    discussion: """
      Each phase has a fixed part and one for each byte, as past records show them; the interval is the one in which four \
      of five recoveries are expected. Says at which size the RTO is missed, and when dumps reach it. Needs a keeper or \
      restorer key. Exit status 1 where the RTO is near or over, or there is nothing to estimate from.
      """)

  @Argument(help: "Only this component.")
  var component: String?

  @Option(help: "The size of the dump (1500000, 20GB). Default: the size of the newest complete snapshot.")
  var size: String?

  @Option(help: "A recovery under this scenario: kinds of faults with + between. Default: a calm one.")
  var scenario: String?

  @Option(help: "What the drill of this name would take. Default: what was proven last.")
  var drill: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let scenario = try ScenarioWord.read(scenario) ?? .calm
    let size = try given()
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.keeper, .restorer], hints: named.hints).asking(copies)
    let (snapshots, drills) = try DrillEvidence.load(address, to: "estimate a recovery", in: context)
    let components = named.name.map { [$0] } ?? DrillEvidence.components(snapshots, drills)
    if components.isEmpty { context.say(Statement("estimates", [], ["There is no snapshot to recover."])) }
    for component in components {
      let records = drills.lines.map(\.record)
      let rto = component == named.name ? try? named.described()?.objectives : DrillEvidence.objectives(of: component)
      let own = records.last { $0.component == component && $0.rto != nil }?.rto?.value
      EstimateText(
        component: component, scenario: scenario, drill: drill,
        bytes: size ?? snapshots.latest(of: component)?.snapshot.catalogue.length,
        rto: rto?.recoveryTime.map { UInt64($0.count) * 1_000_000_000 } ?? own,
        growth: SizeGrowth(of: component, in: snapshots), records: records
      ).say(in: context)
    }
    if let first = drills.problems.first {
      context.warn("the chain of records is broken, see lifeboat drill history: \(first.what)")
    }
  }

  private func given() throws(Failure) -> UInt64? {
    guard let size else { return nil }
    guard component != nil else {
      throw Failure(.usage, "--size is of one component", at: "command line", next: "Name the component.")
    }
    guard let bytes = UInt64(size) ?? ByteCount(size)?.count else {
      throw Failure(.usage, "\(size) is no size", at: "--size", next: "Write bytes, or a number with a unit: 20GB.")
    }
    return bytes
  }
}

/// What estimates and plans rest on.
enum DrillEvidence {
  /// Loads all snapshots and records.
  static func load(
    _ address: RepositoryAddress, to purpose: String, in context: RunContext
  ) throws(Failure) -> (snapshots: SnapshotHistory, drills: DrillHistory) {
    try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: purpose)
      return (try SnapshotHistory.load(access), try DrillHistory.load(access))
    }
  }

  /// The components that have a complete snapshot or a record, sorted.
  static func components(_ snapshots: SnapshotHistory, _ drills: DrillHistory) -> [String] {
    Set(snapshots.snapshots.filter(\.isComplete).map(\.snapshot.component))
      .union(drills.components.map(\.name)).sorted()
  }

  /// What the profile of a component asks; nil where there is none that can be read.
  static func objectives(of component: String) -> Objectives? {
    (try? NamedComponent(component).described())??.objectives
  }
}
