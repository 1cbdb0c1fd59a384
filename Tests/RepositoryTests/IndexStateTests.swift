import Bytes
import Cryptography
import Format
import Repository
import Store
import TestKit
import Testing

@Suite("A writer's index between runs")
struct IndexStateTests {
  private let fixture: RepositoryFixture

  init() throws { fixture = try RepositoryFixture() }

  /// Loads the namespace as a backup does; says how many objects were read besides.
  private func load(_ state: HostState?) throws -> (namespace: Namespace, reads: Int) {
    let counting = CountingStore(fixture.store)
    let access = try fixture.writer(in: counting, state: state)
    _ = counting.takeCounts()
    let namespace = try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities)
    return (namespace, Int(counting.takeCounts()[.read]?.calls ?? 0))
  }

  private func copies(_ namespace: Namespace) throws -> [String] {
    var copies: [String] = []
    try namespace.index.forEach { row in
      let pack = namespace.index.packs[row.pack]
      copies.append("\(row.name) \(pack.name) \(row.offset) \(pack.isUsable) \(namespace.index.keys[row.key].id)")
    }
    return copies.sorted()
  }

  private func expectSame(_ one: Namespace, _ other: Namespace) throws {
    #expect(try copies(one) == copies(other))
    #expect(one.heads == other.heads)
    #expect(one.sequence == other.sequence)
    #expect(one.unindexed == other.unindexed)
    #expect(one.loadedIndexes == other.loadedIndexes)
    #expect(one.snapshots == other.snapshots)
  }

  @Test("a run reads only the index objects that are new, and sees what a host without state sees")
  func incremental() throws {
    for number in 0..<5 {
      try fixture.backup(["a": noise(100_000, seed: UInt64(number))], state: try fixture.otherHost())
      let (namespace, reads) = try load(fixture.host)
      #expect(reads == 1)
      try expectSame(namespace, try load(nil).namespace)
    }
    let (namespace, reads) = try load(fixture.host)
    #expect(reads == 0)
    try expectSame(namespace, try load(nil).namespace)
  }

  @Test("an index object that vanishes takes with it what it alone said, and one that comes back brings it back")
  func vanishing() throws {
    for number in 0..<4 { try fixture.backup(["a": noise(100_000, seed: UInt64(number))]) }
    _ = try load(fixture.host)
    let paths = fixture.store.paths().filter { $0.contains("/index/") }
    for path in paths {
      let bytes = fixture.store[path]
      fixture.store[path] = nil
      let without = try load(fixture.host).namespace
      #expect(without.unindexed.count == 1)
      try expectSame(without, try load(nil).namespace)
      fixture.store[path] = bytes
      try expectSame(try load(fixture.host).namespace, try load(nil).namespace)
    }
  }

  @Test("packs that vanish or are marked are not relied on, whatever this host remembers")
  func packs() throws {
    try fixture.backup(["a": noise(300_000, seed: 1)])
    _ = try load(fixture.host)
    for path in fixture.store.paths().filter({ $0.contains("/packs/") }) { fixture.store[path] = nil }
    let namespace = try load(fixture.host).namespace
    #expect(namespace.index.packs.allSatisfy { !$0.isUsable && !$0.isListed })
    let name = try fixture.backup(["a": noise(300_000, seed: 1)])
    #expect(try fixture.lost(of: [name: ["a": noise(300_000, seed: 1)]]).isEmpty)
  }

  @Test("a damaged index object is named by every backup that would read it, and is not remembered")
  func damaged() throws {
    try fixture.backup(["a": noise(1000, seed: 1)], state: try fixture.otherHost())
    let path = try #require(fixture.store.paths().first { $0.contains("/index/") })
    let whole = fixture.store[path]
    fixture.store[path]?[100] ^= 1
    for _ in 0..<2 { #expect(try load(fixture.host).namespace.problems.map(\.path.path) == [path]) }
    fixture.store[path] = whole
    #expect(try load(fixture.host).namespace.problems.isEmpty)
    // Once it is folded in, a backup no longer reads it; a check does.
    fixture.store[path]?[100] ^= 1
    #expect(try load(fixture.host).namespace.problems.isEmpty)
    #expect(try fixture.check(state: fixture.host).damage.map(\.path) == [path])
  }

  @Test("what a keeper signed does not count once its key is closed, folded in or not")
  func closedSigner() throws {
    try fixture.backup(["a": noise(100_000, seed: 1)])
    let forge = try Forge(try fixture.writer())
    let shard = IndexShard(
      history: IndexHistory(installation: .zero, sequence: 0, parents: []),
      packs: [try forge.pack([try forge.blob(noise(1000, seed: 9))]).pack])
    let second = try NewAuthority.admit(.keeper, in: try fixture.open(fixture.keys.restorer))
    var keeper = forge.signature
    keeper.signer = second.signing
    let path = try forge.put(.index, shard.body, keeper) { .index(writer: forge.access.id, $0) }
    #expect(try load(fixture.host).namespace.loadedIndexes.count == 2)
    try NewAuthority.close(second.signing.publicKey, in: try fixture.open(fixture.keys.restorer))
    let namespace = try load(fixture.host).namespace
    #expect(namespace.loadedIndexes.count == 1)
    #expect(namespace.problems.map(\.path.path) == [path])
    try expectSame(namespace, try load(nil).namespace)
  }

  @Test("keepers and restorers read the store, and leave no index on their host")
  func others() throws {
    let name = try fixture.backup(["a": noise(100_000, seed: 1)])
    let host = try fixture.otherHost()
    let access = try fixture.restorer(state: host).meta
    let listed = try #require(try SnapshotHistory.load(access).snapshots.first { $0.name == name })
    let namespace = try Namespace.load(of: listed.writer, in: access.repository, with: access.identities)
    #expect(namespace.index.count > 0)
    #expect(!Files.exists("\(host.folder)/index"))
  }
}
