import Bytes
import Databases
import Drills
import Format
import Glibc
import Pipeline
import TestKit
import Testing

@Suite("Phases and verdicts")
struct PhaseAndVerdictTests {
  private func sum(_ phases: [Record.Phase]) -> UInt64 { phases.reduce(0) { $0 + $1.nanoseconds.value } }

  @Test("phases sum to the total, whether they throw, nest, repeat or are far apart")
  func sums() throws {
    let clock = RecoveryClock()
    try clock.measure(.unlock) { () throws(Failure) in
      usleep(1_000)
      try clock.measure(.open) { () throws(Failure) in _ = usleep(1_000) }
      usleep(1_000)
    }
    usleep(1_000)
    #expect(throws: Failure.self) {
      try clock.measure(.choose) { () throws(Failure) in throw Failure(.damaged, "no") }
    }
    try clock.measure(.unlock) { () throws(Failure) in _ = usleep(1_000) }
    let phases = clock.finish().phases
    #expect(phases.map(\.name) == ["keys unlocked", "repository opened", "snapshot chosen", "unattributed"])
    #expect(sum(phases) == clock.elapsed)
    #expect(phases.dropLast(2).allSatisfy { $0.nanoseconds.value >= 1_000_000 })
    #expect(phases[3].nanoseconds.value >= 1_000_000)
    usleep(1_000)
    try clock.measure(.index) { () throws(Failure) in }
    #expect(clock.finish().phases == phases && sum(phases) == clock.elapsed)
  }

  @Test("random phases always sum to the total")
  func randomSums() throws {
    try fuzz(seed: 7, count: 50) { _, random in
      let clock = RecoveryClock()
      func work(_ depth: Int) throws {
        for _ in 0..<random.number(in: 0...4) {
          let phase = [Phase.unlock, .open, .index, .check("a"), .check("b")][random.number(in: 0...4)]
          _ = try? clock.measure(phase) { () throws(Failure) in
            do { if depth < 4 { try work(depth + 1) } } catch {}
            if random.number(in: 0...3) == 0 { throw Failure(.damaged, "no") }
          }
        }
      }
      try work(0)
      let phases = clock.finish().phases
      #expect(sum(phases) == clock.elapsed && phases.last?.name == "unattributed")
      #expect(Set(phases.map(\.name)).count == phases.count)
    }
  }

  @Test("only checks that all passed, one of them on the data, make a proof: every combination of three")
  func everyCombination() throws {
    let folder = TemporaryFolder()
    try Files.write(folder.path("data"), [1])
    let data = RestoredFolder(
      folder: folder.path, engine: "", truth: TruthManifest(), streamDifferences: [], files: 1, firstFile: nil)
    let evidence = try #require(try RestoredEvidence.look(at: data, stop: StopSignal()))
    let outcomes: [Record.Check.Outcome] = [.pass, .fail, .skipped, .unmeasured]
    var proven = 0
    for number in 0..<512 {
      let checks = [0, 1, 2].map { place in
        let digit = number >> (3 * place) & 7
        return Record.Check(
          name: "\(place)", outcome: outcomes[digit & 3], detail: "", looksAtData: digit & 4 != 0)
      }
      let allPassed = checks.allSatisfy { $0.outcome == .pass }
      let expected: Record.Verdict =
        checks.contains { $0.outcome == .fail }
        ? .failed : allPassed && checks.contains { $0.looksAtData } ? .proven : .inconclusive
      #expect(DrillVerdict(checks, of: evidence).recorded == expected)
      #expect((Proof(checks, of: evidence) != nil) == (expected == .proven))
      // Without restored data that somebody looked at there is no proof, whatever the checks say.
      #expect(DrillVerdict(checks, of: nil).recorded == (expected == .proven ? .inconclusive : expected))
      proven += expected == .proven ? 1 : 0
    }
    #expect(proven == 7)
    #expect(DrillVerdict([], of: evidence).recorded == .inconclusive && Proof([], of: evidence) == nil)
  }
}
