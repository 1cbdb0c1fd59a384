import Bytes
import Cryptography
package import Format
import Profiles
import Repository

/// The ledger as one page for people: it needs nothing from anywhere, runs nothing, and is the same for the same ledger.
///
/// It is a view and no proof: what it shows was verified when it was made, and the page says how to do that again.
package struct LedgerPage {
  private let verification: LedgerVerification
  private let entries: [LedgerEntry]
  private let component: String?
  private let evidence: LedgerFile.Evidence?
  private let tool: String
  private let now: UInt64

  /// Nothing is loaded and nothing runs, whatever stands in a record: only the page's own style counts.
  private static let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

  /// - Parameters:
  ///   - verification: of the whole ledger
  ///   - component: whose records are shown; nil for all
  ///   - evidence: the key of the signature beside the page, where there is one
  ///   - tool: name and version of this program
  ///   - now: nanoseconds since 1970
  package init(
    _ verification: LedgerVerification, component: String?, evidence: LedgerFile.Evidence?, tool: String, now: UInt64
  ) {
    self.verification = verification
    self.component = component
    self.evidence = evidence
    self.tool = tool
    self.now = now
    entries = verification.entries.filter { component == nil || $0.record.component == component }
  }

  /// The document.
  package var text: String {
    let title = component.map { "Recoveries of \($0)" } ?? "Ledger of recoveries"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(LedgerPage.policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="referrer" content="no-referrer">
      <meta name="color-scheme" content="light dark">
      <title>\(Markup.text(title))</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      \(header(title))
      <main>
      \(trends)
      <h2>Statistics</h2>
      \(PageStatistics.table(RecoveryGroup.all(entries)))
      <h2>Schedules</h2>
      \(PageStatistics.schedules(shownSchedules))
      <h2>Records</h2>
      \(entries.reversed().map { PageRecord($0).markup }.joined())
      <h2>Who signed</h2>
      \(signers)
      <h2>How to verify this</h2>
      \(verify)
      </main>
      <footer>\(Markup.text("Made by \(tool) on \(PageText.time(now))."))</footer>
      </body>
      </html>

      """
  }

  private func header(_ title: String) -> String {
    let summary = PageSummary(verification, entries)
    let text =
      "Repository \(verification.repository.hex), \(PageText.count(UInt64(entries.count))) records, as of \(PageText.time(now))."
    return """
      <header>
      <p class="eyebrow">lifeboat – evidence of recovery</p>
      <h1>\(Markup.text(title))</h1>
      <p class="lead">\(Markup.text(text))</p>
      \(summary.status)
      \(summary.cards)
      </header>
      """
  }

  private var shownSchedules: [ScheduleStanding] {
    verification.schedules.filter { component == nil || $0.component == component }
  }

  private var trends: String {
    let groups = RecoveryGroup.all(entries)
    guard !groups.isEmpty else { return "" }
    let figures = groups.map { group in
      "<h3 class=\"trendname\">\(Markup.text(group.component)) <span class=\"soft\">\(Markup.text(group.scenario))</span></h3>\(PageTrend(group).markup)"
    }
    return "<h2>Time to recover</h2>\n<section class=\"trends\">\(figures.joined(separator: "\n"))</section>"
  }

  private var signers: String {
    let shown = Dictionary(grouping: entries, by: \.signer).sorted { $0.key.hex < $1.key.hex }
    let rows = shown.map { key, entries in
      let first = entries.map(\.header.time).min() ?? 0
      let last = entries.map(\.header.time).max() ?? 0
      return "<tr><td><code>\(key.hex)</code></td><td class=\"n\">\(entries.count)</td>"
        + "<td>\(PageText.time(first))</td><td>\(PageText.time(last))</td></tr>"
    }
    return PageTable.whole(["Public key of the restorer", "Records", "First", "Last"], numbers: [1], rows)
      + "<p>That these keys belong to restorers is signed by the root of authority, <code>\(verification.root.hex)</code>.</p>"
  }

  private var verify: String {
    let heads = verification.heads.map(\.hex)
    let since = heads.map { " --since \($0)" }.joined()
    let signed = evidence.map { evidence in
      """
      <p>This page has a signature beside it, of the key that the restorer <code>\(evidence.restorer.hex)</code> keeps \
      for evidence; the key is the one that an export of the ledger states under that restorer's signature:</p>
      <pre><code>minisign -V -P \(Markup.text(evidence.minisign)) -m FILE</code></pre>
      """
    }
    return """
      <p>This page is a view. The proof is the ledger itself: each record is signed by a restorer and names, by their \
      digests, the records that were the newest when it was made.</p>
      <p>In the repository, with a keeper's key, this also shows that what is here was not taken out since:</p>
      <pre><code>lifeboat drill verify\(Markup.text(since))</code></pre>
      <p>Without the repository, from <code>lifeboat drill export --format json</code>, with public keys alone:</p>
      <pre><code>lifeboat drill verify --export ledger.json --root \(verification.root.hex)</code></pre>
      \(signed ?? "")
      <p>What it cannot show: unless the store locks objects or somebody else kept an id of a record, the holder of a \
      restorer's key can begin the ledger anew or cut off its end.</p>
      """
  }
}
