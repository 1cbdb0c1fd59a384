import Bytes
import Glibc
import Store
import TestKit
import Testing

private func path(_ text: String) throws -> StorePath { try StorePath(checking: text) }

@Suite("Counting and faults")
struct FaultTests {
  private let folder = TemporaryFolder()
  private let lost = Failure(.storeUnavailable, "the line is dead")

  private func base() throws -> LocalStore { try LocalStore(folder.path("store"), create: true) }

  @Test("requests, bytes, objects and failures are counted by kind")
  func counts() throws {
    let store = CountingStore(try base())
    try store.put(path("a"), [1, 2, 3])
    try store.put(path("b"), [4])
    #expect(throws: Failure.self) { try store.put(path("a"), [9]) }
    _ = try store.read(path("a"), limit: 10)
    _ = try store.size(of: path("a"))
    _ = try store.list("")
    try store.delete(path("b"))
    let counts = store.takeCounts()
    #expect(counts[.put] == .init(calls: 3, failures: 1, bytes: 4))
    #expect(counts[.read] == .init(calls: 1, bytes: 3))
    #expect(counts[.size] == .init(calls: 1))
    #expect(counts[.list] == .init(calls: 1, objects: 2))
    #expect(counts[.delete] == .init(calls: 1))
    #expect(counts[.freeBytes] == nil)
    #expect(store.counts.isEmpty)
  }

  @Test("the n-th call of a kind fails and was not done; the others pass")
  func fails() throws {
    let store = FaultStore(try base(), [StoreFault(.fail(lost), on: .put, first: 2, count: 2)])
    try store.put(path("a"), [1])
    #expect(throws: lost) { try store.put(path("b"), [1]) }
    _ = try store.list("")
    #expect(throws: lost) { try store.put(path("c"), [1]) }
    try store.put(path("d"), [1])
    #expect(try store.list("").map(\.path.text) == ["a", "d"])
    #expect(store.unexercised == [])
    #expect(store.calls == 6)
  }

  @Test("a lost answer means that the call was done")
  func losesAnswer() throws {
    let store = FaultStore(try base(), [StoreFault(.loseAnswer(lost), on: .put)])
    #expect(throws: lost) { try store.put(path("a"), [1]) }
    let error = #expect(throws: Failure.self) { try store.put(path("a"), [1]) }
    #expect(error?.code == .storeExists)
  }

  @Test("hooks run before and after the n-th call of any kind")
  func hooks() throws {
    let before = Counter()
    let after = Counter()
    let store = FaultStore(
      try base(),
      [StoreFault(.before { before.add() }, first: 2), StoreFault(.after { after.add() }, first: 3, count: .max)])
    for _ in 0..<5 { _ = try store.list("") }
    #expect(before.value == 1)
    #expect(after.value == 3)
  }

  @Test("bytes are flipped and objects cut short where the script says, in whole and in ranged reads")
  func damage() throws {
    let bytes = (0..<100).map { UInt8($0) }
    try base().put(path("index/a"), bytes)
    try base().put(path("packs/a"), bytes)
    let store = FaultStore(
      try base(),
      [
        StoreFault(.flip(50), on: .read, at: "index/", count: .max),
        StoreFault(.truncate(60), on: .read, at: "packs/", count: .max),
      ])
    var flipped = bytes
    flipped[50] ^= 0xff
    #expect(try store.read(path("index/a"), limit: 100) == flipped)
    #expect(try store.read(path("packs/a"), limit: 100) == Array(bytes[..<60]))
    var buffer = [UInt8](repeating: 0, count: 20)
    #expect(try buffer.withUnsafeMutableBytes { try store.read(path("index/a"), 45..<65, into: $0) } == 20)
    #expect(buffer == Array(flipped[45..<65]))
    #expect(try buffer.withUnsafeMutableBytes { try store.read(path("packs/a"), 45..<65, into: $0) } == 15)
    #expect(try buffer.withUnsafeMutableBytes { try store.read(path("packs/a"), 80..<90, into: $0) } == 0)
  }

  @Test("a listing hides what the script says, and a fault that met nothing is reported")
  func hides() throws {
    let store = FaultStore(
      try base(),
      [
        StoreFault(.hide("b/"), on: .list, first: 1), StoreFault(.delay(1), on: .delete),
        StoreFault(.delay(1), on: .put),
      ])
    try store.put(path("a/1"), [])
    try store.put(path("b/2"), [])
    #expect(try store.list("").map(\.path.text) == ["a/1"])
    #expect(try store.list("").map(\.path.text) == ["a/1", "b/2"])
    #expect(store.unexercised == [1])
  }
}

@Suite("Cached copies")
struct CacheTests {
  private let folder = TemporaryFolder()

