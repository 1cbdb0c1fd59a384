import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import TestKit
import Testing

/// A repository with at least two objects of every kind, and what its snapshots hold.
struct DamageFixture: Sendable {
  let fixture: RepositoryFixture
  let dumps: [Name: Dump]

  init() throws {
    let fixture = try RepositoryFixture()
    let second = try NewWriter.enrol(in: try fixture.open(fixture.keys.keeper), components: ["wiki"], label: "web")
    _ = try NewAuthority.admit(.keeper, in: try fixture.open(fixture.keys.restorer))
    var dumps: [Name: Dump] = [:]
    let shared = noise(300_000, seed: 1)
    for (number, extra) in [nil, noise(100_000, seed: 2), noise(1000, seed: 3)].enumerated() {
      var dump: Dump = number == 2 ? ["c": noise(70_000, seed: 4)] : ["a": shared]
      dump["b"] = extra
      dumps[try fixture.backup(dump, chunk: 1 << 12)] = dump
    }
    let wiki: Dump = ["w": noise(5000, seed: 5)]
    dumps[try fixture.backup(wiki, by: second, component: "wiki")] = wiki
    try DamageFixture.bury(fixture)
    try DamageFixture.record(fixture)
    try DamageFixture.annotate(fixture, Array(dumps.keys.sorted()))
    self.fixture = fixture
    self.dumps = dumps
  }

  /// Two tombstones of packs that do not exist.
  private static func bury(_ fixture: RepositoryFixture) throws {
    let keeper = try fixture.open(fixture.keys.keeper)
    let access = try fixture.writer()
    for number in 0..<2 {
      let body = Tombstone(packs: [ObjectDigest.name(of: [UInt8(number)])], heads: []).body
      _ = try keeper.putSealed(.tombstone, writer: access.id, body: body, to: try access.metaAndOwnRecipients()) {
        .tombstone(writer: access.id, $0)
      }
    }
  }

  /// Two annotations that change nothing.
  private static func annotate(_ fixture: RepositoryFixture, _ snapshots: [Name]) throws {
    for action in [Annotation.Action.hold, .release] {
      let annotation = Annotation(action, of: snapshots, because: "a test", tool: "t")
      _ = try Annotations.append(annotation, in: try fixture.keeper())
    }
  }

  /// Three linked records.
  private static func record(_ fixture: RepositoryFixture) throws {
    let repository = try fixture.restorer().meta.repository
    let listed = try #require(try fixture.history().snapshots.last)
    var parents: [Name] = []
    for number in 1...3 {
      let record = Record(
        sort: .drill, drill: "d", component: listed.snapshot.component, snapshot: listed.name,
        writer: listed.writer.id, writerKey: listed.writer.enrolment.sign, sequence: listed.snapshot.sequence,
        parents: parents, number: UInt64(number), started: 1, verdict: .inconclusive, checks: [], phases: [], ttr: 0,
        rto: nil, rpo: nil, dataAge: nil, bytes: 0, tool: "t")
      parents = [
        try repository.putSealed(
          .record, writer: .zero, body: record.body, to: try repository.authority.metaRecipients()
        ) { .record($0) }.name
      ]
    }
  }
}

@Suite("A damaged repository")
struct DamageTests {
  /// One way to damage an object.
  enum Damage: CaseIterable {
    case flips
    case removed
    case truncated
    case swapped
  }

  /// The kinds of objects, by what their paths contain.
  static let kinds = [
    "/enrolment/", "/packs/", "/index/", "/snapshots/", "/tombstones/", "annotations/", "records/", "rescue/",
  ]

  @Test(
    "check names the object and exactly the snapshots that no longer come back, and nothing comes back wrong",
    arguments: kinds, Damage.allCases)
  func everyKind(kind: String, damage: Damage) throws {
    let whole = try DamageFixture()
    let before = try whole.fixture.check()
    #expect(before.problems.isEmpty, "\(before.problems)")
    let paths = whole.fixture.store.paths().filter { $0.contains(kind) }
    #expect(paths.count >= 2)
    for (number, path) in paths.enumerated() {
      let other = paths[(number + 1) % paths.count]
      for version in versions(of: path, other, in: whole.fixture.store, damage) {
        try inspect(whole, version)
      }
    }
  }

  /// What is damaged: paths with what lies there now.
  private func versions(
    of path: String, _ other: String, in store: MemoryStore, _ damage: Damage
  ) -> [[String: [UInt8]?]] {
    guard let bytes = store[path] else { return [] }
    switch damage {
    case .removed: return [[path: nil]]
    case .truncated: return [0, bytes.count / 2, bytes.count - 1].map { [path: Array(bytes.prefix($0))] }
    case .swapped: return [[path: store[other], other: bytes]]
    case .flips:
      var random = RandomSource(seed: UInt64(bytes.count))
      let places = [0, bytes.count / 3, bytes.count - 20, bytes.count - 1] + [random.number(in: 0...(bytes.count - 1))]
      return places.map { place in
        var flipped = bytes
        flipped[place] ^= 1
        return [path: flipped]
      }
    }
  }

