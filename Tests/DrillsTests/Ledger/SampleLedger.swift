import Bytes
import Drills
import Format
import Repository
import TestKit

/// A ledger with everything in it that a page can show: a quarter of weekly drills of two components, with faults, a
/// failure, a gap, a prediction, a fork, and a real recovery that waited for people.
enum SampleLedger {
  /// Fills a bench; returns the records in the order in which they were put.
  @discardableResult
  static func fill(_ bench: LedgerBench) throws -> [Name] {
    var names: [Name] = []
    func put(_ record: Record) throws { names.append(try bench.append(record)) }
    let seconds = [96.2, 94.8, 101.4, 99.0, 108.3, 104.9, 112.0, 118.7]
    let days = ["09-07", "09-14", "09-21", "10-05", "10-12", "10-19", "10-26", "11-02"]
    for (index, day) in days.enumerated() {
      let failed = index == 4
      try put(
        try bench.record("orders-calm", at: "2026-\(day)T03:15:00Z", seconds: seconds[index]) { record in
          record.verdict = failed ? .failed : .proven
          fill(&record, bytes: 310_000_000 + UInt64(index) * 9_000_000, predicted: index > 2)
          record.checks = checks(failing: failed)
          record.rto = WideInteger(150 * LedgerBench.second)
          record.particulars?.schedule = "Mon 03:15"
        })
    }
    try put(
      try bench.record("orders-throttled", at: "2026-11-03T09:00:00Z", seconds: 171.5) { record in
        fill(&record, bytes: 381_000_000, predicted: true)
        record.checks = checks(failing: false)
        record.rto = WideInteger(150 * LedgerBench.second)
        record.particulars?.scenario = Record.Scenario(
          seed: 7,
          faults: [
            Record.Scenario.Fault(kind: "throttling", detail: "30 % of the calls, in storms", fired: 412),
            Record.Scenario.Fault(kind: "target-killed", detail: "at 50 % of the data", fired: 1),
          ], outcome: .runbook, steps: ["Start the server again.", "Run the same command once more."])
      })
    try put(
      try bench.record("wiki-files", component: "wiki", at: "2026-11-04T05:00:00Z", seconds: 3.21) { record in
        record.rto = nil
        record.checks.append(
          Record.Check(name: "smoke", outcome: .pass, detail: "exit status 0", looksAtData: false))
      })
    try put(try incident(bench))
    try put(
      try bench.record(
        "wiki-files", component: "wiki", at: "2026-11-18T05:00:00Z", seconds: 3.4, verdict: .inconclusive))
    return names
  }

  /// The clock of a recovery whose phases overlap; scaled to the total of the record.
  private static let spans: [(phase: Phase, start: Double, end: Double)] = [
    (.unlock, 0, 0.006), (.target, 0.004, 0.052), (.open, 0.006, 0.022), (.choose, 0.022, 0.03), (.index, 0.03, 0.043),
    (.firstByte, 0.043, 0.066), (.examined, 0.052, 0.058), (.loaded, 0.06, 0.56), (.lastByte, 0.066, 0.41),
    (.indexes, 0.56, 0.72), (.analyzed, 0.72, 0.76), (.settled, 0.76, 0.768), (.firstQuery, 0.77, 0.774),
    (.check("manifest"), 0.774, 0.94), (.check("integrity"), 0.94, 0.985), (.check("newest order"), 0.985, 0.992),
  ]

  private static func fill(_ record: inout Record, bytes: UInt64, predicted: Bool, human: Double = 0) {
    let total = Double(record.ttr.value)
    func at(_ share: Double) -> UInt64 { UInt64((human + share * (1 - human)) * total) }
    let cost = StoreCost(bytes: bytes / 4, requests: bytes / 4_000_000, retries: 3)
    var made = spans.map { span in
      RecoverySpan(
        phase: span.phase, start: at(span.start), end: at(span.end), cost: span.phase == .lastByte ? cost : nil)
    }
    if human > 0 {
      made.append(RecoverySpan(phase: .decision, start: 0, end: at(0) / 4 * 3, cost: nil))
      made.append(RecoverySpan(phase: .passphrase, start: at(0) / 4 * 3, end: at(0), cost: nil))
    }
    record.phases = CriticalPath(made, total: record.ttr.value).phases
    record.particulars?.spans = made.map { span in
      Record.Span(
        name: span.phase.name, start: span.start, end: span.end, isHuman: span.phase.isHuman, bytes: span.cost?.bytes,
        requests: span.cost?.requests, retries: span.cost?.retries)
    }
    record.bytes = bytes
    record.dataAge = WideInteger(1_920 * LedgerBench.second)
    record.rpo = WideInteger(86_400 * LedgerBench.second)
    record.particulars?.engine = "postgresql"
    record.particulars?.target = "scratch postgresql 15.14"
    record.particulars?.destroyed = "no process, no socket and no folder is left"
    record.particulars?.origin = "primary"
    record.particulars?.dataAgeFrom = "data"
    record.particulars?.cores = 8
    record.particulars?.memory = 33_500_000_000
    guard predicted else { return }
    record.particulars?.prediction = Record.Prediction(
      ttr: record.ttr.value / 100 * 94, low: record.ttr.value / 100 * 85, high: record.ttr.value / 100 * 104, records: 3
    )
  }

  private static func checks(failing: Bool) -> [Record.Check] {
    [
      Record.Check(name: "restore", outcome: .pass, detail: "14 streams, every byte verified", looksAtData: false),
      Record.Check(
        name: "manifest", outcome: failing ? .fail : .pass,
        detail: failing ? "orders: 120,011 rows, 120,014 dumped" : "38 tables, 1,204,551 rows, exact", looksAtData: true
      ),
      Record.Check(
        name: "integrity", outcome: failing ? .skipped : .pass, detail: failing ? "" : "pg_amcheck: no corruption",
        looksAtData: true),
      Record.Check(name: "newest order", outcome: .pass, detail: "32m before the disaster", looksAtData: true),
    ]
  }

  private static func incident(_ bench: LedgerBench) throws -> Record {
    try bench.record("INC-42", at: "2026-11-11T02:40:00Z", seconds: 1_310) { record in
      record.sort = .recovery
      fill(&record, bytes: 384_000_000, predicted: false, human: 0.62)
      record.particulars?.target = "postgresql 15.14"
      record.particulars?.destroyed = nil
      record.checks = checks(failing: false)
    }
  }
}