  /// An object is whole if its first byte is its length.
  private static let verify: CachedStore.Verify = { _, bytes in bytes.first.map { Int($0) == bytes.count } ?? false }

  private func object(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(count), count: count) }

  private func stores(limit: UInt64 = 1000) throws -> (CachedStore, CountingStore) {
    let base = CountingStore(try LocalStore(folder.path("store"), create: true))
    let store = try CachedStore(
      base, in: folder.path("cache"), prefixes: ["index/", "snapshots/"], limit: limit, verify: Self.verify)
    return (store, base)
  }

  private func reads(_ base: CountingStore) -> UInt64 { base.takeCounts()[.read]?.calls ?? 0 }

  @Test("the second read of an object comes from the cache, also after a restart")
  func hit() throws {
    try LocalStore(folder.path("store"), create: true).put(path("index/a"), object(50))
    let (store, base) = try stores()
    for _ in 0..<3 { #expect(try store.read(path("index/a"), limit: 100) == object(50)) }
    #expect(reads(base) == 1)
    #expect(Files.tree(folder.path("cache")) == ["index/a"])
    let (again, behind) = try stores()
    #expect(try again.read(path("index/a"), limit: 100) == object(50))
    var part = [UInt8](repeating: 0, count: 10)
    #expect(try part.withUnsafeMutableBytes { try again.read(path("index/a"), 45..<60, into: $0) } == 5)
    #expect(reads(behind) == 0)
  }

  @Test("what is put is kept, what is deleted is dropped, and other prefixes pass by")
  func writeThrough() throws {
    let (store, base) = try stores()
    try store.put(path("index/a"), object(10))
    try store.put(path("packs/a"), object(10))
    _ = try store.read(path("index/a"), limit: 100)
    _ = try store.read(path("packs/a"), limit: 100)
    #expect(reads(base) == 1)
    #expect(Files.tree(folder.path("cache")) == ["index/a"])
    try store.delete(path("index/a"))
    #expect(Files.tree(folder.path("cache")) == [])
    let error = #expect(throws: Failure.self) { try store.read(path("index/a"), limit: 100) }
    #expect(error?.code == .storeMissing)
  }

  @Test("a copy that does not verify is dropped and fetched again", arguments: [[], [9], [50, 50]] as [[UInt8]])
  func damagedCopy(bytes: [UInt8]) throws {
    let (store, base) = try stores()
    try store.put(path("index/a"), object(50))
    try Files.write(folder.path("cache/index/a"), bytes)
    #expect(try store.read(path("index/a"), limit: 100) == object(50))
    #expect(reads(base) == 1)
    #expect(try store.read(path("index/a"), limit: 100) == object(50))
    #expect(reads(base) == 0)
  }

  @Test("an object that does not verify is passed on but not kept")
  func damagedObject() throws {
    try LocalStore(folder.path("store"), create: true).put(path("index/a"), [9, 9])
    let (store, base) = try stores()
    for _ in 0..<2 { #expect(try store.read(path("index/a"), limit: 100) == [9, 9]) }
    #expect(reads(base) == 2)
    #expect(Files.tree(folder.path("cache")) == [])
  }

  @Test("the least recently used copies make room, also in a new process with a smaller limit")
  func bounded() throws {
    let (store, _) = try stores(limit: 100)
    for name in ["a", "b", "c", "d"] { try store.put(path("index/\(name)"), object(25)) }
    _ = try store.read(path("index/a"), limit: 100)
    try store.put(path("index/e"), object(40))
    #expect(Files.tree(folder.path("cache")) == ["index/a", "index/d", "index/e"])
    try store.put(path("index/large"), object(101))
    #expect(Files.tree(folder.path("cache")) == ["index/a", "index/d", "index/e"])
    _ = try stores(limit: 10)
    #expect(Files.tree(folder.path("cache")) == [])
  }

  @Test("a copy that another process took away is fetched again")
  func takenAway() throws {
    let (store, base) = try stores()
    try store.put(path("snapshots/a"), object(20))
    TemporaryFolder.remove(folder.path("cache"))
    #expect(try store.read(path("snapshots/a"), limit: 100) == object(20))
    #expect(reads(base) == 1)
  }

  @Test("a cache whose disk is full fails the run with its own code, and the object is stored")
  func diskFull() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let base = try LocalStore(folder.path("store"), create: true)
    let store = try CachedStore(base, in: "\(disk.path)/cache", prefixes: [""], limit: 1 << 30) { _, _ in true }
    let error = #expect(throws: Failure.self) { try store.put(path("a"), [UInt8](repeating: 1, count: 4 << 20)) }
    #expect(error?.code == .stateFailed)
    #expect(error?.next.isEmpty == false)
    #expect(try base.size(of: path("a")) == 4 << 20)
    #expect(Files.tree(disk.path) == [])
  }
}
