import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import TestKit
import Testing

@Suite("The linked history")
struct HistoryTests {
  private let fixture: RepositoryFixture
  private let names: [Name]

  init() throws {
    let fixture = try RepositoryFixture()
    self.fixture = fixture
    names = try (0..<3).map { try fixture.backup(["a": noise(1000, seed: UInt64($0))]) }
  }

  private func path(_ name: Name) throws -> String {
    ObjectPath.snapshot(writer: try fixture.writer().id, name).path
  }

  @Test("a snapshot that a later one follows cannot be hidden")
  func hidden() throws {
    fixture.store[try path(names[1])] = nil
    let report = try fixture.check()
    #expect(report.damage.map(\.path) == [try path(names[1])])
    #expect(report.damage.first?.costs.map(\.name) == [names[1]])
    #expect(try fixture.history().oddities().contains(where: \.isDamage))
  }

  @Test("the newest snapshot cannot be hidden from a host that saw it, and stays missed")
  func hiddenTail() throws {
    let host = try fixture.otherHost()
    #expect(try fixture.check(state: host).isSound)
    fixture.store[try path(names[2])] = nil
    for _ in 0..<2 {
      let report = try fixture.check(state: host)
      #expect(report.damage.map(\.path) == [try path(names[2])])
      #expect(report.damage.first?.what == "a snapshot that this host saw is gone")
    }
    // Another host only sees that a run left no snapshot.
    #expect(try fixture.check(state: try fixture.otherHost()).worst == .note)
    // The writer's own host names what it saw as a parent: from now on everybody sees.
    try fixture.backup(["a": [4]])
    #expect(try fixture.check().damage.map(\.path) == [try path(names[2])])
  }

  @Test("a run under another installation, and two runs that follow the same snapshots, are notes")
  func notes() throws {
    try fixture.backup(["a": [4]], state: try fixture.otherHost())
    #expect(try fixture.check().problems.map(\.severity) == [.note])
    let sessions = try (0..<2).map { _ in try BackupSession(try fixture.writer(state: fixture.host), level: 1) }
    for (number, session) in sessions.enumerated() { _ = try session.store(["a": [UInt8(number)]]) }
    let report = try fixture.check()
    #expect(report.worst == .note)
    #expect(report.problems.contains { $0.what.contains("follow the same parents") })
  }

  @Test("a snapshot that a record speaks of cannot be hidden, and neither can a record")
  func records() throws {
    let access = try fixture.restorer()
    func record(_ parents: [Name], _ number: UInt64, by key: KeyFile? = nil) throws -> ObjectPath {
      let listed = try #require(try fixture.history().snapshots.last)
      let record = Record(
        sort: .drill, drill: "d", component: "orders", snapshot: listed.name, writer: listed.writer.id,
        writerKey: listed.writer.enrolment.sign, sequence: 3, parents: parents, number: number, started: 1,
        verdict: .inconclusive, checks: [], phases: [], ttr: 0, rto: nil, rpo: nil, dataAge: nil, bytes: 0, tool: "t")
      let repository = try key.map { try fixture.open($0) } ?? access.meta.repository
      return try repository.putSealed(
        .record, writer: .zero, body: record.body, to: try repository.authority.metaRecipients()
      ) { .record($0) }
    }
    let first = try record([], 1)
    let second = try record([first.name], 2)
    #expect(try fixture.check().problems.isEmpty)
    let planted = try record([second.name], 3, by: fixture.keys.keeper)
    #expect(try fixture.check().damage.map(\.path) == [planted.path])
    fixture.store[planted.path] = nil
    fixture.store[first.path] = nil
    #expect(try fixture.check().damage.map(\.path) == [first.path])
    fixture.store[try path(names[2])] = nil
    let costs = try fixture.check().problems(at: try path(names[2])).first?.costs
    #expect(costs?.map(\.component) == ["orders"])
  }

  @Test("the newest of two enrolments cannot be hidden from those who know a snapshot made under it")
  func enrolments() throws {
    let id = try fixture.writer().id
    let before = Set(fixture.store.paths().filter { $0.contains("/enrolment/") })
    try NewWriter.grant("wiki", to: id, in: try fixture.open(fixture.keys.keeper))
    try fixture.backup(["a": [1]])
    let newest = try #require(
      Set(fixture.store.paths().filter { $0.contains("/enrolment/") }).subtracting(before).first)
    fixture.store[newest] = nil
    #expect(try fixture.check().damage.map(\.path) == [newest])
  }
}
