import Bytes
import Cryptography
import Format
import Profiles
import Repository

/// The top of the page: whether the ledger is whole, and where each component stands.
struct PageSummary {
  /// Findings that are named.
  private static let shown = 12

  private let verification: LedgerVerification
  private let entries: [LedgerEntry]

  init(_ verification: LedgerVerification, _ entries: [LedgerEntry]) {
    self.verification = verification
    self.entries = entries
  }

  /// What verification found, in the order of its weight.
  var status: String {
    let damage = verification.problems.filter { $0.severity == .damage }
    let others = verification.problems.filter { $0.severity == .warning }.map(\.what) + gaps
    let records = "\(PageText.count(UInt64(verification.entries.count))) records"
    let look: (sign: String, words: String, style: String) =
      if !damage.isEmpty {
        ("✕", "The chain of records is broken", "bad")
      } else if !others.isEmpty {
        ("!", "The chain of \(records) is whole, and something needs a look", "unsure")
      } else {
        ("✓", "The chain of \(records) is whole", "good")
      }
    let found = damage.map(\.what) + others
    let rest = found.count > PageSummary.shown ? ["and \(found.count - PageSummary.shown) more"] : []
    let list = (found.prefix(PageSummary.shown) + rest).map { "<li>\(Markup.text($0))</li>" }
    let more =
      list.isEmpty
      ? "<p>Every signature, every link between records and every scheduled run was verified when this page was made.</p>"
      : "<ul>\(list.joined())</ul>"
    return
      "<div class=\"status \(look.style)\"><strong><span aria-hidden=\"true\">\(look.sign)</span> \(look.words)</strong>\(more)</div>"
  }

  private var gaps: [String] {
    verification.schedules.filter(\.hasGap).map { standing in
      let slots = standing.missed.prefix(5).map { PageText.time($0.begin) }
      let rest = standing.missed.count > 5 ? " and \(standing.missed.count - 5) more" : ""
      let missed = slots.isEmpty ? [] : ["was not run in \(slots.joined(separator: ", "))\(rest)"]
      let overdue =
        standing.isOverdue ? ["is overdue since \(standing.next.map { PageText.time($0.begin) } ?? "")"] : []
      return
        "the drill \(standing.drill) \((missed + overdue).joined(separator: ", and ")) (scheduled \(standing.schedule ?? "no more"))"
    }
  }

  /// A card for each component.
  var cards: String {
    let components = Dictionary(grouping: entries, by: \.record.component).sorted { $0.key < $1.key }
    let cards = components.map { name, entries in card(name, entries) }
    return cards.isEmpty
      ? "<p class=\"lead\">No recovery has been recorded yet.</p>" : "<div class=\"cards\">\(cards.joined())</div>"
  }

  private func card(_ name: String, _ entries: [LedgerEntry]) -> String {
    guard let last = entries.last?.record else { return "" }
    let proven = entries.last { $0.record.verdict == .proven }?.record
    let head = "<h3>\(Markup.text(name)) \(PageText.badge(PageText.verdict(last.verdict)))</h3>"
    guard let proven else {
      return
        "<section class=\"card\">\(head)<p class=\"figure\">never proven</p><p class=\"soft\">\(entries.count) records</p></section>"
    }
    let way = proven.sort == .recovery ? "to recover, for real: \(proven.drill)" : "to recover, rehearsed"
    let since = "last proven \(PageText.time(proven.started.value))"
    let times = entries.map(\.record).filter { $0.verdict == .proven }.map(\.ttr.value)
    return "<section class=\"card\">\(head)"
      + "<p class=\"figure\">\(PageText.duration(proven.ttr.value))<small>\(Markup.text(way))</small></p>"
      + PageRecord.against("RTO", proven.objectives.recoveryTime, proven.ttr.value, proven.rto?.value)
      + "<p class=\"soft\">\(Markup.text(since)); \(times.count) of \(entries.count) records proven</p></section>"
  }
}
