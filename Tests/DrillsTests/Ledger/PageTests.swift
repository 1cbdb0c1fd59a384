import Bytes
import Drills
import Format
import Glibc
import Repository
import TestKit
import Testing

@Suite("The ledger as a page and as JUnit XML")
struct PageTests {
  private static let now = "2026-11-20T12:00:00Z"

  private func page(
    _ bench: LedgerBench, component: String? = nil, signed: Bool = false
  ) throws -> String {
    let verification = try bench.verify(now: PageTests.now)
    return LedgerPage(
      verification, component: component, evidence: signed ? LedgerFile.Evidence(bench.keys.restorer.signing) : nil,
      tool: "lifeboat test", now: try LedgerBench.time(PageTests.now)
    ).text
  }

  /// Runs the browser; nil where there is none, which only a run outside of CI may be without.
  private func chromium(_ words: [String], _ page: String) throws -> Program.Outcome? {
    let folder = TemporaryFolder()
    try Files.write(folder.path("page.html"), Array(page.utf8))
    let options = [
      "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
      "--no-first-run", "--user-data-dir=\(folder.path("profile"))",
    ]
    do {
      return try Program.run(options + words + ["file://\(folder.path("page.html"))"])
    } catch let error as SystemError where error.number == ENOENT && getenv("CI") == nil {
      Files.say("*** NOT TESTED: there is no chromium here ***")
      return nil
    }
  }

