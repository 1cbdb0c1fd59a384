import Bytes
import Engine
import Profiles
import Repository

/// What a check found, as people and programs see it.
enum CheckText {
  /// One problem. Damage is told on standard output: it is what was asked for.
  static func say(_ problem: CheckProblem, isJSON: Bool, in context: RunContext) {
    if problem.severity == .note, !isJSON { return context.note("\(problem.path): \(problem.what)") }
    if problem.severity == .warning { context.noteWarning() }
    let costs = problem.costs.map { cost in
      JSONText.object([
        ("snapshot", .text(cost.name.hex)), ("component", cost.component.map { .text($0) } ?? .nothing),
        ("writer", .text(cost.writer.hex)),
      ])
    }
    context.say(
      Statement(
        "problem",
        [
          ("severity", .text("\(problem.severity)")), ("object", .text(problem.path)), ("what", .text(problem.what)),
          ("next", .text(problem.next)), ("costs", .list(costs)), ("exact", .truth(problem.isExact)),
          ("copies", .list(problem.copies.map { .text($0) })),
        ], lines(of: problem)))
  }

  private static func lines(of problem: CheckProblem) -> [String] {
    var lines = ["\(problem.severity): \(problem.what)", "  where: \(problem.path)"]
    if !problem.costs.isEmpty { lines.append("  costs\(problem.isExact ? "" : " at most"): \(names(problem.costs))") }
    if !problem.copies.isEmpty { lines.append("  a copy has it: \(problem.copies.joined(separator: ", "))") }
    if !problem.next.isEmpty { lines.append("  next: \(problem.next)") }
    return lines
  }

  private static func names(_ costs: [AffectedSnapshot]) -> String {
    let shown = costs.suffix(10).map { cost in
      let time = cost.time.map { " of \(LocalTime.text($0))" } ?? ""
      return "\(cost.component ?? "unknown component") \(cost.shortName)\(time)"
    }
    let rest = costs.count - shown.count
    return (rest > 0 ? ["\(rest) older snapshots"] : []).joined() + (rest > 0 ? ", " : "")
      + shown.joined(separator: ", ")
  }

  /// The sum.
  static func say(_ report: CheckReport, _ nanoseconds: UInt64, in context: RunContext) {
    let read = ByteCount(report.bytesRead).rounded
    let verdict = report.isSound ? "sound" : "DAMAGED"
    context.say(
      Statement(
        "check",
        [
          ("sound", .truth(report.isSound)), ("objects", .count(report.objects)),
          ("storedBytes", .count(report.storedBytes)), ("snapshots", .count(report.snapshots)),
          ("bytesRead", .count(report.bytesRead)), ("packsRead", .count(report.packsRead)),
          ("blobsOpened", .count(report.blobsOpened)), ("milliseconds", .count(nanoseconds / 1_000_000)),
        ],
        [
          "check: \(verdict), \(Plural.of(report.snapshots, "snapshot")), \(Plural.of(report.objects, "object")) of "
            + "\(ByteCount(report.storedBytes).rounded), \(read) read, \(Plural.of(report.blobsOpened, "blob")) opened, "
            + "in \(Duration.text(nanoseconds))"
        ], isSummary: report.isSound))
  }

  /// Damage as the failure of the command.
  static func failure(_ report: CheckReport) -> Failure? {
    let damage = report.problems(.damage)
    guard let first = damage.first else { return nil }
    let lost = Set(damage.flatMap { $0.costs.map(\.name) }).count
    let more = damage.count > 1 ? ", and \(Plural.of(UInt64(damage.count - 1), "more problem"))" : ""
    let cost =
      lost == 0
      ? "No snapshot is lost; see the list above."
      : "\(Plural.of(UInt64(lost), "snapshot")) cannot be restored in full: see the list above."
    let held = damage.count { !$0.copies.isEmpty }
    let help =
      held == 0
      ? ""
      : " Copies have \(held == damage.count ? "all" : "\(held)") of the \(Plural.of(UInt64(damage.count), "object")): "
        + "restore with them, and put back what is missing with lifeboat copy."
    return Failure(
      .damaged, "the repository is damaged: \(first.what)\(more)", at: first.path, next: cost + help)
  }
}
