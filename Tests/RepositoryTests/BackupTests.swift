import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import Synchronization
import TestKit
import Testing

@Suite("Backups into a repository, and back")
struct BackupTests {
  @Test("what several runs stored comes back bit by bit, and a check finds nothing")
  func roundTrip() throws {
    let fixture = try RepositoryFixture()
    var dumps: [Name: Dump] = [:]
    for run in 0..<3 {
      let dump: Dump = [
        "orders.sql": noise(300_000, seed: 1), "day.sql": noise(200_000 + run, seed: UInt64(run) + 10),
        "empty": [], "tiny": [7], "zeros": [UInt8](repeating: 0, count: 1_000_000),
      ]
      dumps[try fixture.backup(dump)] = dump
    }
    #expect(try fixture.lost(of: dumps).isEmpty)
    for report in [try fixture.check(), try fixture.check(readData: false), try fixture.check(asKeeper: true)] {
      #expect(report.problems.isEmpty, "\(report.problems)")
      #expect(report.snapshots == 3)
    }
    #expect(try fixture.check().blobsOpened > 0)
    #expect(try fixture.history().oddities().isEmpty)
  }

  @Test("a snapshot without streams comes back")
  func empty() throws {
    let fixture = try RepositoryFixture()
    #expect(try fixture.restore(try fixture.backup([:])).isEmpty)
    #expect(try fixture.check().problems.isEmpty)
  }

  @Test("a second run of the same dump stores only what says that it ran")
  func deduplication() throws {
    let fixture = try RepositoryFixture()
    let dump: Dump = ["a": noise(2_000_000, seed: 2)]
    try fixture.backup(dump)
    let packs = fixture.store.paths().filter { $0.contains("/packs/") }
    let second = try fixture.backup(dump)
    #expect(fixture.store.paths().filter { $0.contains("/packs/") } == packs)
    #expect(try fixture.restore(second) == dump)
  }

  @Test("four threads that write the same chunks store each once")
  func claims() throws {
    let fixture = try RepositoryFixture()
    let session = try BackupSession(try fixture.writer(), level: 1)
    let chunks = (0..<64).map { noise(20_000, seed: UInt64($0)) }
    let new = Mutex<[Name]>([])
    let stop = StopSignal()
    let threads = (0..<4).map { number in
      Threads.run(named: "claim", stop: stop) {
        let worker = try session.writer()
        for chunk in chunks {
          let written = try chunk.withUnsafeBytes { try worker.write($0, .data) }
          if written.isNew { new.withLock { $0.append(written.name) } }
        }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
    #expect(new.withLock { $0.count } == 64)
    #expect(Set(new.withLock { $0 }).count == 64)
    _ = try session.commit(.test("orders", .empty, streams: 0))
    let namespace = try Namespace.load(
      of: try fixture.writer().enrolled, in: try fixture.open(fixture.keys.keeper),
      with: try fixture.keeper().identities)
    #expect(namespace.index.count == 64)
  }

  @Test("full packs have one size, the last is padded by Padmé, and every name is the SHA-256 of the bytes")
  func packs() throws {
    let fixture = try RepositoryFixture()
    try fixture.backup(["a": noise(36 << 20, seed: 3)], chunk: 1 << 20)
    let sizes = fixture.store.contents.filter { $0.key.contains("/packs/") }.map(\.value.count).sorted()
    #expect(sizes.count == 3)
    #expect(sizes.dropFirst().allSatisfy { $0 == 16 << 20 })
    #expect(Padding.padded(sizes[0]) == sizes[0])
    for (path, bytes) in fixture.store.contents {
      guard let object = ObjectPath(path) else {
        #expect(path.hasPrefix("rescue/"))
        continue
      }
      #expect(ObjectDigest.name(of: bytes) == object.name)
    }
  }

  @Test("sha256sum agrees with every name in a local store")
  func sha256sum() throws {
    let folder = TemporaryFolder()
    let store = try LocalStore(folder.path("store"), create: true)
    let keys = try NewRepository.create(in: store, components: ["orders"], label: "db1")
    let session = try BackupSession(
      try WriterAccess(try OpenRepository(store, key: keys.writer, state: nil)), level: 1)
    _ = try session.store(["a": noise(500_000, seed: 4)])
    let files = Files.tree(folder.path("store"))
    #expect(files.count == 7)
    let outcome = try Program.run(["sha256sum"] + files, in: folder.path("store"))
    #expect(outcome.status == 0)
    for line in outcome.text.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      #expect(words[1].hasSuffix(words[0]) || words[1].hasPrefix("rescue/"))
    }
  }

  @Test("two writers back up into one repository, each into its own folder")
  func twoWriters() throws {
    let fixture = try RepositoryFixture()
    let second = try NewWriter.enrol(in: try fixture.open(fixture.keys.keeper), components: ["wiki"], label: "web")
    let dump: Dump = ["a": noise(300_000, seed: 5)]
    let one = try fixture.backup(dump)
    let two = try fixture.backup(dump, by: second, component: "wiki")
    #expect(fixture.store.paths().filter { $0.contains("/packs/") }.count == 2)
    #expect(try fixture.lost(of: [one: dump, two: dump]).isEmpty)
    #expect(try fixture.check().problems.isEmpty)
    #expect(try fixture.history().latest(of: "wiki")?.name == two)
  }

  @Test("two runs of one writer at the same time both succeed, and the next run follows both")
  func parallelRuns() throws {
    let fixture = try RepositoryFixture()
    let first = try BackupSession(try fixture.writer(state: fixture.host), level: 1)
    let second = try BackupSession(try fixture.writer(state: fixture.host), level: 1)
    let dumps: [Dump] = [["a": noise(300_000, seed: 6)], ["a": noise(300_000, seed: 6), "b": [1, 2]]]
    let one = try first.store(dumps[0])
    let two = try second.store(dumps[1])
    let three = try fixture.backup(dumps[1])
    #expect(try fixture.lost(of: [one: dumps[0], two: dumps[1], three: dumps[1]]).isEmpty)
    let history = try fixture.history()
    #expect(history.latest(of: "orders")?.name == three)
    #expect(Set(history.snapshots.last?.snapshot.parents ?? []) == [one, two])
    #expect(try fixture.check().isSound)
  }

  @Test("after an interrupted run the next one still follows the snapshot before both")
  func linkAfterCrash() throws {
    let fixture = try RepositoryFixture()
    let one = try fixture.backup(["a": [1]])
    let broken = FaultStore(
      fixture.store,
      [StoreFault(.fail(Failure(.storeUnavailable, "gone")), on: .put, at: "writers/", first: 3, count: .max)])
    #expect(throws: Failure.self) { try fixture.backup(["a": [2]], in: broken) }
    #expect(broken.unexercised.isEmpty)
    try fixture.backup(["a": [3]])
    #expect(try fixture.history().snapshots.last?.snapshot.parents == [one])
  }
}
