import Bytes
import Cryptography
import Format
import Pipeline
import Repository
import Store
import Synchronization
import TestKit

/// The streams of a dump, by name.
typealias Dump = [String: [UInt8]]

/// A repository with its keys, and the shortest way to back up, read back and check.
struct RepositoryFixture: Sendable {
  let store: MemoryStore
  let keys: NewRepository.Keys
  /// The state of the host that makes the backups.
  let host: HostState
  /// Where readers look for what is missing or damaged.
  var copies: [StoreCopy] = []
  /// What stores had to say.
  let notices = Notices()
  private let folder = TemporaryFolder()

  /// Makes a repository with one writer.
  init(components: [String] = ["orders"]) throws {
    store = MemoryStore()
    keys = try NewRepository.create(in: store, components: components, label: "db1")
    host = try HostState(root: folder.path, repository: keys.writer.repository)
  }

  /// The same repository in another store.
  init(_ other: RepositoryFixture, in store: MemoryStore) throws {
    self.store = store
    keys = other.keys
    host = try HostState(root: folder.path, repository: keys.writer.repository)
  }

  /// A copy to be damaged.
  func copy() throws -> RepositoryFixture { try RepositoryFixture(self, in: store.copy()) }

  /// The state of another host that has seen nothing yet.
  func otherHost() throws -> HostState {
    try HostState(root: "\(folder.path)/\(Identifier.random())", repository: keys.writer.repository)
  }

  func open(_ key: KeyFile, state: HostState? = nil) throws -> OpenRepository {
    try OpenRepository(store, key: key, state: state, copies: copies, notices: notices.sink)
  }

  func writer(_ key: KeyFile? = nil, in other: (any Store)? = nil, state: HostState? = nil) throws -> WriterAccess {
    try WriterAccess(try OpenRepository(other ?? store, key: key ?? keys.writer, state: state))
  }

  func restorer(state: HostState? = nil) throws -> RestorerAccess {
    try RestorerAccess(try open(keys.restorer, state: state), to: "test")
  }

  func keeper() throws -> MetaAccess { try MetaAccess(try open(keys.keeper), to: "test") }

  func history() throws -> SnapshotHistory { try SnapshotHistory.load(try restorer().meta) }

  // MARK: - Out

  /// Runs a whole backup; returns the snapshot's name.
  @discardableResult
  func backup(
    _ dump: Dump, by key: KeyFile? = nil, component: String = "orders", in other: (any Store)? = nil,
    state: HostState? = nil, chunk: Int = 1 << 16, verdict: Snapshot.Verdict = .complete
  ) throws -> Name {
    let session = try BackupSession(try writer(key, in: other, state: state ?? host), level: 1)
    return try session.store(dump, component: component, chunk: chunk, verdict: verdict)
  }

  // MARK: - Back

  /// Reads a snapshot back as a restorer.
  func restore(_ name: Name) throws -> Dump {
    var readers: [Identifier: BlobReader] = [:]
    let access = try restorer()
    return try restore(name, access, try SnapshotHistory.load(access.meta), &readers)
  }

  private func restore(
    _ name: Name, _ access: RestorerAccess, _ history: SnapshotHistory, _ readers: inout [Identifier: BlobReader]
  ) throws -> Dump {
    guard let listed = history.snapshots.first(where: { $0.name == name }) else {
      throw Failure(.damaged, "no such snapshot", at: name.hex)
    }
    if let reader = readers[listed.writer.id] { return try reader.dump(listed.snapshot) }
    let namespace = try Namespace.load(
      of: listed.writer, in: access.meta.repository, with: access.meta.identities, readingPacks: true)
    let reader = BlobReader(try BlobSource(access, namespace: namespace))
    readers[listed.writer.id] = reader
    return try reader.dump(listed.snapshot)
  }

  /// The snapshots of these that do not come back as they were.
  ///
  /// Bytes that come back and are other ones are worse than none: that is thrown.
  func lost(of dumps: [Name: Dump]) throws -> Set<Name> {
    let access = try restorer()
    let history = try SnapshotHistory.load(access.meta)
    var readers: [Identifier: BlobReader] = [:]
    var lost: Set<Name> = []
    for (name, dump) in dumps {
      guard let read = try? restore(name, access, history, &readers) else {
        lost.insert(name)
        continue
      }
      guard read == dump else { throw WrongBytes(snapshot: name) }
    }
    return lost
  }

  struct WrongBytes: Error {
    let snapshot: Name
  }

