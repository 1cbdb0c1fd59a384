import Bytes
import Format
import Pipeline
import Repository
import Store
import Synchronization
import TestKit
import Testing

@Suite("A copy of a repository")
struct CopyTests {
  @discardableResult
  private func copy(
    _ source: any Store, to target: any Store, workers: Int = 3, readData: Bool = false
  ) throws -> CopyReport {
    try CopyRun(from: source, to: target, CopyRequest(workers: workers, readData: readData), stop: StopSignal()).run()
  }

  @Test("has the same bytes under the same paths; a second run has nothing to do")
  func identical() throws {
    let whole = try DamageFixture()
    let (source, target) = (whole.fixture.store, MemoryStore())
    let first = try copy(source, to: target)
    #expect(target.contents == source.contents)
    #expect(first.copied == UInt64(source.contents.count) && first.present == 0 && first.isWhole)
    #expect(first.copiedBytes == source.contents.values.reduce(0) { $0 + UInt64($1.count) })
    let second = try copy(source, to: target, readData: true)
    #expect(second.copied == 0 && second.present == first.copied && second.isWhole)
    let new = try whole.fixture.backup(["n": noise(30_000, seed: 9)])
    #expect(try copy(source, to: target).copied == 3)
    #expect(target.contents == source.contents)
    #expect(try RepositoryFixture(whole.fixture, in: target).restore(new) == ["n": noise(30_000, seed: 9)])
  }

  /// What ends a run at a put.
  enum Ending: CaseIterable {
    case beforeIt
    case afterIt
  }

  @Test(
    "that ends at any put can be used as far as it got, and is taken up by the next run", arguments: Ending.allCases)
  func interrupted(ending: Ending) throws {
    let whole = try DamageFixture()
    let source = whole.fixture.store
    let gone = Failure(.storeUnavailable, "the store is gone")
    for put in 1...source.contents.count {
      let target = MemoryStore()
      let faults =
        ending == .beforeIt
        ? [StoreFault(.fail(gone), on: .put, first: put, count: .max)]
        : [StoreFault(.loseAnswer(gone), on: .put, first: put, count: .max)]
      let failure = #expect(throws: Failure.self) { try copy(source, to: FaultStore(target, faults)) }
      #expect(failure == gone)
      try expectUsable(target, whole)
      let rest = try copy(source, to: target)
      #expect(rest.isWhole && rest.copied < UInt64(source.contents.count) || put == 1)
      #expect(target.contents == source.contents, "put \(put)")
    }
  }

  /// Every snapshot that is there comes back.
  private func expectUsable(_ target: MemoryStore, _ whole: DamageFixture) throws {
    let fixture = try RepositoryFixture(whole.fixture, in: target)
    let there = Set(target.paths().compactMap { ObjectPath($0) }.filter { $0.kind == "snapshot" }.map(\.name))
    guard !there.isEmpty else { return }
    let lost = try fixture.lost(of: whole.dumps.filter { there.contains($0.key) })
    #expect(lost.isEmpty)
  }

