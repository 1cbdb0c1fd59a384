import Bytes
import Drills
import Format
import Glibc
import Profiles
import TestKit
import Testing

extension ServerTargetTests {
  @Suite("A drill under a scenario, into a scratch server", .serialized)
  struct ServerScenarioTests {
    /// A drill of the bench's database, as its file would have it.
    private func drill(_ server: ServerBench, _ faults: String?, more: String = "") throws -> Drill {
      let scenario = faults.map { "scenario: {seed: 7, faults: \($0)}" } ?? ""
      let text = """
        drill: orders-trouble
        component: orders
        repository: \(server.bench.folder.path("repository"))
        target: {kind: scratch-server, engine: \(server.kind.rawValue), folder: \(server.scratch)}
        \(scenario)
        checks: [integrity, manifest]
        \(more)
        """
      return try Drill.parse(Array(text.utf8), file: "drill.yaml") { _ in nil }
    }

    private func check(_ report: DrillReport, _ server: ServerBench) throws {
      #expect(report.record.verdict == .proven, "\(report.checks) \(report.scenario as Any)")
      #expect(report.record.particulars?.target?.hasPrefix("scratch \(server.kind.rawValue)") == true)
      #expect(report.record.particulars?.destroyed?.contains("gone") == true)
      #expect(report.record.phases.reduce(0) { $0 + $1.nanoseconds.value } == report.record.ttr.value)
      #expect(server.leftovers == [] && server.bench.leftovers == [])
    }

    @Test(
      "calm: proven, the target made beside the opening, and the first query answered", arguments: ServerKind.allCases)
    func calm(_ kind: ServerKind) throws {
      guard let server = try ServerBench(kind) else { return }
      let report = try server.bench.rehearse(try drill(server, nil))
      try check(report, server)
      let spans = report.record.particulars?.spans ?? []
      let made = try #require(spans.first { $0.name == "target made" })
      let index = try #require(spans.first { $0.name == "index loaded" })
      #expect(made.start.value <= index.start.value)
      #expect(report.record.phases.contains { $0.name == "first good query" })
    }

    @Test("the server killed while it is loaded: started again, and the load done again")
    func killed() throws {
      guard let server = try ServerBench(.postgresql, rows: 200_000) else { return }
      let report = try server.bench.rehearse(try drill(server, "[target-killed]"))
      try check(report, server)
      #expect(report.fired == [1] && report.scenario?.steps == ["start the server again"])
    }

    @Test("the server's disk full while it is loaded: given room, and the load done again")
    func full() throws {
      guard geteuid() == 0, let server = try ServerBench(.postgresql, rows: 400_000) else { return }
      let report = try server.bench.rehearse(try drill(server, "[{target-full: {after: 60 %}}]"))
      try check(report, server)
      #expect(report.fired == [1] && report.scenario?.steps == ["make room on the target's disk"])
    }

    @Test("the newest row says how old the data is, not the dump")
    func newestRow() throws {
      guard let server = try ServerBench(.postgresql, rows: 100) else { return }
      server.sql("CREATE TABLE moment AS SELECT now() - interval '1 hour' AS written", in: server.database)
      try server.backUp()
      let query = "newest-row: {query: \"SELECT max(written) FROM moment\"}"
      let report = try server.bench.rehearse(try drill(server, nil, more: query))
      try check(report, server)
      #expect(report.record.particulars?.dataAgeFrom == "data")
      let age = try #require(report.record.dataAge).value / 1_000_000_000
      #expect((3_600..<4_200).contains(age))
    }
  }
}