  // MARK: - Check

  /// Checks as a restorer, or as a keeper.
  func check(readData: Bool = true, asKeeper: Bool = false, state: HostState? = nil) throws -> CheckReport {
    let request = CheckRequest(readData: readData, workers: 2)
    if asKeeper { return try RepositoryCheck.run(try keeper(), restorer: nil, request, stop: StopSignal()) }
    let access = try restorer(state: state)
    return try RepositoryCheck.run(access.meta, restorer: access, request, stop: StopSignal())
  }
}

extension BackupSession {
  /// Stores a dump in pieces of fixed length and commits it.
  func store(
    _ dump: Dump, component: String = "orders", chunk: Int = 1 << 16, verdict: Snapshot.Verdict = .complete
  ) throws -> Name {
    let worker = try writer()
    var catalogue = ListBuilder.catalogue { list throws(Failure) in try worker.write(list) }
    var streams: UInt64 = 0
    for (name, bytes) in dump.sorted(by: { $0.key < $1.key }) {
      try catalogue.append(
        StreamEntry(
          kind: .dump, name: Array(name.utf8), mode: 0o600, owner: 0, group: 0, modified: 0,
          root: try worker.recipe(of: bytes, chunk: chunk)))
      streams += 1
    }
    let root = try catalogue.finish()
    var draft = SnapshotDraft.test(component, root, streams: streams)
    draft.verdict = verdict
    return try commit(draft).name
  }
}

extension SnapshotDraft {
  static func test(_ component: String, _ root: RecipeRoot, streams: UInt64) -> SnapshotDraft {
    SnapshotDraft(
      component: component, started: WallClock.now(), verdict: .complete, reasons: [],
      engine: Snapshot.Engine(kind: "test", version: "1", identity: "fixture"), profile: "{}",
      catalogue: Snapshot.Catalogue(level: root.level, name: root.name, length: root.length, streams: streams),
      truth: [], statistics: Snapshot.Statistics())
  }
}

extension BlobWriter {
  func write(_ list: ListBlob) throws(Failure) -> Name {
    let bytes = list.bytes
    return try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try write(UnsafeRawBufferPointer(bytes), .list).name
    }
  }

  func recipe(of bytes: [UInt8], chunk: Int) throws -> RecipeRoot {
    var recipe = ListBuilder.recipe { list throws(Failure) in try self.write(list) }
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      let part = bytes[start..<min(start + chunk, bytes.count)]
      let written = try part.withUnsafeBytes { try write($0, .data) }
      try recipe.append(ListChild(name: written.name, length: written.length))
    }
    return try recipe.finish()
  }
}

extension BlobReader {
  /// Reads every stream of a snapshot, as a restore does.
  func dump(_ snapshot: Snapshot) throws -> Dump {
    var dump: Dump = [:]
    var catalogue = CatalogueWalker(snapshot.catalogue, reader: self)
    while let stream = try catalogue.next() { dump[stream.displayName] = try bytes(of: stream) }
    guard UInt64(dump.count) == snapshot.catalogue.streams else { throw Failure(.damaged, "streams are missing") }
    return dump
  }

  private func bytes(of stream: StreamEntry) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var recipe = RecipeWalker(stream.root, reader: self)
    while let child = try recipe.next() {
      let part = child.name == .zero ? [UInt8](repeating: 0, count: Int(child.length)) : try whole(child.name, .data)
      guard UInt64(part.count) == child.length else { throw Failure(.damaged, "a chunk of another length") }
      bytes += part
    }
    guard UInt64(bytes.count) == stream.length else { throw Failure(.damaged, "a stream of another length") }
    return bytes
  }
}

/// Keeps what stores have to say.
final class Notices: Sendable {
  private let kept = Mutex<[StoreNotice]>([])

  var sink: NoticeSink { { notice in self.kept.withLock { $0.append(notice) } } }

  /// The paths of what was taken from elsewhere, sorted, as often as it was said.
  var taken: [String] {
    kept.withLock { $0.compactMap { if case .taken(let path, _) = $0 { path } else { nil } } }.sorted()
  }

  /// Where they came from.
  var sources: Set<String> {
    Set(kept.withLock { $0.compactMap { if case .taken(_, let from) = $0 { from } else { nil } } })
  }

  var complaints: [String] {
    kept.withLock { $0.compactMap { if case .degraded(let text) = $0 { text } else { nil } } }
  }
}

/// Bytes that do not compress, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = RandomSource(seed: seed)
  return random.bytes(count)
}
