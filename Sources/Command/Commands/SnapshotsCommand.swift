import ArgumentParser
import Bytes
import Format
import Profiles
import Repository

/// `lifeboat snapshots`: what there is.
///
/// JSON: one `snapshot` for each with `id`, `component`, `writer`, `label`, `writerKey`, `sequence`, `started`, `finished`,
/// `verdict` (as its writer signed it), `reasons`, `accepted` (null, or who let a quarantined one count: `role`, `key`, `at`,
/// `reason`, `annotation`), `bytes`, `newBytes`, `storedBytes`, `streams`, `proven`.
struct SnapshotsCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshots", abstract: "List the snapshots of a repository.",
    discussion: "Needs a keeper or restorer key.")

  @Argument(help: "Only the snapshots of this component.")
  var component: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.keeper, .restorer], hints: named.hints).asking(copies)
    let (history, ledger, access) = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      let access = try MetaAccess(repository, to: "list snapshots")
      return (try SnapshotHistory.load(access), try Ledger.load(access), access)
    }
    let wanted = history.snapshots.filter { named.name == nil || $0.snapshot.component == named.name }
      .sorted {
        $0.snapshot.component < $1.snapshot.component
          || ($0.snapshot.component == $1.snapshot.component && ListedSnapshot.precedes($0, $1))
      }
    if output.json {
      for snapshot in wanted { context.say(Statement("snapshot", SnapshotText.fields(snapshot, ledger), [])) }
    } else if !wanted.isEmpty {
      context.say(Statement("snapshots", [], SnapshotText.table(wanted, ledger)))
    } else {
      context.say(Statement("snapshots", [], ["No snapshot\(named.name.map { " of \($0)" } ?? "") is here yet."]))
    }
    HistoryWarnings.say(history, access, in: context)
  }
}

/// What is wrong with a history, said wherever one is shown.
enum HistoryWarnings {
  static func say(_ history: SnapshotHistory, _ access: MetaAccess, in context: RunContext) {
    for problem in access.problems {
      context.warn(
        "the snapshots of writer \(problem.writer.hex.prefix(8)) do not count: \(problem.failure.description)")
    }
    for problem in history.problems {
      context.warn("a snapshot does not count: \(problem.failure.description) See lifeboat check.")
    }
    for problem in history.annotations.problems {
      context.warn("an annotation does not count: \(problem.failure.description) See lifeboat check.")
    }
    for oddity in history.oddities() {
      if oddity.isDamage { context.warn("\(oddity.text); see lifeboat check") } else { context.note(oddity.text) }
    }
  }
}
