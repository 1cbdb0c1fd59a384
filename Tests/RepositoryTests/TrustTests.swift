import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import TestKit
import Testing

@Suite("Objects that others put into a store")
struct TrustTests {
  private let fixture: RepositoryFixture
  private let dump: Dump = ["a": noise(300_000, seed: 1)]

  init() throws { fixture = try RepositoryFixture() }

  private func namespace() throws -> Namespace {
    let access = try fixture.writer()
    return try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities, readingPacks: true)
  }

  @Test("a pack or index that a stranger signed is not relied on, and a check names it")
  func planted() throws {
    let forge = try Forge(try fixture.writer())
    let blob = try forge.blob(noise(1000, seed: 1))
    var stranger = forge.signature
    stranger.signer = SigningKey()
    let pack = try forge.putPack([blob], stranger)
    let shard = IndexShard(
      history: IndexHistory(installation: .zero, sequence: 0, parents: []), packs: [try forge.pack([blob]).pack])
    let index = try forge.put(.index, shard.body, stranger) { .index(writer: forge.access.id, $0) }
    #expect(try namespace().index.usable(blob.name, epoch: 1) == nil)
    #expect(Set(try namespace().problems.map(\.path.path)) == [pack, index])
    try fixture.backup(dump)
    let report = try fixture.check()
    #expect(Set(report.damage.map(\.path)) == [pack, index])
    #expect(report.damage.allSatisfy { $0.costs.isEmpty })
  }

  @Test("a pack of another repository or writer is refused where it does not belong")
  func moved() throws {
    let forge = try Forge(try fixture.writer())
    let blob = try forge.blob(noise(1000, seed: 1))
    var foreign = forge.signature
    foreign.repository = Identifier.random()
    var other = forge.signature
    other.writer = Identifier.random()
    let paths = [try forge.putPack([blob], foreign), try forge.putPack([blob], other)]
    #expect(Set(try namespace().problems.map(\.path.path)) == Set(paths))
    #expect(try namespace().problems.allSatisfy { $0.failure.code == .keyUntrusted })
    #expect(Set(try fixture.check().damage.map(\.path)) == Set(paths))
  }

  @Test("objects of one writer that are moved into another's folder are refused")
  func movedBetweenWriters() throws {
    let second = try NewWriter.enrol(in: try fixture.open(fixture.keys.keeper), components: ["wiki"], label: "web")
    let name = try fixture.backup(dump)
    let theirs = try fixture.backup(["b": [1, 2, 3]], by: second, component: "wiki")
    guard let from = fixture.keys.writer.writer?.id, let to = second.writer?.id else { return }
    var moved: Set<String> = []
    for path in fixture.store.paths("writers/\(from.hex)/") {
      let target = path.replacing(from.hex, with: to.hex)
      fixture.store[target] = fixture.store[path]
      moved.insert(target)
    }
    // An enrolment of another writer makes the namespace's own uncertain: without it the rest is judged.
    for path in moved where path.contains("/enrolment/") {
      #expect(throws: Failure.self) { try fixture.backup(["b": [4]], by: second, component: "wiki") }
      #expect(try fixture.check().problems(at: path).first?.costs.contains { $0.name == theirs } == true)
      fixture.store[path] = nil
      moved.remove(path)
    }
    let report = try fixture.check()
    #expect(Set(report.damage.map(\.path)) == moved)
    #expect(try fixture.lost(of: [name: dump, theirs: ["b": [1, 2, 3]]]).isEmpty)
    #expect(try fixture.history().snapshots.count == 2)
  }

  @Test("a snapshot that the enrolled key did not sign is refused and named")
  func strangersSnapshot() throws {
    let good = try fixture.backup(dump)
    let forge = try Forge(try fixture.writer())
    var stranger = forge.signature
    stranger.signer = SigningKey()
    let body = forge.snapshotBody(catalogue: .init(level: 0, name: .zero, length: 0, streams: 0), sequence: 9)
    let path = try forge.put(.snapshot, body, stranger) { .snapshot(writer: forge.access.id, $0) }
    #expect(try fixture.history().latest(of: "orders")?.name == good)
    #expect(try fixture.history().problems.map(\.path.path) == [path])
    #expect(try fixture.check().problems(at: path).first?.severity == .damage)
  }

  @Test("a snapshot of a component that is not granted is refused and named")
  func notGranted() throws {
    let forge = try Forge(try fixture.writer())
    let body = forge.snapshotBody(
      component: "payroll", catalogue: .init(level: 0, name: .zero, length: 0, streams: 0))
    let path = try forge.put(.snapshot, body) { .snapshot(writer: forge.access.id, $0) }
    #expect(try fixture.history().snapshots.isEmpty)
    #expect(try fixture.check().problems(at: path).first?.severity == .damage)
    #expect(code { try fixture.writer().checkGrant(of: "payroll") } == .keyUntrusted)
    let id = forge.access.id
    try NewWriter.grant("payroll", to: id, in: try fixture.open(fixture.keys.keeper))
    #expect(try fixture.history().snapshots.count == 1)
  }

  @Test("a star is granted only what no other writer is granted by name")
  func star() throws {
    let open = try RepositoryFixture(components: ["*"])
    try open.backup(dump, component: "wiki")
    #expect(try open.history().snapshots.count == 1)
    _ = try NewWriter.enrol(in: try open.open(open.keys.keeper), components: ["wiki"], label: "web")
    #expect(try open.history().snapshots.isEmpty)
    #expect(
      code { _ = try NewWriter.enrol(in: try open.open(open.keys.keeper), components: ["wiki"], label: "x") } == .usage)
  }

  @Test("a snapshot and a tombstone that a closed or wrong key signed do not count")
  func closedKey() throws {
    try fixture.backup(dump)
    let forge = try Forge(try fixture.writer())
    let packs = fixture.store.paths().filter { $0.contains("/packs/") }.compactMap { ObjectPath($0)?.name }
    // The writer itself may not condemn packs.
    let path = try forge.put(.tombstone, Tombstone(packs: packs, heads: []).body) {
      .tombstone(writer: forge.access.id, $0)
    }
    #expect(try fixture.check().problems(at: path).first?.severity == .damage)
    try fixture.backup(dump)
    #expect(fixture.store.paths().filter { $0.contains("/packs/") }.count == packs.count)
    try NewAuthority.close(fixture.keys.writer.signing.publicKey, in: try fixture.open(fixture.keys.restorer))
    #expect(code { try fixture.backup(dump) } == .keyUntrusted)
    #expect(try fixture.history().snapshots.isEmpty)
  }

  @Test("junk is named and blocks nobody")
  func junk() throws {
    let name = try fixture.backup(dump)
    for path in ["hello", "writers/x/packs/ab/1", "records/ab", "rescue/virus.py"] { fixture.store[path] = [1] }
    let report = try fixture.check()
    #expect(report.isSound)
    #expect(
      report.problems(.warning).map(\.path).sorted() == [
        "hello", "records/ab", "rescue/virus.py", "writers/x/packs/ab/1",
      ])
    #expect(try fixture.lost(of: [name: dump]).isEmpty)
    try fixture.backup(dump)
  }

  @Test("a writer key can neither check nor restore, a keeper key cannot restore, and both are told what is needed")
  func roles() throws {
    let writer = try fixture.open(fixture.keys.writer)
    let keeper = try fixture.open(fixture.keys.keeper)
    for attempt: () throws -> Void in [
      { _ = try MetaAccess(writer, to: "check") }, { _ = try RestorerAccess(writer, to: "restore") },
      { _ = try RestorerAccess(keeper, to: "restore") }, { _ = try WriterAccess(keeper) },
    ] {
      #expect(code(attempt) == .keyWrongRole)
    }
    #expect { try RestorerAccess(keeper, to: "restore") } throws: { error in
      (error as? Failure)?.next.contains("restorer key") == true
    }
    let name = try fixture.backup(dump)
    let access = try fixture.keeper()
    let listed = try #require(try SnapshotHistory.load(access).snapshots.first { $0.name == name })
    let namespace = try Namespace.load(of: listed.writer, in: access.repository, with: access.identities)
    let reader = BlobReader(try BlobSource(access, namespace: namespace))
    #expect(code { _ = try reader.dump(listed.snapshot) } == .keyWrongRole)
  }
}
