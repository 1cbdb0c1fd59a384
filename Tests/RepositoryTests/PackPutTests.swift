import Bytes
import Glibc
import Repository
import Store
import Synchronization
import Testing

@Suite("Putting packs")
struct PackPutTests {
  @Test("goes on several at once, and index and snapshot wait for the last of them")
  func order() throws {
    let fixture = try RepositoryFixture()
    let store = WatchedStore(fixture.store, meeting: 3)
    // Five full packs and a last one.
    let dump: Dump = ["a": noise(90 << 20, seed: 1)]
    let name = try fixture.backup(dump, in: store, chunk: 1 << 20)
    let events = store.events
    let lastPack = try #require(events.lastIndex { $0.kind == "packs" })
    let firstIndex = try #require(events.firstIndex { $0.kind == "index" })
    let lastIndex = try #require(events.lastIndex { $0.kind == "index" })
    let snapshot = try #require(events.firstIndex { $0.kind == "snapshots" })
    #expect(events.filter { $0.kind == "packs" && !$0.isBegin }.count == 6)
    #expect(lastPack < firstIndex && lastIndex < snapshot)
    #expect((3...5).contains(store.mostAtOnce), "\(store.mostAtOnce) puts at once")
    #expect(try fixture.restore(name) == dump)
  }

  @Test("a put that fails while others go on fails the run, and nothing is committed")
  func failure() throws {
    for number in 1...6 {
      let fixture = try RepositoryFixture()
      let full = Failure(.storeFull, "no room")
      let broken = FaultStore(
        fixture.store, [StoreFault(.fail(full), on: .put, at: try packs(fixture), first: number)])
      #expect(code { try fixture.backup(["a": noise(90 << 20, seed: 1)], in: broken, chunk: 4 << 20) } == .storeFull)
      #expect(broken.unexercised == [])
      #expect(fixture.store.paths().allSatisfy { !$0.contains("/snapshots/") && !$0.contains("/index/") })
    }
  }

  @Test("a run that is given up waits for the puts under way and leaves the rest")
  func givenUp() throws {
    let fixture = try RepositoryFixture()
    let store = WatchedStore(fixture.store, meeting: 4)
    do {
      let session = try BackupSession(try fixture.writer(in: store, state: fixture.host), level: 1)
      _ = try session.writer().recipe(of: noise(80 << 20, seed: 2), chunk: 1 << 20)
    }
    let events = store.events.filter { $0.kind == "packs" }
    #expect(!events.isEmpty && events.filter(\.isBegin).count == events.filter { !$0.isBegin }.count)
    #expect(store.events.count == events.count)
  }

  /// Where the fixture's packs lie: the enrolment shows the writer.
  private func packs(_ fixture: RepositoryFixture) throws -> String {
    let enrolment = try #require(fixture.store.paths("writers/").first)
    return enrolment.split(separator: "/").prefix(2).joined(separator: "/") + "/packs/"
  }
}

/// Notes when puts begin and end, and keeps each put of a pack until some others have begun.
private final class WatchedStore: Store {
  struct Event: Sendable {
    let kind: String
    let isBegin: Bool
  }

  private struct State {
    var events: [Event] = []
    var begun = 0
    var now = 0
    var most = 0
  }

  private let base: any Store
  private let meeting: Int
  private let state = Mutex(State())

  /// - Parameter meeting: a put of a pack returns once so many have begun
  init(_ base: any Store, meeting: Int) {
    self.base = base
    self.meeting = meeting
  }

  var events: [Event] { state.withLock { $0.events } }
  var mostAtOnce: Int { state.withLock { $0.most } }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    let kind = ["packs", "index", "snapshots"].first { path.text.contains("/\($0)/") } ?? "other"
    state.withLock { state in
      state.events.append(Event(kind: kind, isBegin: true))
      guard kind == "packs" else { return }
      state.begun += 1
      state.now += 1
      state.most = max(state.most, state.now)
    }
    // Ten seconds at most: then the test fails by its counts and does not hang.
    var patience = 10_000
    while kind == "packs", state.withLock({ $0.begun < meeting }), patience > 0 {
      usleep(1000)
      patience -= 1
    }
    try base.put(path, bytes, digest: digest)
    state.withLock { state in
      state.events.append(Event(kind: kind, isBegin: false))
      if kind == "packs" { state.now -= 1 }
    }
  }

  var description: String { base.description }
  var traits: StoreTraits { base.traits }
  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int { try base.read(path, range, into: buffer) }
  func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }
  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try base.list(prefix, each)
  }
  func folders(in prefix: String) throws(Failure) -> [String] { try base.folders(in: prefix) }
  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try base.findIntact(path, digest: digest)
  }
  func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }
  func freeBytes() throws(Failure) -> UInt64? { try base.freeBytes() }
}
