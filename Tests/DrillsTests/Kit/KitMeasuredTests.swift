import Bytes
import Cryptography
import Drills
import Format
import Repository
import TestKit
import Testing

@Suite("The measured times of a rescue kit")
struct KitMeasuredTests {
  /// Puts a record with these spans into the ledger.
  private func keep(
    _ bench: Bench, _ verdict: Record.Verdict, number: UInt64, started: UInt64, spans: [Record.Span],
    component: String = "orders"
  ) throws -> Name {
    let repository = try OpenRepository(bench.store, key: bench.keys.restorer, state: nil)
    let total = spans.map(\.end.value).max() ?? 0
    let writer = try #require(bench.keys.writer.writer)
    var particulars = Record.Particulars()
    particulars.spans = spans
    let access = try MetaAccess(repository, to: "sign")
    let check = Record.Check(
      name: "manifest", outcome: verdict == .proven ? .pass : .fail, detail: "", looksAtData: true)
    let record = Record(
      sort: .drill, drill: "bare", component: component, snapshot: .zero, writer: writer.id,
      writerKey: bench.keys.writer.signing.publicKey, sequence: 1, parents: try Ledger.load(access).heads,
      number: number, started: started, verdict: verdict, checks: [check],
      phases: [Record.Phase(name: "unattributed", nanoseconds: total)], ttr: total, rto: nil, rpo: nil, dataAge: nil,
      bytes: 1, tool: "test", particulars: particulars)
    return try Ledger.append(record, in: access)
  }

  private func measured(_ bench: Bench) throws -> KitMeasured {
    let repository = try OpenRepository(bench.store, key: bench.keys.keeper, state: nil)
    return KitMeasured("orders", in: try Ledger.load(try MetaAccess(repository, to: "read")))
  }

  @Test("of each step the newest counts, of this component alone, with its verdict and record")
  func newest() throws {
    let bench = try Bench()
    #expect(try measured(bench) == KitMeasured())
    _ = try keep(
      bench, .proven, number: 1, started: 1_000,
      spans: [Record.Span(name: "step: one", start: 0, end: 40), Record.Span(name: "step: two", start: 40, end: 90)])
    let second = try keep(
      bench, .failed, number: 2, started: 2_000,
      spans: [Record.Span(name: "step: one", start: 5, end: 25), Record.Span(name: "step: one", start: 30, end: 40)])
    _ = try keep(
      bench, .proven, number: 3, started: 3_000, spans: [Record.Span(name: "step: one", start: 0, end: 7)],
      component: "other")
    let found = try measured(bench)
    #expect(found.steps["one"]?.nanoseconds == 30)
    #expect(found.steps["one"]?.record == second)
    #expect(found.steps["one"]?.verdict == .failed)
    #expect(found.steps["two"]?.nanoseconds == 50)
    #expect(found.steps["three"] == nil)
    #expect(found.last?.time.record == second)
    #expect(found.proven?.time.when == 1_000)
  }
}
