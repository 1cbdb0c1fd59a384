import Bytes
import Format
import Repository
import Store
import TestKit
import Testing

@Suite("A damaged store with a copy")
struct FallbackTests {
  /// What is done to every third pack.
  enum Loss: CaseIterable {
    case removed
    case truncated
    case flipped
    case swapped
    case empty
  }

  /// Damages objects; returns their paths.
  private func damage(_ paths: [String], _ loss: Loss, in store: MemoryStore) -> Set<String> {
    let before = store.contents
    for (number, path) in paths.enumerated() {
      var bytes = before[path] ?? []
      switch loss {
      case .removed: store[path] = nil
      case .truncated: store[path] = Array(bytes.prefix(min(30, bytes.count / 3)))
      case .swapped: store[path] = before[paths[(number + 1) % paths.count]]
      case .empty: store[path] = []
      case .flipped:
        for place in stride(from: 10, to: bytes.count, by: 40) { bytes[place] ^= 0x10 }
        store[path] = bytes
      }
    }
    return Set(paths)
  }

  @Test("of which a third of the packs is lost brings every day back, chains of deltas too", arguments: Loss.allCases)
  func thirdOfPacks(loss: Loss) throws {
    let series = try DeltaSeries(days: 9)
    for offset in 0..<3 {
      var damaged = try series.fixture.copy()
      damaged.copies = [StoreCopy("copy", series.fixture.store)]
      let packs = damaged.store.paths().filter { $0.contains("/packs/") }
      let lost = damage(packs.indices.filter { $0 % 3 == offset }.map { packs[$0] }, loss, in: damaged.store)
      for (name, dump) in series.dumps {
        #expect(try damaged.restore(name) == dump)
        #expect(try damaged.restoreFast(name) == dump)
      }
      #expect(Set(damaged.notices.taken) == lost)
      #expect(damaged.notices.sources == ["copy"] && damaged.notices.complaints == [])
    }
  }

  @Test("names each object that it took once")
  func once() throws {
    let series = try DeltaSeries(days: 3, chunks: 30, of: 2_000)
    var damaged = try series.fixture.copy()
    damaged.copies = [StoreCopy("copy", series.fixture.store)]
    _ = damage(series.packs, .flipped, in: damaged.store)
    let last = try #require(series.snapshots.last)
    #expect(try damaged.restoreFast(last) == series.dumps[last])
    #expect(damaged.notices.taken == damaged.notices.taken.sorted() && damaged.notices.taken.count <= 3)
    #expect(Set(damaged.notices.taken).count == damaged.notices.taken.count)
  }

  @Test(
    "of which any other object is lost still shows and brings back everything",
    arguments: ["authority/", "/enrolment/", "/index/", "/snapshots/", "/tombstones/", "annotations/", "records/"],
    Loss.allCases)
  func everyKind(kind: String, loss: Loss) throws {
    let whole = try DamageFixture()
    var damaged = try whole.fixture.copy()
    damaged.copies = [StoreCopy("copy", whole.fixture.store)]
    let paths = damaged.store.paths().filter { $0.contains(kind) }
    let lost = damage(paths, loss, in: damaged.store)
    #expect(try damaged.lost(of: whole.dumps).isEmpty)
    if kind != "records/" { #expect(Set(damaged.notices.taken).isSuperset(of: lost) || kind == "/tombstones/") }
    let access = try damaged.restorer()
    #expect(try SnapshotHistory.load(access.meta).problems.isEmpty)
    #expect(try Ledger.load(access.meta).problems.isEmpty)
    let report = try damaged.check()
    for path in lost {
      // A tombstone that is gone is missed by nothing; records and snapshots only where another names them.
      guard let problem = report.damage.first(where: { $0.path == path }) else {
        #expect(
          loss == .removed && ["/tombstones/", "annotations/", "records/", "/snapshots/"].contains(kind), "\(path)")
        continue
      }
      #expect(problem.copies == ["copy"], "\(problem)")
    }
    #expect(report.damage.allSatisfy { $0.path.hasSuffix("/") || $0.copies == ["copy"] }, "\(report.problems)")
  }

  @Test("is still checked as what it is: each problem says what it costs and which copies have the object")
  func check() throws {
    let whole = try DamageFixture()
    var damaged = try whole.fixture.copy()
    let packs = damaged.store.paths().filter { $0.contains("/packs/") }
    _ = damage([packs[0]], .removed, in: damaged.store)
    _ = damage([packs[1]], .flipped, in: damaged.store)
    let alone = try damaged.check()
    let second = whole.fixture.store.copy()
    second[packs[1]]?[100] ^= 1
    damaged.copies = [StoreCopy("first", whole.fixture.store), StoreCopy("second", second)]
    let report = try damaged.check()
    #expect(report.problems.map(\.path) == alone.problems.map(\.path))
    #expect(report.problems.map(\.costs) == alone.problems.map(\.costs))
    #expect(report.damage.first { $0.path == packs[0] }?.copies == ["first", "second"])
    #expect(report.damage.first { $0.path == packs[1] }?.copies == ["first"])
    // Without every byte read it counts what is there.
    let quick = try damaged.check(readData: false)
    #expect(quick.damage.first { $0.path == packs[0] }?.copies == ["first", "second"])
    #expect(quick.damage.allSatisfy { $0.copies == ["first", "second"] })
    #expect(try damaged.check(asKeeper: true).damage.first { $0.path == packs[0] }?.copies == ["first", "second"])
  }

