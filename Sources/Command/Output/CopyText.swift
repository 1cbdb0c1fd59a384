import Bytes
import Profiles
import Repository

/// What came of a copy, as people and programs see it.
struct CopyText {
  private let report: CopyReport
  private let from: String
  private let to: String

  /// - Parameters:
  ///   - from: the location of the repository
  ///   - to: the location of the copy
  init(_ report: CopyReport, from: String, to: String) {
    self.report = report
    self.from = from
    self.to = to
  }

  func say(_ nanoseconds: UInt64, isJSON: Bool, in context: RunContext) {
    for problem in report.problems { context.say(statement(problem)) }
    if !isJSON, !report.strangers.isEmpty {
      let shown = report.strangers.prefix(5).joined(separator: ", ")
      let more = report.strangers.count > 5 ? " and \(report.strangers.count - 5) more" : ""
      context.warn("this is no part of a repository and was not copied: \(shown)\(more)")
    }
    if report.vanished > 0 {
      context.note("\(Plural.of(report.vanished, "object")) went from \(from) while the copy was made")
    }
    context.say(
      Statement(
        "copy",
        [
          ("from", .text(from)), ("to", .text(to)), ("whole", .truth(report.isWhole)),
          ("copied", .count(report.copied)), ("copiedBytes", .count(report.copiedBytes)),
          ("present", .count(report.present)), ("extra", .count(report.extra)), ("vanished", .count(report.vanished)),
          ("left", .list(report.strangers.map { .text($0) })), ("milliseconds", .count(nanoseconds / 1_000_000)),
        ], [line(nanoseconds)], isSummary: report.isWhole))
  }

  /// Damage as the failure of the command.
  var failure: Failure? {
    guard let first = report.problems.first else { return nil }
    let more = report.problems.count > 1 ? ", and \(Plural.of(UInt64(report.problems.count - 1), "more object"))" : ""
    return Failure(
      .damaged, "the copy is not whole: \(first.what)\(more)", at: "\(location(first.side)): \(first.path)",
      next: first.side == .source
        ? "See lifeboat check for what it costs; the rest was copied."
        : "Remove what is damaged in the copy, then copy again.")
  }

  private func line(_ nanoseconds: UInt64) -> String {
    var parts = [
      "copied \(Plural.of(report.copied, "object")), \(ByteCount(report.copiedBytes).rounded), to \(to) in "
        + Duration.text(nanoseconds)
    ]
    if report.present > 0 { parts.append("\(Plural.of(report.present, "object")) there already") }
    if report.extra > 0 { parts.append("\(Plural.of(report.extra, "object")) only there") }
    if !report.isWhole { parts.append("\(Plural.of(UInt64(report.problems.count), "object")) DAMAGED") }
    return parts.joined(separator: ", ")
  }

  private func location(_ side: CopyProblem.Side) -> String { side == .source ? from : to }

  private func statement(_ problem: CopyProblem) -> Statement {
    let store = location(problem.side)
    return Statement(
      "problem",
      [
        ("severity", .text("damage")), ("object", .text(problem.path)), ("what", .text(problem.what)),
        ("store", .text(store)),
      ], ["damage: \(problem.what)", "  where: \(problem.path) in \(store)"])
  }
}
