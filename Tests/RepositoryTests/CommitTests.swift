import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import Synchronization
import TestKit
import Testing

@Suite("The commit")
struct CommitTests {
  private let fixture: RepositoryFixture
  private let dump: Dump = ["a": noise(300_000, seed: 1)]
  private let first: Name

  init() throws {
    fixture = try RepositoryFixture()
    first = try fixture.backup(dump)
  }

  private var packs: [String] { fixture.store.paths().filter { $0.contains("/packs/") } }
  private var snapshots: [String] { fixture.store.paths().filter { $0.contains("/snapshots/") } }

  /// What a prune will write.
  private func bury(_ paths: [String]) throws {
    let keeper = try fixture.open(fixture.keys.keeper)
    let access = try fixture.writer()
    let body = Tombstone(packs: paths.compactMap { ObjectPath($0)?.name }, heads: [first]).body
    _ = try keeper.putSealed(.tombstone, writer: access.id, body: body, to: try access.metaAndOwnRecipients()) {
      .tombstone(writer: access.id, $0)
    }
  }

  @Test("a pack that goes away while a run relies on it fails the run, and there is no snapshot")
  func vanishedPack() throws {
    let session = try BackupSession(try fixture.writer(), level: 1)
    fixture.store[packs[0]] = nil
    #expect(code { _ = try session.store(dump) } == .storeMissing)
    #expect(snapshots.count == 1)
    let next = try fixture.backup(dump)
    #expect(try fixture.restore(next) == dump)
  }

  @Test("a pack that is marked for deletion while a run relies on it fails the run")
  func buriedPack() throws {
    let session = try BackupSession(try fixture.writer(), level: 1)
    try bury(packs)
    #expect(code { _ = try session.store(dump) } == .storeMissing)
    #expect(snapshots.count == 1)
  }

  @Test("a pack that is marked for deletion is not relied on, and can still be read")
  func tombstones() throws {
    let old = packs
    try bury(old)
    let buried = try fixture.check()
    #expect(buried.problems.map(\.severity) == [.note], "\(buried.problems)")
    #expect(buried.problems.map(\.path) == old)
    let second = try fixture.backup(dump)
    #expect(packs.count == old.count + 1)
    #expect(try fixture.lost(of: [first: dump, second: dump]).isEmpty)
    #expect(try fixture.check().problems.isEmpty)
    // What a prune does in the end costs nobody but the first snapshot, whose catalogue the second did not need.
    for path in old { fixture.store[path] = nil }
    #expect(try fixture.restore(second) == dump)
    let report = try fixture.check()
    #expect(Set(report.damage.flatMap(\.costs).map(\.name)) == (try fixture.lost(of: [first: dump, second: dump])))
  }

  @Test("a snapshot that is acknowledged after the commit window is looked at again")
  func window() throws {
    let clock = Mutex<UInt64>(1)
    let vanishing = Mutex(false)
    let base = fixture.store
    let victim = packs[0]
    // While the snapshot is put the host sleeps for longer than the window, and a prune removes a pack.
    let slow = FaultStore(
      base,
      [
        StoreFault(
          .before {
            clock.withLock { $0 += BackupSession.commitWindow + 1 }
            if vanishing.withLock({ $0 }) { base[victim] = nil }
          }, on: .put, at: ObjectPath.folder("snapshots", of: try fixture.writer().id), count: .max)
      ])
    func run() throws {
      let access = try fixture.writer(in: slow, state: fixture.host)
      _ = try BackupSession(access, level: 1, clock: { clock.withLock { $0 } }).store(dump)
    }
    try run()
    #expect(slow.unexercised.isEmpty)
    vanishing.withLock { $0 = true }
    #expect(code { try run() } == .storeMissing)
  }

  @Test("a writer that is not the enrolled one cannot begin")
  func wrongKey() throws {
    let key = fixture.keys.writer
    let other = KeyFile(
      role: .writer, repository: key.repository, root: key.root, authority: key.authority, rescue: key.rescue,
      location: "", signing: SigningKey(), writer: key.writer)
    #expect(code { try fixture.backup(dump, by: other) } == .keyUntrusted)
  }
}
