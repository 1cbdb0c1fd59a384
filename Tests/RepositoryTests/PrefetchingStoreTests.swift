import Bytes
import Cryptography
import Format
import Repository
import Store
import Synchronization
import TestKit
import Testing

@Suite("asking ahead")
struct PrefetchingStoreTests {
  private func read(_ store: any Store, _ key: KeyFile) throws -> (snapshots: Int, blobs: Int) {
    let access = try RestorerAccess(try OpenRepository(store, key: key, state: nil), to: "test")
    let history = try SnapshotHistory.load(access.meta)
    _ = try Ledger.load(access.meta)
    let listed = try #require(history.snapshots.last)
    let namespace = try Namespace.load(of: listed.writer, in: access.meta.repository, with: access.meta.identities)
    return (history.snapshots.count, namespace.index.count)
  }

  @Test("the same is found with it, and no question reaches the store twice")
  func findsTheSame() throws {
    let fixture = try RepositoryFixture()
    for day in 0..<3 { try fixture.backup(["dump": noise(200_000, seed: UInt64(day))]) }
    let plain = AskedStore(fixture.store, kind: "s3")
    let expected = try read(plain, fixture.keys.restorer)
    let asked = AskedStore(fixture.store, kind: "s3")
    let found = try read(PrefetchingStore(asked), fixture.keys.restorer)
    #expect(found == expected)
    #expect(asked.questions.sorted() == plain.questions.sorted())
  }

  @Test("packs are listed only after the snapshots are")
  func keepsTheOrder() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["dump": noise(100_000, seed: 1)])
    let asked = AskedStore(fixture.store, kind: "s3")
    _ = try read(PrefetchingStore(asked), fixture.keys.restorer)
    let questions = asked.questions
    let snapshots = try #require(questions.firstIndex { $0.hasPrefix("listed") && $0.hasSuffix("/snapshots/") })
    let packs = try #require(questions.firstIndex { $0.hasPrefix("list") && $0.hasSuffix("/packs/") })
    #expect(snapshots < packs)
  }

  @Test("each answer is given once: later questions see the store as it is then")
  func answersOnce() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["dump": noise(100_000, seed: 1)])
    let store = PrefetchingStore(AskedStore(fixture.store, kind: "s3"))
    let folder = ObjectPath.folder("snapshots", of: try #require(fixture.keys.writer.writer).id)
    #expect(try store.list(folder).count == 1)
    try fixture.backup(["dump": noise(100_000, seed: 2)])
    #expect(try store.list(folder).count == 2)
  }

  @Test("what could not be had ahead is asked again, and fails where it is needed")
  func asksAgain() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["dump": noise(100_000, seed: 1)])
    let expected = try read(fixture.store, fixture.keys.restorer)
    let flaky = AskedStore(fixture.store, kind: "s3", failsFirst: true)
    // Every question fails the first time, and those asked ahead do.
    let store = PrefetchingStore(flaky)
    for folder in [ObjectPath.authorityFolder, ObjectPath.recordsFolder] { _ = try store.list(folder) }
    _ = try store.folders(in: ObjectPath.writersFolder)
    flaky.recover()
    #expect(try read(store, fixture.keys.restorer) == expected)
  }

  @Test("a store that answers at once is not asked ahead")
  func leavesNearStores() throws {
    let fixture = try RepositoryFixture()
    let asked = AskedStore(fixture.store, kind: "local")
    _ = PrefetchingStore(asked)
    #expect(asked.questions.isEmpty)
  }
}

/// Notes what it is asked, in order.
private final class AskedStore: Store {
  private struct State {
    var questions: [String] = []
    var seen: Set<String> = []
    var failsFirst: Bool
  }

  private let base: any Store
  private let kind: String
  private let state: Mutex<State>

  init(_ base: any Store, kind: String, failsFirst: Bool = false) {
    self.base = base
    self.kind = kind
    state = Mutex(State(failsFirst: failsFirst))
  }

  var questions: [String] { state.withLock { $0.questions } }

  func recover() { state.withLock { $0.failsFirst = false } }

  private func ask(_ question: String) throws(Failure) {
    let fails = state.withLock { state in
      state.questions.append(question)
      return state.seen.insert(question).inserted && state.failsFirst
    }
    if fails { throw Failure(.storeUnavailable, "not yet") }
  }

  var description: String { base.description }

  var traits: StoreTraits {
    StoreTraits(kind: kind, refusesOverwrites: true, survivesPowerLoss: true, listsConsistently: true)
  }

  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try ask("read \(path)")
    return try base.read(path, range, into: buffer)
  }

  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try ask("list \(prefix)")
    // The answer takes a while: whoever does not wait for it is found out.
    let objects: [StoredObject] = try base.list(prefix)
    for object in objects { try each(object) }
    state.withLock { $0.questions.append("listed \(prefix)") }
  }

  func folders(in prefix: String) throws(Failure) -> [String] {
    try ask("folders \(prefix)")
    return try base.folders(in: prefix)
  }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try base.put(path, bytes, digest: digest)
  }

  func size(of path: StorePath) throws(Failure) -> UInt64? { try base.size(of: path) }

  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    try base.findIntact(path, digest: digest)
  }

  func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }

  func freeBytes() throws(Failure) -> UInt64? { try base.freeBytes() }
}