  private func inspect(_ whole: DamageFixture, _ version: [String: [UInt8]?]) throws {
    let damaged = try whole.fixture.copy()
    for (path, bytes) in version { damaged.store[path] = bytes }
    // This host has seen every snapshot: also one without a successor is missed.
    let host = try damaged.otherHost()
    for writer in try whole.fixture.keeper().writers {
      let names = whole.fixture.store.paths("writers/\(writer.id.hex)/snapshots/").compactMap { ObjectPath($0)?.name }
      try host.remember(heads: names, of: writer.id)
    }
    try host.remember(heads: records(of: whole.fixture.store), of: .zero)
    let lost = try damaged.lost(of: whole.dumps)
    let report = try damaged.check(state: host)
    // Nothing speaks of a tombstone, without which its packs are simply alive, and nothing of an annotation.
    let isUnnoticed = version.contains { path, bytes in
      bytes == nil && (path.contains("/tombstones/") || path.hasPrefix("annotations/"))
    }
    let paths = isUnnoticed ? [] : Set(version.keys)
    #expect(Set(report.damage.map(\.path)) == paths, "\(paths): \(report.problems)")
    let costs = Set(report.damage.flatMap(\.costs).map(\.name))
    #expect(costs == lost, "\(paths): \(report.problems)")
    for problem in report.damage { #expect(problem.isExact) }
    // A keeper names the same objects, and no fewer snapshots.
    let kept = try damaged.check(asKeeper: true)
    #expect(kept.damage.allSatisfy { paths.contains($0.path) })
    if !paths.contains(where: { $0.contains("/snapshots/") || $0.contains("records/") }) {
      #expect(Set(kept.damage.map(\.path)) == paths)
      #expect(Set(kept.damage.flatMap(\.costs).map(\.name)).isSuperset(of: lost))
    }
  }

  private func records(of store: MemoryStore) -> [Name] {
    store.paths("records/").compactMap { ObjectPath($0)?.name }
  }

  @Test("a statement of authority that is damaged stops everything, and is named")
  func authority() throws {
    let whole = try DamageFixture()
    let paths = whole.fixture.store.paths("authority/")
    #expect(paths.count == 2)
    for damage in Damage.allCases {
      for (number, path) in paths.enumerated() {
        for version in versions(of: path, paths[1 - number], in: whole.fixture.store, damage) {
          let damaged = try whole.fixture.copy()
          for (path, bytes) in version { damaged.store[path] = bytes }
          let failure = #expect(throws: Failure.self) { try damaged.history() }
          let named = version.keys.contains { failure?.place.contains($0) == true }
          #expect(named || failure?.code == .authorityRolledBack || failure?.what.contains("gap") == true)
          #expect(throws: Failure.self) { try damaged.backup(["a": [1]]) }
        }
      }
    }
  }

  @Test("without every byte read, missing and shortened packs are still found")
  func light() throws {
    let whole = try DamageFixture()
    for path in whole.fixture.store.paths().filter({ $0.contains("/packs/") }) {
      for version in versions(of: path, path, in: whole.fixture.store, .removed)
        + versions(of: path, path, in: whole.fixture.store, .truncated)
      {
        let damaged = try whole.fixture.copy()
        for (path, bytes) in version { damaged.store[path] = bytes }
        let report = try damaged.check(readData: false)
        #expect(report.damage.map(\.path) == [path])
        #expect(Set(report.damage.flatMap(\.costs).map(\.name)) == (try damaged.lost(of: whole.dumps)))
      }
    }
  }

  @Test("a list that does not open condemns its pack even without every byte read")
  func lists() throws {
    let whole = try DamageFixture()
    let writer = try whole.fixture.writer()
    let namespace = try Namespace.load(of: writer.enrolled, in: writer.repository, with: writer.identities)
    var found = 0
    try namespace.index.forEach { row throws(Failure) in
      guard row.kind == .list, found < 12 else { return }
      found += 1
      let path = ObjectPath.pack(writer: writer.id, namespace.index.packs[row.pack].name).path
      do {
        let damaged = try whole.fixture.copy()
        damaged.store[path]?[Int(row.offset) + 30] ^= 4
        let report = try damaged.check(readData: false)
        #expect(report.damage.map(\.path) == [path])
        #expect(Set(report.damage.flatMap(\.costs).map(\.name)) == (try damaged.lost(of: whole.dumps)))
      } catch {
        Issue.record(error)
      }
    }
    #expect(found > 3)
  }

  @Test("with every index object gone, what the packs say is enough")
  func withoutIndex() throws {
    let whole = try DamageFixture()
    for path in whole.fixture.store.paths() where path.contains("/index/") { whole.fixture.store[path] = nil }
    #expect(try whole.fixture.lost(of: whole.dumps).isEmpty)
    let report = try whole.fixture.check()
    #expect(report.damage.count == 4)
    #expect(report.damage.allSatisfy { $0.path.contains("/index/") && $0.costs.isEmpty })
  }
}