  @Test("made while a backup runs has every snapshot whole, wherever the backup fell")
  func whileBackupsRun() throws {
    for call in 1...9 {
      let fixture = try RepositoryFixture()
      let old: Dump = ["a": noise(40_000, seed: 1)]
      let first = try fixture.backup(old)
      let new: Dump = ["a": noise(60_000, seed: 2)]
      let name = Mutex<Name?>(nil)
      let busy = FaultStore(
        fixture.store,
        [
          StoreFault(
            .before {
              let made = try? fixture.backup(new)
              name.withLock { $0 = made }
            }, on: .list, at: "", first: call)
        ])
      let target = MemoryStore()
      let report = try copy(busy, to: target)
      #expect(report.isWhole)
      let made = name.withLock { $0 }
      #expect((made != nil) == busy.unexercised.isEmpty, "call \(call)")
      let there = try RepositoryFixture(fixture, in: target)
      #expect(try there.restore(first) == old)
      let names = Set(target.paths().compactMap { ObjectPath($0) }.filter { $0.kind == "snapshot" }.map(\.name))
      if let made, names.contains(made) { #expect(try there.restore(made) == new, "call \(call)") }
      try copy(fixture.store, to: target)
      #expect(target.contents == fixture.store.contents)
    }
  }

  @Test("leaves out what is damaged in the source, names it, and copies the rest", arguments: [nil, 0, 100])
  func damagedSource(length: Int?) throws {
    let whole = try DamageFixture()
    let source = whole.fixture.store
    let victims = Set(
      ["/packs/", "/index/", "/snapshots/", "annotations/", "records/", "authority/", "rescue/"].compactMap { kind in
        source.paths().last { $0.contains(kind) }
      })
    #expect(victims.count == 7)
    for path in victims {
      guard let bytes = source[path] else { continue }
      source[path] = length.map { Array(bytes.prefix($0)) } ?? bytes + [0]
    }
    let target = MemoryStore()
    let report = try copy(source, to: target)
    // The last statement names no other rescue files than the first.
    #expect(Set(report.problems.map(\.path)) == victims, "\(report.problems)")
    #expect(report.problems.allSatisfy { $0.side == .source } && !report.isWhole)
    #expect(target.contents == source.contents.filter { !victims.contains($0.key) })
  }

  @Test("takes good bytes of a damaged object where the source finds them, as in an older version")
  func olderVersion() throws {
    let series = try DeltaSeries(days: 2)
    let whole = series.fixture.store.copy()
    let store = VersionedStore(series.fixture.store, older: whole)
    series.fixture.store[series.packs[0]] = nil
    series.fixture.store[series.packs[1]]?[30] ^= 1
    let target = MemoryStore()
    let report = try copy(store, to: target)
    #expect(report.isWhole)
    // What is no longer listed is no longer there.
    #expect(target.contents == whole.contents.filter { $0.key != series.packs[0] })
  }

  @Test("leaves what is there as it is: other bytes are named, objects of its own are counted")
  func differences() throws {
    let series = try DeltaSeries(days: 3)
    let (source, target) = (series.fixture.store, MemoryStore())
    try copy(source, to: target)
    let extra = "writers/\(series.forge.access.id.hex)/packs/00/\(String(repeating: "0", count: 64))"
    target[extra] = [1]
    target[series.packs[0]]?.removeLast()
    target[series.packs[1]]?[5] ^= 1
    let before = target.contents
    let quick = try copy(source, to: target)
    #expect(quick.problems.map(\.path) == [series.packs[0]] && quick.problems.allSatisfy { $0.side == .target })
    #expect(quick.extra == 1 && quick.copied == 0)
    let thorough = try copy(source, to: target, readData: true)
    #expect(Set(thorough.problems.map(\.path)) == Set(series.packs[..<2]))
    #expect(target.contents == before)
    // The other way round it is the source that is wrong, and says so.
    let back = try copy(target, to: source)
    #expect(back.problems.contains { $0.path == series.packs[0] && $0.side == .source })
    #expect(back.problems.contains { $0.path == extra && $0.side == .source })
  }

  @Test("goes neither into another repository nor out of none")
  func refusals() throws {
    let (one, other) = (try RepositoryFixture(), try RepositoryFixture())
    let before = other.store.contents
    #expect(code { try copy(one.store, to: other.store) } == .targetRefused)
    #expect(other.store.contents == before)
    #expect(code { try copy(MemoryStore(), to: MemoryStore()) } == .storeMissing)
  }

  @Test("names what is no object of a repository and leaves it")
  func strangers() throws {
    let fixture = try RepositoryFixture()
    let writer = fixture.keys.writer.writer?.id.hex ?? ""
    let junk = ["notes/x", "authority/readme", "writers/\(writer)/later/\(String(repeating: "a", count: 64))"]
    for path in junk { fixture.store[path] = [1] }
    let target = MemoryStore()
    let report = try copy(fixture.store, to: target)
    #expect(report.strangers.sorted() == ["authority/readme", "notes/", "writers/\(writer)/later/"])
    #expect(target.contents == fixture.store.contents.filter { !junk.contains($0.key) })
    #expect(report.isWhole)
  }

  @Test("of which the store then shows less than was put is not called whole")
  func unlisted() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["a": noise(1000, seed: 1)])
    let target = MemoryStore()
    let loss = StoreFault(
      .after { for path in target.paths() where path.contains("/packs/") { target[path] = nil } }, on: .put,
      at: "writers/", first: 4)
    let forgetful = FaultStore(target, [loss])
    let report = try copy(fixture.store, to: forgetful)
    #expect(report.problems.count == 1 && report.problems.allSatisfy { $0.side == .target })
    #expect(forgetful.unexercised == [])
  }

  @Test("that is told to stop stops with the reason")
  func stopped() throws {
    let series = try DeltaSeries(days: 3)
    let stop = StopSignal()
    let reason = Failure(.interrupted, "enough")
    let target = MemoryStore()
    let store = FaultStore(target, [StoreFault(.after { stop.stop(because: reason) }, on: .put, first: 4)])
    let run = CopyRun(from: series.fixture.store, to: store, CopyRequest(workers: 2), stop: stop)
    #expect(#expect(throws: Failure.self) { try run.run() } == reason)
    #expect(target.contents.count < series.fixture.store.contents.count)
  }
}

/// A store that keeps an older version of each object.
private final class VersionedStore: Store {
  private let base: MemoryStore
  private let older: MemoryStore
  private let found = Mutex<Set<StorePath>>([])

  init(_ base: MemoryStore, older: MemoryStore) {
    self.base = base
    self.older = older
  }

  var description: String { "versions" }
  var traits: StoreTraits { base.traits }

  private func store(of path: StorePath) -> MemoryStore { found.withLock { $0.contains(path) } ? older : base }

  func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    try base.put(path, bytes, digest: digest)
  }

  func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    try store(of: path).read(path, range, into: buffer)
  }

  func size(of path: StorePath) throws(Failure) -> UInt64? { try store(of: path).size(of: path) }

  func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    try base.list(prefix, each)
  }

  func folders(in prefix: String) throws(Failure) -> [String] { try base.folders(in: prefix) }

  func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool {
    guard older[path.text] != nil else { return false }
    found.withLock { _ = $0.insert(path) }
    return true
  }

  func delete(_ path: StorePath) throws(Failure) { try base.delete(path) }
  func freeBytes() throws(Failure) -> UInt64? { nil }
}
