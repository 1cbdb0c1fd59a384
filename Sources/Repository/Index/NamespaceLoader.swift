import Bytes
import Cryptography
import Format

/// The steps of loading a namespace.
struct NamespaceLoader {
  let writer: EnrolledWriter
  let repository: OpenRepository
  let identities: [AgeIdentity]
  let readsPacks: Bool

  /// An index object that opened and counts.
  private struct Opened: Sendable {
    let signer: PublicKey
    let shard: IndexShard
  }

  func load() throws(Failure) -> Namespace {
    let packs = try PackListing(of: writer.id, in: repository, with: identities)
    let indexes = try repository.objects.list(ObjectPath.folder("index", of: writer.id)).sorted {
      $0.object.path < $1.object.path
    }
    guard let folder = try folder() else { return try loadAll(packs, indexes) }
    // A table that turns out to be damaged while it is merged is removed, and all begins again without it.
    for _ in 0..<3 {
      var fold = try openFold(folder, indexes)
      do throws(Failure) {
        return try loadNew(packs, indexes, &fold)
      } catch {
        guard fold.isDamaged else { throw error }
      }
    }
    return try loadAll(packs, indexes)
  }

  /// Where this host keeps its writer's tables; nil for everybody else.
  private func folder() throws(Failure) -> IndexFolder? {
    guard let state = repository.state, repository.key.writer?.id == writer.id, !readsPacks else { return nil }
    return try IndexFolder(state.indexFolder, repository: repository.id, writer: writer.id)
  }

  private func openFold(
    _ folder: IndexFolder, _ indexes: [(object: ObjectPath, size: UInt64)]
  ) throws(Failure) -> IndexFold {
    let listed = Set(indexes.map(\.object.name))
    return try IndexFold(folder) { object, signer in
      listed.contains(object) && repository.mayIndex(signer, writer)
    }
  }

  private func loadNew(
    _ packs: PackListing, _ indexes: [(object: ObjectPath, size: UInt64)], _ fold: inout IndexFold
  ) throws(Failure) -> Namespace {
    var problems = packs.problems
    let folded = fold.folded
    try open(indexes.filter { !folded.contains($0.object.name) }, &problems) { (name, opened) throws(Failure) in
      try fold.add(opened.shard, name, signer: opened.signer)
    }
    let index = try fold.finish {
      PackState(listedSize: packs.sizes[$0], isTombstoned: packs.tombstoned.contains($0))
    }
    return try namespace(index, packs, indexed: fold.packs, histories: fold.histories, problems)
  }

  private func loadAll(
    _ packs: PackListing, _ indexes: [(object: ObjectPath, size: UInt64)]
  ) throws(Failure) -> Namespace {
    var builder = BlobIndexBuilder()
    var problems = packs.problems
    var histories: [Name: IndexHistory] = [:]
    func add(_ pack: IndexedPack) throws(Failure) {
      try builder.add(
        pack, listedSize: packs.sizes[pack.name], isTombstoned: packs.tombstoned.contains(pack.name))
    }
    try open(indexes, &problems) { (name, opened) throws(Failure) in
      histories[name] = opened.shard.history
      for pack in opened.shard.packs { try add(pack) }
    }
    if readsPacks {
      for name in packs.sizes.keys.sorted() where !builder.contains(name) {
        let object = ObjectPath.pack(writer: writer.id, name)
        do throws(Failure) {
          try add(
            try PackFile.readDirectory(
              of: name, size: packs.sizes[name] ?? 0, writer: writer, in: repository, with: identities))
        } catch {
          guard error.code.isAboutTheObject else { throw error }
          problems.append((object, error))
        }
      }
    }
    let indexed = Set(packs.sizes.keys.filter { builder.contains($0) })
    return try namespace(try builder.build(), packs, indexed: indexed, histories: histories, problems)
  }

  private func namespace(
    _ index: BlobIndex, _ packs: PackListing, indexed: Set<Name>, histories: [Name: IndexHistory],
    _ problems: [(path: ObjectPath, failure: Failure)]
  ) throws(Failure) -> Namespace {
    var snapshots: Set<Name> = []
    for (object, _) in try repository.objects.list(ObjectPath.folder("snapshots", of: writer.id)) {
      snapshots.insert(object.name)
    }
    return Namespace(
      writer: writer, index: index, unindexed: packs.sizes.keys.filter { !indexed.contains($0) }.sorted(),
      loadedIndexes: Set(histories.keys), snapshots: snapshots, histories: histories.values.filter { $0.sequence > 0 },
      problems: problems)
  }

  /// Opens index objects; one that is damaged or foreign is noted and left out, a store that fails is an error.
  private func open(
    _ indexes: [(object: ObjectPath, size: UInt64)], _ problems: inout [(path: ObjectPath, failure: Failure)],
    take: (Name, Opened) throws(Failure) -> Void
  ) throws(Failure) {
    let (writer, repository, identities) = (writer, repository, identities)
    try ParallelOpening.run(indexes) { (object) throws(Failure) in
      let envelope = try repository.openSealed(object, kind: .index, writer: writer.id, with: identities)
      guard repository.mayIndex(envelope.signer, writer) else {
        throw NamespaceLoader.untrusted(object, envelope.signer)
      }
      do throws(Failure) {
        return Opened(signer: envelope.signer, shard: try IndexShard(envelope.body))
      } catch {
        throw error.within(object.path)
      }
    } take: { (object, result) throws(Failure) in
      switch result {
      case .success(let opened): try take(object.name, opened)
      case .failure(let failure): problems.append((object, failure))
      }
    }
  }

  private static func untrusted(_ object: ObjectPath, _ signer: PublicKey) -> Failure {
    Failure(
      .keyUntrusted, "this \(object.kind) is signed by \(signer.fingerprint), neither the writer nor a keeper",
      at: object.path, next: "Somebody planted it: look into the store, then remove the object.")
  }
}
