import Bytes
import Cryptography
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("the gate's bands")
  struct GateTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    /// A dump of so many bytes and tables with rows.
    private func source(_ bytes: Int, _ tables: [(String, UInt64)]? = nil) -> ScriptedSource {
      ScriptedSource { (sink, _) throws(Failure) in
        let folder = TemporaryFolder()
        do {
          try Files.write(folder.path("bytes"), RandomSource.sample(bytes, bytes))
          let file = try Descriptor.open(folder.path("bytes"), O_RDONLY)
          _ = try sink.stream(DumpedStream(name: Array("dump".utf8), kind: .dump), from: file.number)
        } catch {
          throw Failure(unexpected: error)
        }
        let truth = tables.map { tables in
          TruthManifest(
            engine: "test", tables: tables.map { .init(name: Array($0.0.utf8), rows: $0.1, checksum: .zero) })
        }
        return DumpOutcome(verdict: .complete, truth: truth)
      }
    }

    private func run(
      _ bytes: Int, _ tables: [(String, UInt64)]? = nil, gate: GateSettings = GateSettings(), accepts: Bool = false,
      log: EventLog = EventLog()
    ) throws -> BackupReport {
      try bench.backup(source(bytes, tables), events: log.sink) { request in
        request.gate = gate
        request.acceptsObjections = accepts
      }
    }

    private var path: String {
      get throws {
        try HostState(root: bench.statePath, repository: bench.keys.writer.repository).bandsPath(component: "orders")
      }
    }

    @Test("a first dump passes, and a note says that nothing was compared")
    func first() throws {
      let log = EventLog()
      #expect(try run(1000, [("a", 1)], log: log).snapshot.verdict == .complete)
      #expect(log.all.contains { $0.hasPrefix("note the gate has no earlier dump") })
    }

    @Test("a dump of half the size passes, a smaller one is quarantined with the figures", arguments: [true, false])
    func size(_ isEnough: Bool) throws {
      for _ in 0..<3 { try #require(try run(100_000).failure == nil) }
      let report = try run(isEnough ? 50_000 : 49_999)
      #expect(report.snapshot.verdict == (isEnough ? .complete : .quarantined))
      guard !isEnough else { return }
      #expect(
        report.snapshot.reasons == [
          "bytes of the dump: 100000 → 49999, less than the median of the last 3 runs by 50 %, and the band "
            + "gate.size.shrink is 50 %"
        ])
      #expect(report.failure?.code == .sourceIncomplete)
      #expect(try bench.history().latest(of: "orders")?.name != report.name)
    }

    @Test("a dump that grew beyond the band is quarantined")
    func growth() throws {
      _ = try run(10_000)
      #expect(try run(40_000).snapshot.verdict == .complete)
      let report = try run(200_000)
      #expect(report.snapshot.verdict == .quarantined)
      #expect(
        report.snapshot.reasons.first?.contains("10000 → 200000, more than the median of the last 2 runs") == true)
    }

    @Test("a table that vanished is named, with the rows it had")
    func vanished() throws {
      _ = try run(1000, [("db.public.a", 500), ("db.public.b", 3)])
      let report = try run(1000, [("db.public.a", 500)])
      #expect(report.snapshot.reasons == ["table db.public.b vanished: it had 3 rows (gate.tables)"])
      // It was not let go: it is missed again.
      #expect(try run(1000, [("db.public.a", 500)]).snapshot.verdict == .quarantined)
      #expect(try run(1000, [("db.public.a", 500), ("db.public.b", 0)]).snapshot.verdict == .complete)
    }

    @Test("rows that fell are named for each table and in all; those of small tables mean nothing")
    func rows() throws {
      _ = try run(1000, [("a", 1000), ("b", 1000), ("small", 99)])
      let report = try run(1000, [("a", 1000), ("b", 500), ("small", 1)])
      #expect(
        report.snapshot.reasons == [
          "rows in all tables: 2099 → 1501, less than the last run by 28 %, and the band gate.rows.shrink is 20 %",
          "rows in table b: 1000 → 500, less than the last run by 50 %, and the band gate.rows.shrink is 20 %",
        ])
      #expect(try run(1000, [("a", 1000), ("b", 801), ("small", 0)]).snapshot.verdict == .complete)
    }

    @Test("a dump without tables, where there were some, is no whole dump")
    func uncounted() throws {
      _ = try run(1000, [("a", 1000)])
      #expect(try run(1000, []).snapshot.reasons == ["no table was counted, and there were 1 before (gate.tables)"])
      #expect(try run(1000, nil).snapshot.verdict == .quarantined)
    }

    @Test("tables that a profile leaves out mean nothing, and a gate that is off lets everything pass")
    func settings() throws {
      _ = try run(1000, [("app.a", 1000), ("app.session_1", 90_000)])
      var gate = GateSettings()
      gate.ignore = ["*.session_*"]
      #expect(try run(1000, [("app.a", 1000)], gate: gate).snapshot.verdict == .complete)
      #expect(try run(1, [], gate: .open).snapshot.verdict == .complete)
    }

    @Test("what is objected to passes when it is accepted, is recorded, and is the measure from then on")
    func accepted() throws {
      for _ in 0..<3 { _ = try run(100_000, [("a", 1000), ("b", 1000)]) }
      let log = EventLog()
      let report = try run(20_000, [("a", 1000)], accepts: true, log: log)
      #expect(report.snapshot.verdict == .complete)
      #expect(report.failure == nil)
      #expect(report.snapshot.reasons.count == 3)
      #expect(report.snapshot.reasons.allSatisfy { $0.hasPrefix("accepted by --accept: ") })
      #expect(log.all.count { $0.hasPrefix("warning accepted by --accept: ") } == 3)
      #expect(try bench.history().latest(of: "orders")?.name == report.name)
      #expect(try run(20_000, [("a", 1000)]).snapshot.reasons.isEmpty)
      #expect(try run(20_000, [("a", 100)]).snapshot.verdict == .quarantined)
    }

    @Test("what the source itself says against a dump is never accepted so")
    func sourceObjects() throws {
      let report = try bench.backup(
        try bench.dump([1, 2, 3], then: "exit 1"), changing: { $0.acceptsObjections = true })
      #expect(report.snapshot.verdict == .quarantined)
    }

    @Test("quarantined dumps do not move the bands, however many there are")
    func notMoved() throws {
      _ = try run(100_000)
      for _ in 0..<10 { #expect(try run(10_000).snapshot.verdict == .quarantined) }
      #expect(try run(100_000).snapshot.verdict == .complete)
    }

    @Test("a history that is damaged in any way is begun anew, with a warning", arguments: 0..<6)
    func damaged(_ way: Int) throws {
      _ = try run(1000, [("a", 1)])
      let path = try path
      let whole = try DurableFile.read(path, limit: 1 << 20)
      let spoiled: [[UInt8]] = [
        [], Array(whole.dropLast()), Array("{}".utf8), Array("null".utf8), RandomSource.sample(1, 500),
        Array(String(decoding: whole, as: UTF8.self).replacing("\"version\":1", with: "\"version\":2").utf8),
      ]
      try Files.write(path, spoiled[way])
      let log = EventLog()
      #expect(try run(1, nil, log: log).snapshot.verdict == .complete)
      #expect(log.all.contains { $0.hasPrefix("warning the gate begins a new history") })
      let after = EventLog()
      #expect(try run(1, nil, log: after).snapshot.verdict == .complete)
      #expect(!after.all.contains { $0.contains("new history") })
    }

    @Test("any flipped byte of the history either does not matter or begins it anew; nothing stops a backup")
    func flipped() throws {
      _ = try run(1000, [("a", 1)])
      let path = try path
      let whole = try DurableFile.read(path, limit: 1 << 20)
      for place in stride(from: 0, to: whole.count, by: 7) {
        var bytes = whole
        bytes[place] ^= 0x11
        try Files.write(path, bytes)
        _ = try run(1000, [("a", 1)])
      }
    }

    @Test("a folder that cannot be written costs a warning, not the backup")
    func unwritable() throws {
      let folder = DurableFile.folder(of: try path)
      try DurableFile.createFolder(DurableFile.folder(of: folder))
      try Files.write(folder, [])
      let log = EventLog()
      #expect(try run(1000, log: log).snapshot.verdict == .complete)
      #expect(log.all.contains { $0.hasPrefix("warning the figures of this dump cannot be kept") })
    }
  }
}