  @Test("whose copy is damaged there too brings nothing back, and nothing wrong")
  func bothDamaged() throws {
    let series = try DeltaSeries(days: 4)
    var damaged = try series.fixture.copy()
    let other = series.fixture.store.copy()
    damaged.copies = [StoreCopy("copy", other)]
    _ = damage([series.packs[0]], .flipped, in: damaged.store)
    _ = damage([series.packs[0]], .flipped, in: other)
    for (name, _) in series.dumps {
      let failure = #expect(throws: Failure.self) { try damaged.restoreFast(name) }
      #expect(failure?.code == .damaged && failure?.place.contains(series.packs[0]) == true)
    }
    #expect(damaged.notices.taken == [])
    damaged.copies.append(StoreCopy("third", series.fixture.store))
    for (name, dump) in series.dumps { #expect(try damaged.restoreFast(name) == dump) }
    #expect(damaged.notices.sources == ["third"])
  }

  @Test("takes nothing from what holds another repository, and says so")
  func stranger() throws {
    let series = try DeltaSeries(days: 2)
    var damaged = try series.fixture.copy()
    damaged.store[series.packs[0]] = nil
    damaged.copies = [StoreCopy("elsewhere", try RepositoryFixture().store), StoreCopy("copy", series.fixture.store)]
    for (name, dump) in series.dumps { #expect(try damaged.restore(name) == dump) }
    #expect(damaged.notices.sources == ["copy"])
    #expect(damaged.notices.complaints.contains { $0.contains("elsewhere") && $0.contains("another repository") })
    let empty = MemoryStore()
    damaged.copies = [StoreCopy("nothing", empty)]
    _ = try damaged.restorer()
    #expect(damaged.notices.complaints.contains { $0.contains("nothing") })
  }

  @Test("goes on without a copy that does not answer, and says so once")
  func unreachable() throws {
    let series = try DeltaSeries(days: 3)
    let gone = Failure(.storeUnavailable, "the way there is down")
    for first in 1...6 {
      var damaged = try series.fixture.copy()
      damaged.store[series.packs[0]] = nil
      let broken = FaultStore(series.fixture.store, [StoreFault(.fail(gone), first: first, count: .max)])
      damaged.copies = [StoreCopy("broken", broken), StoreCopy("copy", series.fixture.store)]
      let last = try #require(series.snapshots.last)
      #expect(try damaged.restore(last) == series.dumps[last])
      #expect(damaged.notices.taken == [series.packs[0]], "\(first)")
      #expect(damaged.notices.complaints.filter { $0.contains("broken") }.count >= 1, "\(first)")
    }
  }

  @Test("that does not answer hides nothing behind its copy")
  func primaryFails() throws {
    let series = try DeltaSeries(days: 2)
    let gone = Failure(.storeUnavailable, "the way there is down")
    for call in [StoreCall.read, .list, .size] {
      let broken = FaultStore(series.fixture.store, [StoreFault(.fail(gone), on: call, count: .max)])
      let store = FallbackStore(broken, copies: [StoreCopy("copy", series.fixture.store)]) { _ in }
      let path = try StorePath(checking: series.packs[0])
      let failure = #expect(throws: Failure.self) {
        switch call {
        case .read: _ = try store.read(path, limit: Limits.object)
        case .list: _ = try store.list("")
        default: _ = try store.size(of: path)
        }
      }
      #expect(failure?.code == .storeUnavailable)
      #expect(store.taken == [])
    }
  }

  @Test("flipped on its way and not where it lies is read once more, and nothing is taken")
  func transient() throws {
    let series = try DeltaSeries(days: 1)
    let flips = StoreFault(.flip(20), on: .read, at: series.packs[0])
    let shaky = FaultStore(series.fixture.store, [flips])
    let store = FallbackStore(shaky, copies: [StoreCopy("copy", MemoryStore())]) { _ in }
    let path = try #require(ObjectPath(series.packs[0]))
    #expect(try ObjectStore(store).read(path) == series.fixture.store[series.packs[0]])
    #expect(store.taken == [] && shaky.unexercised == [])
  }

  @Test("is of no concern to a writer: what its snapshots rely on must be in the store itself")
  func writer() throws {
    var fixture = try RepositoryFixture()
    let dump: Dump = ["a": noise(50_000, seed: 1)]
    try fixture.backup(dump)
    let whole = fixture.store.copy()
    for path in fixture.store.paths() where path.contains("/packs/") { fixture.store[path] = nil }
    fixture.copies = [StoreCopy("copy", whole)]
    #expect(try fixture.open(fixture.keys.writer).fallback == nil)
    let name = try fixture.backup(dump)
    fixture.copies = []
    #expect(try fixture.restore(name) == dump)
  }

  @Test("without a copy an object is looked for once, however much of it is damaged")
  func asksOnce() throws {
    let series = try DeltaSeries(days: 2, chunks: 30, of: 2_000)
    _ = damage([series.packs[0]], .flipped, in: series.fixture.store)
    let counting = CountingStore(series.fixture.store)
    let access = try RestorerAccess(
      try OpenRepository(counting, key: series.fixture.keys.restorer, state: nil), to: "test")
    let history = try SnapshotHistory.load(access.meta)
    let listed = try #require(history.snapshots.last)
    let namespace = try Namespace.load(of: listed.writer, in: access.meta.repository, with: access.meta.identities)
    let reader = BlobReader(try BlobSource(access, namespace: namespace))
    for blob in series.days[0] { #expect(throws: Failure.self) { try reader.whole(blob.name, .data) } }
    #expect(counting.counts[.findIntact]?.calls == 1)
  }
}
