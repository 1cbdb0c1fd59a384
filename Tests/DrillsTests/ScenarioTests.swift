import Bytes
import Databases
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

@Suite("A drill under a scenario")
struct ScenarioTests {
  /// Sums, the record in the ledger, nothing left behind.
  private func checkWhole(_ report: DrillReport, _ bench: Bench) throws {
    #expect(report.record.phases.reduce(0) { $0 + $1.nanoseconds.value } == report.record.ttr.value)
    #expect(bench.leftovers == [])
    let history = try bench.history()
    #expect(history.problems == [] && history.lines.last?.record == report.record)
  }

  @Test(
    "lifeboat comes through what a store does by itself, and the record says how often it was done",
    arguments: [
      "[throttling]", "[{slow-store: {latency: 2ms, bandwidth: 20 MB}}]", "[{resets: {share: 30 %}}]",
      "[{stalls: {count: 2, for: 1s}}]", "[throttling, {resets: {share: 20 %}}, {slow-store: {latency: 1ms}}]",
    ])
  func automatic(faults: String) throws {
    let bench = try Bench()
    try bench.backUp()
    let calm = try bench.rehearse(try bench.drill())
    #expect(calm.scenario == nil && calm.record.particulars?.origin == "primary")
    let report = try bench.rehearse(try bench.drill(faults: faults))
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.scenario?.outcome == .automatic && report.scenario?.steps == [])
    #expect(!report.fired.isEmpty && report.fired.allSatisfy { $0 > 0 }, "\(report.fired)")
    #expect(report.calm?.number == calm.record.number && report.calm?.recoveryTime == calm.record.ttr.value)
    #expect(
      report.record.particulars?.target == "scratch folder" && report.record.particulars?.destroyed == "folder gone")
    try checkWhole(report, bench)
  }

  @Test("the same seed does the same to the same calls, another seed something else")
  func deterministic() {
    for draw in [10, 100].map({ StoreFault.Draw.storms(share: 0.3, length: 3, seed: $0) }) {
      let hits = (1...1000).filter(draw.hits)
      #expect(hits == (1...1000).filter(draw.hits) && hits.count == 300)
      #expect(hits[0] <= 10 && hits[1] == hits[0] + 1 && hits[2] == hits[0] + 2)
    }
    let one = (1...200).filter(StoreFault.Draw.storms(share: 0.3, length: 3, seed: 1).hits)
    #expect(one != (1...200).filter(StoreFault.Draw.storms(share: 0.3, length: 3, seed: 2).hits))
    let stalls = (1...200).filter(StoreFault.Draw.single(count: 3, seed: 5).hits)
    #expect(stalls.count == 3 && zip(stalls, stalls.dropFirst()).allSatisfy { $1 - $0 > 1 })
  }

  @Test("two drills with one seed meet the same faults as often, and choose the same pack")
  func repeated() throws {
    let bench = try Bench()
    try bench.backUp()
    let copy = try bench.copyRepository()
    let drill = try bench.drill(faults: "[corrupt-pack]")
    let first = try bench.rehearse(drill, copies: [copy])
    let second = try bench.rehearse(drill, copies: [copy])
    #expect(first.fired == second.fired && first.record.verdict == .proven)
  }

  @Test("a damaged or missing pack is read from a copy; without one there is nothing to go on with")
  func packs() throws {
    for fault in ["corrupt-pack", "missing-pack"] {
      let bench = try Bench()
      try bench.backUp()
      let copy = try bench.copyRepository()
      let healed = try bench.rehearse(try bench.drill(faults: "[\(fault)]"), copies: [copy])
      #expect(healed.record.verdict == .proven, "\(fault): \(healed.checks)")
      #expect(healed.scenario?.outcome == .automatic && healed.fired[0] > 0)
      #expect(healed.record.particulars?.origin == "primary, copy 1")
      try checkWhole(healed, bench)
      let lost = try bench.rehearse(try bench.drill(faults: "[\(fault)]"))
      #expect(lost.record.verdict == .failed && lost.scenario?.outcome == .failed && lost.fired[0] > 0)
      try checkWhole(lost, bench)
    }
  }

  @Test("with a pack lost and no copy, the runbook takes an older snapshot and says what that costs")
  func older() throws {
    let bench = try Bench()
    let old = try bench.backUp()
    try bench.change("INSERT INTO invoice (note) VALUES (hex(randomblob(100000)));")
    try bench.backUp()
    let report = try bench.rehearse(try bench.drill(faults: "[missing-pack]"))
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.record.snapshot == old && report.scenario?.outcome == .runbook)
    #expect(report.scenario?.steps.count == 1 && report.scenario?.steps[0].contains("more of the data is lost") == true)
    #expect(report.record.phases.contains { $0.name == "step: take an older snapshot" })
    try checkWhole(report, bench)
  }

  @Test("newest snapshots that are bad in every copy: the newest proven one is found, and its cost in lost data")
  func badSnapshots() throws {
    let bench = try Bench()
    let first = try bench.backUp()
    #expect(try bench.rehearse(try bench.drill()).record.verdict == .proven)
    var names: [Name] = [first]
    for _ in 0..<3 {
      try bench.change("INSERT INTO invoice (note) VALUES (hex(randomblob(100000)));")
      names.append(try bench.backUp())
    }
    let copy = try bench.copyRepository()
    let report = try bench.rehearse(try bench.drill(faults: "[{bad-snapshots: {count: 2}}]"), copies: [copy])
    #expect(report.record.verdict == .proven && report.record.snapshot == first, "\(report.checks)")
    #expect(report.scenario?.outcome == .runbook && report.fired[0] > 0)
    #expect(report.scenario?.steps.first?.contains("the newest that a drill has proven") == true)
    try checkWhole(report, bench)
  }

  @Test("a lost store: the repository is opened at a copy, and the record, in the store itself, says so")
  func storeLost() throws {
    let bench = try Bench()
    try bench.backUp()
    let copies = [bench.folder.path("nowhere"), try bench.copyRepository()]
    let report = try bench.rehearse(try bench.drill(faults: "[store-lost]"), copies: copies)
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.record.particulars?.origin == "copy 2" && report.scenario?.outcome == .runbook)
    #expect(
      report.scenario?.steps == [
        "open the repository at a copy: copy 1", "open the repository at a copy: copy 2",
      ])
    try checkWhole(report, bench)
    // No copy answers either: that is a result, and it is on the record.
    let failed = try bench.rehearse(try bench.drill(faults: "[store-lost]"), copies: [bench.folder.path("nowhere")])
    #expect(failed.record.verdict == .failed && failed.scenario?.outcome == .failed)
    #expect(failed.outcomes == ["restore fail", "integrity skipped", "manifest skipped"])
    try checkWhole(failed, bench)
    #expect(throws: Failure.self) { try bench.rehearse(try bench.drill(faults: "[store-lost]")) }
  }

  @Test("credentials that end half-way: new ones are fetched and the repository opened again")
  func expired() throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.rehearse(try bench.drill(faults: "[expired-credentials]"))
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.scenario?.outcome == .runbook && report.fired[0] > 0)
    #expect(report.scenario?.steps == ["fetch new credentials and open the repository again"])
    try checkWhole(report, bench)
  }

  @Test("a cold cache happened where there was a warm one to pass over; else the drill is inconclusive")
  func coldCache() throws {
    let bench = try Bench()
    try bench.backUp()
    let drill = try bench.drill(faults: "[cold-cache]")
    let state = bench.folder.path("state")
    let without = try bench.rehearse(drill, state: state)
    #expect(without.record.verdict == .inconclusive && without.fired == [0])
    #expect(without.failure?.what.contains("cold-cache never happened") == true)
    #expect(try bench.rehearse(try bench.drill(), state: state).record.verdict == .proven)
    let with = try bench.rehearse(drill, state: state)
    #expect(with.record.verdict == .proven && with.fired == [1])
    try checkWhole(with, bench)
  }

  @Test("a fault that never happened makes the drill inconclusive, whatever the checks say, also in the types")
  func neverFired() throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.rehearse(try bench.drill(faults: "[{throttling: {share: 30 %}}, cold-cache]"))
    #expect(report.outcomes.allSatisfy { $0.hasSuffix("pass") })
    #expect(report.record.verdict == .inconclusive && report.failure?.code == .unproven)
    let passed = [Record.Check(name: "integrity", outcome: .pass, detail: "", looksAtData: true)]
    func scenario(_ fired: UInt64, _ outcome: Record.Scenario.Outcome) -> Record.Scenario {
      Record.Scenario(
        seed: 1, faults: [.init(kind: "throttling", detail: "", fired: fired)], outcome: outcome, steps: [])
    }
    try Files.write(bench.folder.path("data"), [1])
    let data = RestoredFolder(
      folder: bench.folder.path("."), engine: "", truth: TruthManifest(), streamDifferences: [], files: 1,
      firstFile: nil)
    let evidence = try #require(try RestoredEvidence.look(at: data, stop: StopSignal()))
    for bad in [scenario(0, .automatic), scenario(1, .failed)] {
      #expect(Proof(passed, of: evidence, in: bad) == nil)
    }
    #expect(Proof(passed, of: evidence, in: scenario(1, .runbook)) != nil && Proof(passed, of: evidence) != nil)
  }

  @Test("a disk that is full at its share of the data is given room, and the restore done again")
  func diskFull() throws {
    guard geteuid() == 0 else {
      let bench = try Bench()
      try bench.backUp()
      let thrown = #expect(throws: Failure.self) { try bench.rehearse(try bench.drill(faults: "[target-full]")) }
      #expect(thrown?.code == .targetRefused && thrown?.next.contains("root") == true)
      return
    }
    let bench = try Bench()
    try bench.grow(megabytes: 24)
    try bench.backUp()
    let report = try bench.rehearse(try bench.drill(faults: "[{target-full: {after: 50 %}}]"))
    #expect(report.record.verdict == .proven, "\(report.checks)")
    #expect(report.scenario?.outcome == .runbook && report.fired == [1])
    #expect(report.scenario?.steps == ["make room on the target's disk"])
    try checkWhole(report, bench)
  }

  @Test(
    "stopped in the middle: the stop is thrown, nothing is proven and nothing left behind",
    arguments: [
      "[throttling]", "[{slow-store: {latency: 20ms}}]", "[resets]", "[{stalls: {count: 3, for: 60s}}]",
      "[corrupt-pack]",
      "[missing-pack]", "[expired-credentials]", "[store-lost]", "[bad-snapshots]", "[cold-cache]",
    ])
  func stopped(faults: String) throws {
    let bench = try Bench()
    try bench.backUp()
    let copy = try bench.copyRepository()
    let reason = Failure(.interrupted, "interrupted by a test")
    let isStall = faults.contains("stalls")
    let stop = StopSignal()
    let events = Events { step in
      if !isStall, step == "last byte" { stop.stop(because: reason) }
    }
    let timer = Threads.run(named: "stopper") {
      guard isStall else { return }
      usleep(300_000)
      stop.stop(because: reason)
    }
    let thrown = #expect(throws: Failure.self) {
      try bench.rehearse(
        try bench.drill(faults: faults), copies: [copy], state: bench.folder.path("state"), stop: stop, events: events)
    }
    timer.join()
    #expect(thrown == reason)
    #expect(bench.leftovers == [])
    #expect(try bench.history().lines.allSatisfy { $0.record.verdict == .inconclusive })
  }
}