  @Test("shows verdicts, timeline, trend and numbers in a browser")
  func rendered() throws {
    let bench = try LedgerBench()
    let names = try SampleLedger.fill(bench)
    guard let outcome = try chromium(["--dump-dom"], try page(bench, signed: true)) else { return }
    let text = outcome.text
    #expect(outcome.status == 0, "\(outcome.errors)")
    for part in [
      "<svg", "class=\"timeline\"", "class=\"trend\"", "critical path", "class=\"limit\"", "unattributed", "(person)",
      "proven", "failed", "inconclusive", "1m59s", "21m50s", "RTO 15m", "RPO 1d", "412 ×", "throttling",
      "Start the server again.", "predicted", "real recovery", "was not run in 2026-09-28 03:15 UTC",
      "minisign -V -P RW",
      "The chain of 12 records is whole",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    for name in names { #expect(text.contains(name.hex)) }
    // The browser keeps what it understood: every drawing has its shapes.
    #expect(text.components(of: "<figure class=\"timeline\">") == 12)
    #expect(text.components(of: "<figure class=\"trend\">") == 2 && text.components(of: ", the only record") == 2)
  }

  @Test("is drawn: a picture of it is not blank")
  func drawn() throws {
    let bench = try LedgerBench()
    try SampleLedger.fill(bench)
    let kept = getenv("LIFEBOAT_KEEP_PICTURES").map { String(cString: $0) }
    let folder = TemporaryFolder()
    let picture = "\(kept ?? folder.path)/page.png"
    let text = try page(bench, signed: true)
    if let kept { try Files.write("\(kept)/page.html", Array(text.utf8)) }
    guard let outcome = try chromium(["--screenshot=\(picture)", "--window-size=1200,2600"], text) else { return }
    #expect(outcome.status == 0)
    let bytes = try Files.read(picture)
    #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) && bytes.count > 50_000)
  }

  @Test("loads nothing and runs nothing, whatever it holds")
  func closed() throws {
    let bench = try LedgerBench()
    try SampleLedger.fill(bench)
    let text = try page(bench, signed: true)
    #expect(
      text.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\""))
    let lower = text.lowercased()
    for part in [
      "http:", "https:", "//", "<script", "<link", "<img", "<iframe", "<object", "src=", "href=", "url(", "@import",
      "javascript:", " on",
    ] {
      let isAttribute = part == " on"
      #expect(
        isAttribute ? !lower.contains(" onload=") && !lower.contains(" onclick=") : !lower.contains(part), "\(part)")
    }
  }

  @Test("escapes all text of records")
  func escaped() throws {
    let bench = try LedgerBench()
    let evil = "<script>alert(1)</script>\" onload='x' & \u{202e}\u{7}"
    try bench.append(
      try bench.record(evil, component: evil) { record in
        record.checks = [Record.Check(name: evil, outcome: .pass, detail: evil, looksAtData: true)]
        record.tool = evil
        record.particulars?.target = evil
        record.particulars?.schedule = evil
        record.particulars?.spans = [Record.Span(name: evil, start: 0, end: record.ttr.value / 2)]
        record.particulars?.scenario = Record.Scenario(
          seed: 1, faults: [Record.Scenario.Fault(kind: evil, detail: evil, fired: 1)], outcome: .runbook, steps: [evil]
        )
      })
    let text = try page(bench)
    #expect(!text.contains("<script") && !text.contains("' onload=") && !text.contains("\u{202e}"))
    #expect(text.contains("&lt;script&gt;") && text.contains("U+202E") && text.contains("U+7"))
    let junit = JUnitReport(try bench.verify().entries).text
    #expect(!junit.contains("<script") && junit.contains("&lt;script&gt;"))
    #expect(try Program.run(["python3", "-c", PageTests.parser], input: Array(junit.utf8)).status == 0)
  }

  @Test("is the same for the same ledger, and shows one component where it is told to")
  func deterministic() throws {
    let bench = try LedgerBench()
    try SampleLedger.fill(bench)
    #expect(try page(bench) == page(bench))
    let wiki = try page(bench, component: "wiki")
    #expect(wiki.contains("wiki-files") && !wiki.contains("orders-calm</td>") && !wiki.contains("INC-42"))
    #expect(wiki.components(of: "<article") == 2)
  }

  @Test("of an empty ledger, of a broken one, and of a record with extreme numbers is a page all the same")
  func edges() throws {
    let bench = try LedgerBench()
    #expect(try page(bench).contains("No recovery has been recorded yet."))
    try bench.append(
      try bench.record(seconds: 0) {
        $0.particulars?.spans = [Record.Span(name: "last byte", start: .max - 1, end: 7)]
        $0.bytes = .max
        $0.dataAge = WideInteger(.max)
        $0.rpo = WideInteger(0)
      })
    try bench.append(
      try bench.record {
        $0.phases = [Record.Phase(name: "unattributed", nanoseconds: .max)]
        $0.ttr = WideInteger(.max)
        $0.particulars?.spans = [Record.Span(name: "last byte", start: 1, end: .max)]
      })
    let last = try bench.append(try bench.record { $0.number = 40 })
    let text = try page(bench)
    #expect(text.contains("The chain of records is broken") && text.contains(last.hex))
    _ = JUnitReport(try bench.verify().entries).text
  }

  /// Reads JUnit XML as CI servers do, and compares the counts of each suite with its cases.
  private static let parser = """
    import sys, xml.etree.ElementTree as E
    root = E.parse(sys.stdin).getroot()
    assert root.tag == 'testsuites', root.tag
    for s in root:
        assert s.tag == 'testsuite'
        for a in ('name','package','id','timestamp','hostname','tests','failures','errors','skipped','time'): assert a in s.attrib, a
        assert len(s.get('timestamp')) == 19 and float(s.get('time')) >= 0
        kinds = [c.tag for c in s]
        assert kinds[0] == 'properties' and set(kinds[1:]) <= {'testcase'}, kinds
        cases = s.findall('testcase')
        assert int(s.get('tests')) == len(cases)
        for kind, count in (('failure','failures'),('error','errors'),('skipped','skipped')):
            assert int(s.get(count)) == sum(c.find(kind) is not None for c in cases), count
        for c in cases:
            assert c.get('name') and c.get('classname') and float(c.get('time')) >= 0
            assert len(c) <= 1
            state = c[0].tag if len(c) else 'pass'
            print(s.get('name'), '|', c.get('name'), '|', state)
    """

  @Test("as JUnit has a suite for each run, and a case for each check, objective, fault and verdict")
  func junit() throws {
    let bench = try LedgerBench()
    try SampleLedger.fill(bench)
    try bench.append(
      try bench.record("orders-store-lost", at: "2026-11-19T03:00:00Z", verdict: .inconclusive) {
        $0.checks = [Record.Check(name: "manifest", outcome: .pass, detail: "", looksAtData: true)]
        $0.particulars?.scenario = Record.Scenario(
          seed: 1, faults: [Record.Scenario.Fault(kind: "store-lost", detail: "", fired: 0)], outcome: .automatic,
          steps: [])
      })
    let text = JUnitReport(try bench.verify().entries).text
    let outcome = try Program.run(["python3", "-c", PageTests.parser], input: Array(text.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = Set(outcome.text.split(separator: "\n").map(String.init))
    for line in [
      "orders-calm | manifest | pass", "orders-calm | manifest | failure", "orders-calm | integrity | skipped",
      "orders-calm | objective RTO 2m30s | pass", "orders-calm | objective RTO 2m30s | skipped",
      "orders-calm | objective RPO 1d | pass", "orders-calm | verdict | failure",
      "orders-throttled | objective RTO 2m30s | failure", "orders-throttled | fault throttling | pass",
      "incident INC-42 | verdict | pass", "incident INC-42 | objective RTO 15m | failure",
      "wiki-files | manifest | error", "wiki-files | verdict | error", "orders-store-lost | fault store-lost | error",
      "orders-store-lost | verdict | error",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }
}

extension String {
  /// How often a text stands in it.
  fileprivate func components(of part: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while let found = rest.firstRange(of: part) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }
}
