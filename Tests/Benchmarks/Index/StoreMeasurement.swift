import Bytes
import Cryptography
import Format
import Glibc
import Repository
import Store

/// A repository of very many small runs in a local folder, and how long the commands take that read all of it.
///
/// Each run left one snapshot, one index object, and ten packs of twenty blobs. Of the packs only name and size are
/// there, for nothing here reads them.
struct StoreMeasurement {
  private static let packsPerRun = 10
  private static let blobsPerPack = 20
  private static let packSize: UInt64 = 16 << 20

  private let snapshots: Int
  private let folder: String
  private let keys: NewRepository.Keys
  private let store: LocalStore

  init(snapshots: Int, folder: String) throws {
    self.snapshots = snapshots
    self.folder = "\(folder)/lifeboat-store-\(Identifier.random().hex)"
    store = try LocalStore(self.folder, create: true)
    keys = try NewRepository.create(in: store, components: ["orders"], label: "many")
  }

  func run() throws {
    defer { remove(folder) }
    try timed("make \(snapshots) snapshots and \(snapshots * StoreMeasurement.packsPerRun) packs") { try fill() }
    let state = "\(folder)/state"
    for what in ["first", "second"] {
      try timed("a backup opens its namespace, the \(what) time") {
        let host = try HostState(root: state, repository: keys.writer.repository)
        let access = try WriterAccess(try OpenRepository(store, key: keys.writer, state: host))
        let namespace = try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities)
        say("  \(namespace.index.count) blobs, \(namespace.heads.count) heads, sequence \(namespace.sequence)")
      }
    }
    let access = try RestorerAccess(try OpenRepository(store, key: keys.restorer, state: nil), to: "measure")
    try timed("all snapshots are listed and opened") {
      let history = try SnapshotHistory.load(access.meta)
      let latest = history.latest(of: "orders")?.snapshot.sequence ?? 0
      say("  \(history.snapshots.count) snapshots, latest \(latest), \(history.oddities().count) oddities")
    }
    try timed("a restorer loads the index") {
      let writer = access.meta.writers[0]
      let namespace = try Namespace.load(of: writer, in: access.meta.repository, with: access.meta.identities)
      say("  \(namespace.index.count) blobs")
    }
    say("most memory: \(memory("VmHWM")) MB resident")
  }

  /// Writes the objects straight into the folder: a store flushes each of them.
  private func fill() throws {
    let access = try WriterAccess(try OpenRepository(store, key: keys.writer, state: nil))
    let recipients = try access.metaAndOwnRecipients()
    let sessionKeys = [1, 2].map {
      DirectoryKey(
        kind: $0 == 1 ? .blobKey : .listKey, epoch: 1, id: Synthetic.name((1 << 57) + UInt64($0)),
        wrap: [UInt8](repeating: 7, count: 300))
    }
    let installation = Identifier.random()
    var parents: [Name] = []
    for run in 1...snapshots {
      let packs = (0..<StoreMeasurement.packsPerRun).map {
        pack(run * StoreMeasurement.packsPerRun + $0, sessionKeys)
      }
      for pack in packs { try write(.pack(writer: access.id, pack.name), [], size: StoreMeasurement.packSize) }
      let history = IndexHistory(installation: installation, sequence: UInt64(run), parents: parents)
      let shard = try put(.index, IndexShard(history: history, packs: packs).body, access, recipients) {
        .index(writer: access.id, $0)
      }
      let body = snapshot(run, installation, parents, access, shard)
      parents = [try put(.snapshot, body, access, recipients) { .snapshot(writer: access.id, $0) }]
    }
  }

  private func pack(_ number: Int, _ keys: [DirectoryKey]) -> IndexedPack {
    let entries = (0..<StoreMeasurement.blobsPerPack).map { place in
      let blob = UInt64(number * StoreMeasurement.blobsPerPack + place)
      return DirectoryEntry(
        name: Synthetic.name(blob), kind: .data, flags: [.zstd, .delta], depth: 1, key: 0, plainLength: 262_144,
        sealedLength: 12_000, offset: UInt32(place * 12_000), base: Synthetic.name(blob + (1 << 50)))
    }
    let name = Synthetic.name((1 << 59) + UInt64(number))
    return IndexedPack(
      name: name, size: StoreMeasurement.packSize,
      directory: PackDirectory(regionLength: 15 << 20, regionDigest: name, keys: keys, entries: entries))
  }

  private func snapshot(
    _ run: Int, _ installation: Identifier, _ parents: [Name], _ access: WriterAccess, _ shard: Name
  ) -> [UInt8] {
    Snapshot(
      installation: installation, sequence: UInt64(run), parents: parents,
      authority: access.repository.authority.head, enrolment: access.enrolled.name, component: "orders", started: 0,
      finished: 0, epoch: 1, verdict: .complete, reasons: [],
      engine: Snapshot.Engine(kind: "test", version: "1", identity: "many"), profile: "{}",
      catalogue: Snapshot.Catalogue(level: 0, name: .zero, length: 0, streams: 0), index: [shard], keys: [],
      sealed: Base64([]), statistics: Snapshot.Statistics()
    ).body
  }

  private func put(
    _ kind: Envelope.Kind, _ body: [UInt8], _ access: WriterAccess, _ recipients: [AgeRecipient],
    at place: (Name) -> ObjectPath
  ) throws -> Name {
    let envelope = Envelope.seal(
      access.repository.header(kind, writer: access.id), body: body, by: access.repository.key.signing)
    let bytes = try Age.seal(envelope, to: recipients)
    let path = place(ObjectDigest.name(of: bytes))
    try write(path, bytes, size: UInt64(bytes.count))
    return path.name
  }

  private func write(_ object: ObjectPath, _ bytes: [UInt8], size: UInt64) throws {
    let path = "\(folder)/\(object.path)"
    if mkdir(DurableFile.folder(of: path), 0o700) != 0, errno == ENOENT {
      try DurableFile.createFolder(DurableFile.folder(of: path))
    }
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
    try bytes.withUnsafeBytes { try file.write($0) }
    ftruncate(file.number, off_t(size))
  }

  private func remove(_ path: String) {
    if unlink(path) == 0 { return }
    for name in (try? LocalFolder.names(of: path)) ?? [] { remove("\(path)/\(name)") }
    remove(hidden: path)
    rmdir(path)
  }

  private func remove(hidden path: String) { rmdir("\(path)/.incoming") }
}
