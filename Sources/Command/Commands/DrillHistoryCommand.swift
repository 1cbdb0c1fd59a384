import ArgumentParser
import Bytes
import Drills
import Engine
import Format
import Profiles
import Repository

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
