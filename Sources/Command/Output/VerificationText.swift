import Bytes
import Cryptography
import Drills
import Format
import Profiles
import Repository

/// What was found out about a ledger, as people and programs see it.
struct VerificationText {
  /// Missed slots of one drill that are named to people, and to programs.
  private static let shownGaps = 10
  private static let listedGaps = 1000

  private let verification: LedgerVerification

  init(_ verification: LedgerVerification) { self.verification = verification }

  /// Says it; a gap or a warning makes the run end with warnings.
  func say(isJSON: Bool, in context: RunContext) {
    if isJSON {
      for statement in statements { context.say(statement) }
    } else {
      context.say(Statement("ledger", [], lines))
    }
    if verification.hasGaps || !verification.problems.isEmpty { context.noteWarning() }
  }

  // MARK: - For people

  private var lines: [String] {
    let records = verification.entries.count
    let state =
      verification.isBroken
      ? "broken" : verification.hasGaps ? "whole, with gaps in what was to be run" : "whole"
    var lines = ["ledger \(verification.repository.hex): \(state), \(records) \(records == 1 ? "record" : "records")"]
    for entry in verification.entries where verification.heads.contains(entry.name) {
      lines.append("  head \(entry.name.hex), number \(entry.record.number), \(LocalTime.text(entry.header.time))")
    }
    for signer in verification.signers { lines.append("  signed by \(signer.key.hex): \(signer.records)") }
    lines.append("  rests on the root key \(verification.root.hex)")
    for (noted, entry) in verification.noted where noted.source == .given {
      lines.append("  noted \(entry.name.hex.prefix(12)) is there, number \(entry.record.number)")
    }
    return lines + scheduleLines + problemLines
  }

  private var scheduleLines: [String] {
    guard !verification.schedules.isEmpty else { return [] }
    var table = Table([
      ("DRILL", .left), ("COMPONENT", .left), ("SCHEDULE", .left), ("KEPT", .right), ("MISSED", .right),
      ("LAST RUN", .left), ("EXPECTED", .left),
    ])
    for standing in verification.schedules {
      let expected = standing.next.map { VerificationText.local($0.begin) + (standing.isOverdue ? ", overdue" : "") }
      table.add([
        standing.drill, standing.component, standing.schedule ?? "none any more", "\(standing.kept)",
        "\(standing.missed.count)", VerificationText.local(standing.last), expected ?? "-",
      ])
    }
    return [""] + table.lines + gapLines
  }

  private var gapLines: [String] {
    verification.schedules.flatMap { standing in
      var lines = standing.missed.prefix(VerificationText.shownGaps).map { slot in
        "missed: \(standing.drill), scheduled for \(VerificationText.local(slot.begin)), was not run until \(VerificationText.local(slot.end))"
      }
      let rest = standing.missed.count - lines.count
      if rest > 0 { lines.append("missed: \(standing.drill), \(rest) more") }
      if standing.isOverdue, let slot = standing.next {
        lines.append("overdue: \(standing.drill), scheduled for \(VerificationText.local(slot.begin))")
      }
      return lines
    }
  }

  private var problemLines: [String] {
    guard !verification.problems.isEmpty else { return [] }
    return [""]
      + verification.problems.flatMap { problem in
        ["\(problem.severity.rawValue): \(problem.what)"] + (problem.next.isEmpty ? [] : ["  next: \(problem.next)"])
      }
  }

  private static func local(_ moment: Moment) -> String {
    String(LocalTime.text(UInt64(max(0, moment.seconds)) * 1_000_000_000).dropLast(3))
  }

  // MARK: - For programs

  private var statements: [Statement] {
    let problems = verification.problems.map { problem in
      Statement(
        "problem",
        [
          ("kind", .text(problem.kind.rawValue)), ("severity", .text(problem.severity.rawValue)),
          ("record", problem.record.map { .text($0.hex) } ?? .nothing), ("what", .text(problem.what)),
          ("next", .text(problem.next)),
        ], [])
    }
    let noted = verification.noted.map { noted, entry in
      Statement(
        "noted",
        [
          ("record", .text(entry.name.hex)), ("number", .count(entry.record.number)),
          ("source", .text(noted.source.rawValue)),
        ], [])
    }
    return problems + verification.schedules.flatMap(VerificationText.statements) + noted + [whole]
  }

  private static func statements(_ standing: ScheduleStanding) -> [Statement] {
    let schedule = Statement(
      "schedule",
      [
        ("drill", .text(standing.drill)), ("component", .text(standing.component)),
        ("schedule", standing.schedule.map { .text($0) } ?? .nothing), ("zone", .integer(standing.zone)),
        ("since", .text(standing.first.text)), ("last", .text(standing.last.text)),
        ("kept", .count(UInt64(standing.kept))), ("missed", .count(UInt64(standing.missed.count))),
        ("expected", standing.next.map { .text($0.begin.text) } ?? .nothing), ("overdue", .truth(standing.isOverdue)),
      ], [])
    let gaps = standing.missed.prefix(listedGaps).map { slot in
      Statement(
        "gap",
        [
          ("drill", .text(standing.drill)), ("component", .text(standing.component)), ("begin", .text(slot.begin.text)),
          ("end", .text(slot.end.text)),
        ], [])
    }
    return [schedule] + gaps
  }

  private var whole: Statement {
    let signers = verification.signers.map { signer in
      JSONText.object([("publicKey", .text(signer.key.hex)), ("records", .count(UInt64(signer.records)))])
    }
    return Statement(
      "ledger",
      [
        ("repository", .text(verification.repository.hex)), ("root", .text(verification.root.hex)),
        ("records", .count(UInt64(verification.entries.count))),
        ("heads", .list(verification.heads.map { .text($0.hex) })), ("signers", .list(signers)),
        ("whole", .truth(!verification.isBroken)), ("gaps", .truth(verification.hasGaps)),
      ], [])
  }
}
