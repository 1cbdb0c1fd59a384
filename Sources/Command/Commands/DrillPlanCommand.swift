import ArgumentParser
import Bytes
import Drills
import Format
import Pipeline
import Profiles
import Repository

/// `lifeboat drill plan`: what was never proven, and which drill to run next.
///
/// JSON: one `proof` for each thing to prove, what matters most first, with `component`, `from` (`primary`, `copy 1`), `scenario`
/// (`calm`, or a kind of fault), `state` (`overdue`, `open`: never proven and asked for by nothing, `proven`), `lastProven` (the
/// id of the record, or null), `provenAt` (or null), `period` (for how many seconds a proof counts), `drill` (the file to run, or
/// null where one has to be written), `next` (in words, or null); at its end `plan` with `overdue`, `open`, `proven` (how many).
struct DrillPlanCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what was never proven, and which drill to run next.",
    discussion: """
      Looks at every component, from the repository and from each of its copies, calm and under each kind of fault. \
      Overdue is what a drill file declares, the calm recovery of each component, the loss of a primary that has a copy, \
      and what was proven before, where the proof is missing or older than the drill's schedule (without one: 30 days). \
      Drill files are looked for in drills and /etc/lifeboat/drills. Needs a keeper or restorer key. Exit status 1 where \
      something is overdue.
      """)

  @Argument(help: "Only this component.")
  var component: String?

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  func run(in context: RunContext) throws(Failure) {
    let named = try NamedComponent(component)
    let address = try repository.address(in: context, for: [.keeper, .restorer], hints: named.hints).asking(copies)
    let (snapshots, history) = try DrillEvidence.load(address, to: "plan drills", in: context)
    let (drills, problems) = PlannedDrill.find()
    let plan = DrillPlan(
      components: named.name.map { [$0] } ?? DrillEvidence.components(snapshots, history),
      copies: { count(of: $0, address) }, records: history.lines, drills: drills, now: WallClock.now())
    PlanText(plan).say(isJSON: output.json, in: context)
    for problem in problems { context.warn("a drill does not count: \(problem.description)") }
    if let first = history.problems.first {
      context.warn("the chain of records is broken, see lifeboat drill history: \(first.what)")
    }
    if plan.isOverdue { context.noteWarning() }
  }

  /// How many copies a component has: what the command line names, or what its profile says.
  private func count(of component: String, _ address: RepositoryAddress) -> Int {
    guard copies.copies.isEmpty, address.copies.isEmpty else { return address.copies.count }
    return (try? NamedComponent(component).described())??.copies.count ?? 0
  }
}
