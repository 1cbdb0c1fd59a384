import Bytes
import Cryptography
import Format
import Store

/// One writer's namespace as a check loads it: every small object opened, every pack accounted for.
struct LoadedNamespace: Sendable {
  let writer: EnrolledWriter
  /// All blobs: of packs that an index speaks of, and of those that only their own directory does.
  let index: BlobIndex
  let histories: [IndexHistory]
  /// Sizes of packs as the store says.
  let sizes: [Name: UInt64]
  let tombstoned: Set<Name>
  /// Index objects that newer ones repeat.
  let superseded: Set<Name>
  /// Packs that no index speaks of and whose own directory is good.
  let unindexed: [Name]
  /// Index objects, and packs in no index, that do not open, verify or count.
  let faults: [(path: ObjectPath, failure: Failure)]
  /// Bytes read while loading.
  let bytesRead: UInt64

  /// The path of a pack of the index.
  func path(ofPack pack: Int) -> ObjectPath { .pack(writer: writer.id, index.packs[pack].name) }

  /// The namespace as readers of blobs want it.
  var namespace: Namespace {
    Namespace(
      writer: writer, index: index, unindexed: unindexed, loadedIndexes: [], snapshots: [], histories: histories,
      problems: [])
  }
}

/// The steps of loading a namespace for a check.
struct NamespaceOpener {
  let writer: EnrolledWriter
  let access: MetaAccess
  let folder: Inventory.Folder
  private var sizes: [Name: UInt64]
  private var tombstoned: Set<Name> = []
  private var superseded: Set<Name> = []
  private var builder = BlobIndexBuilder()
  private var histories: [IndexHistory] = []
  private var unindexed: [Name] = []
  private var faults: [(path: ObjectPath, failure: Failure)] = []
  private var bytesRead: UInt64 = 0

  init(_ writer: EnrolledWriter, _ access: MetaAccess, _ folder: Inventory.Folder) {
    self.writer = writer
    self.access = access
    self.folder = folder
    sizes = folder.packs
  }

  /// Opens tombstones and index, then the directories of packs that no index speaks of.
  consuming func open(_ findings: inout CheckFindings) throws(Failure) -> LoadedNamespace {
    for name in folder.tombstones.sorted() { try openTombstone(.tombstone(writer: writer.id, name), &findings) }
    for name in folder.indexes.sorted() { try openIndex(.index(writer: writer.id, name)) }
    for name in sizes.keys.sorted() where !builder.contains(name) { try openPack(name) }
    return LoadedNamespace(
      writer: writer, index: try builder.build(), histories: histories, sizes: sizes, tombstoned: tombstoned,
      superseded: superseded, unindexed: unindexed, faults: faults, bytesRead: bytesRead)
  }

  private mutating func openTombstone(_ path: ObjectPath, _ findings: inout CheckFindings) throws(Failure) {
    do throws(Failure) {
      let envelope = try open(path, .tombstone)
      guard access.repository.authority.statement.isKeeper(envelope.signer) else {
        throw untrusted("tombstone", envelope.signer, "no keeper")
      }
      tombstoned.formUnion(try Tombstone(body: envelope.body).packs)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      findings.damage(at: path.path, error)
    }
  }

  private mutating func openIndex(_ path: ObjectPath) throws(Failure) {
    do throws(Failure) {
      let envelope = try open(path, .index)
      guard access.repository.mayIndex(envelope.signer, writer) else {
        throw untrusted("index", envelope.signer, "neither the writer nor a keeper")
      }
      let shard = try IndexShard(envelope.body)
      if shard.history.sequence > 0 { histories.append(shard.history) }
      superseded.formUnion(shard.superseded)
      for pack in shard.packs { try add(pack) }
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      faults.append((path, error))
    }
  }

  private mutating func openPack(_ name: Name) throws(Failure) {
    let path = ObjectPath.pack(writer: writer.id, name)
    do throws(Failure) {
      let pack = try PackFile.readDirectory(
        of: name, size: sizes[name] ?? 0, writer: writer, in: access.repository, with: access.identities)
      try add(pack)
      unindexed.append(name)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      faults.append((path, error))
    }
  }

  private mutating func add(_ pack: IndexedPack) throws(Failure) {
    if sizes[pack.name] == nil {
      // What came while the listing was made is not missing.
      let path = ObjectPath.pack(writer: writer.id, pack.name)
      sizes[pack.name] = try access.repository.objects.store.size(of: try StorePath(checking: path.path))
    }
    try builder.add(pack, listedSize: sizes[pack.name], isTombstoned: tombstoned.contains(pack.name))
  }

  private mutating func open(_ path: ObjectPath, _ kind: Envelope.Kind) throws(Failure) -> Envelope {
    let envelope = try access.repository.openSealed(path, kind: kind, writer: writer.id, with: access.identities)
    bytesRead += UInt64(Envelope.length(ofBody: envelope.body.count))
    return envelope
  }

  private func untrusted(_ kind: String, _ signer: PublicKey, _ what: String) -> Failure {
    Failure(
      .keyUntrusted, "this \(kind) is signed by \(signer.fingerprint), \(what)",
      next: "Somebody planted it: look into the store, then remove the object.")
  }
}
