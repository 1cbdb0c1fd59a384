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
