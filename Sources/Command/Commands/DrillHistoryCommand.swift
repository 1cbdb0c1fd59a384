import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Profiles
import Repository

/// `lifeboat drill history`: all records, with the chain verified, and what they say together.
///
/// JSON: one `record` for each with `record` (its id), `number`, `parents`, `sort`, `drill`, `component`, `snapshot`, `writer`,
/// `writerKey`, `sequence`, `started`, `verdict`, `checks` (`name`, `outcome`, `detail`, `looksAtData`), `phases` (`name`,
/// `nanoseconds`), `timeToRecover`, `rto`, `dataAge`, `rpo` (nanoseconds or null), `recoveryTime` and `recoveryPoint` (`met`,
/// `missed`, `unmeasured`, `unset`), `bytes`, `tool`, `scenarioKey` (`calm`, or the kinds of faults), `predicted` (null, or
/// `timeToRecover`, `low`, `high`, `records`, and of a proven one `errorPerMille`, positive where it took longer, and `within`).
///
/// Then one `statistics` for each component and scenario with `component`, `scenario`, and `all`, `drills`, `recoveries`, each
/// with `proven`, `failed`, `inconclusive`, `mean`, `meanLow`, `meanHigh` (90 %; null for fewer than three), `p50`, `p90`, `worst`,
/// `objectiveMet` and `objectiveOf` (how many that had an RTO met it), `perGigabyte`, `perMonth` (how many nanoseconds a recovery
/// takes longer; null where it is not known).
///
/// Then one `component` for each with `component`, `records`, `lastProven` (the id of its record, or null),
/// `meanTimeToRecover` (nanoseconds, of calm recoveries; null for fewer than three proven ones), `predictions` (null, or `count`,
/// `meanAbsoluteErrorPerMille`, `biasPerMille`, `within`).
struct DrillHistoryCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the records of drills and recoveries, and verify their chain.",
    discussion: "Needs a keeper or restorer key.")

  @Argument(help: "Only the records of this component.")
  var component: String?

  @Option(help: "Only the records of this scenario: calm, or kinds of faults with + between.")
  var scenario: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let scenario = try ScenarioWord.read(scenario)
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.keeper, .restorer], hints: named.hints).asking(copies)
    let history = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try DrillHistory.load(try MetaAccess(repository, to: "show records"))
    }
    HistoryText(history, named.name, scenario).say(isJSON: output.json, in: context)
    if let first = history.problems.first {
      for problem in history.problems { context.warn(problem.description) }
      throw Failure(
        .damaged, "the chain of records is broken: \(first.what)", at: first.place,
        next: "Compare with a copy of the repository, or with record ids that were noted elsewhere.")
    }
  }
}

/// A scenario as a command line names it.
enum ScenarioWord {
  /// Nil where none is named; throws `usage` for a word that is none.
  static func read(_ text: String?) throws(Failure) -> ScenarioKey? {
    guard let text else { return nil }
    guard let key = ScenarioKey(text: text) else {
      throw Failure(
        .usage, "\(text) is no scenario", at: "--scenario",
        next: "Use \(ScenarioKey.calm.text), or kinds with + between: "
          + FaultKind.allCases.map(\.rawValue).sorted().joined(separator: ", ") + ".")
    }
    return key
  }
}
