package import Bytes
package import Cryptography
package import Format

/// One writer's namespace as its listing and index show it. The listing decides; the index is a hint.
package struct Namespace: Sendable {
  package let writer: EnrolledWriter
  package let index: BlobIndex
  /// Packs in the store that no index speaks of: leftovers of a crashed run, or planted.
  package let unindexed: [Name]
  /// The index objects that opened and count.
  package let loadedIndexes: Set<Name>
  /// The snapshots in the store, by name alone.
  package let snapshots: Set<Name>
  /// What index objects say of the runs that wrote them.
  package let histories: [IndexHistory]
  /// Objects that do not open, verify or count.
  package let problems: [(path: ObjectPath, failure: Failure)]

  /// The snapshots that no run named as a parent, as far as the index tells.
  ///
  /// If there are none, the newest run left an index and no snapshot: what it followed are the heads still, and named
  /// even if the store does not show them.
  package var heads: [Name] {
    let unnamed = snapshots.subtracting(histories.flatMap(\.parents))
    if !unnamed.isEmpty { return unnamed.sorted() }
    let newest = sequence
    return Set(histories.filter { $0.sequence == newest }.flatMap(\.parents)).sorted()
  }

  /// The highest sequence that any run meant to write.
  package var sequence: UInt64 { histories.map(\.sequence).max() ?? 0 }

  /// Lists packs, then tombstones, then loads the index, in this order: a pack that is listed and not tombstoned
  /// stays for longer than any run.
  ///
  /// - Parameters:
  ///   - writer: whose namespace
  ///   - repository: the repository
  ///   - identities: who opens index and tombstones: the writer itself, or meta
  ///   - readingPacks: read the directories of packs that no index speaks of
  package static func load(
    of writer: EnrolledWriter, in repository: OpenRepository, with identities: [AgeIdentity],
    readingPacks: Bool = false
  ) throws(Failure) -> Namespace {
    var loader = NamespaceLoader(writer: writer, repository: repository, identities: identities)
    try loader.list()
    try loader.loadIndex()
    if readingPacks { try loader.loadUnindexed() }
    return try loader.finish()
  }
}

/// The steps of loading a namespace.
private struct NamespaceLoader {
  let writer: EnrolledWriter
  let repository: OpenRepository
  let identities: [AgeIdentity]
  var packs: [Name: UInt64] = [:]
  var tombstoned: Set<Name> = []
  var builder = BlobIndexBuilder()
  var histories: [IndexHistory] = []
  var loadedIndexes: Set<Name> = []
  var problems: [(path: ObjectPath, failure: Failure)] = []

  mutating func list() throws(Failure) {
    let listing = try PackListing(of: writer.id, in: repository, with: identities)
    packs = listing.sizes
    tombstoned = listing.tombstoned
    problems += listing.problems
  }

  mutating func loadIndex() throws(Failure) {
    let listed = try repository.objects.list(ObjectPath.folder("index", of: writer.id)).sorted {
      $0.object.path < $1.object.path
    }
    for (object, _) in listed {
      guard let envelope = try open(object, kind: .index) else { continue }
      guard repository.mayIndex(envelope.signer, writer) else {
        problems.append((object, untrusted(object, envelope.signer)))
        continue
      }
      do throws(Failure) {
        let shard = try IndexShard(envelope.body)
        if shard.history.sequence > 0 { histories.append(shard.history) }
        for pack in shard.packs { add(pack) }
        loadedIndexes.insert(object.name)
      } catch {
        problems.append((object, error.within(object.path)))
      }
    }
  }

  mutating func loadUnindexed() throws(Failure) {
    for name in packs.keys.sorted() where !builder.contains(name) {
      let object = ObjectPath.pack(writer: writer.id, name)
      do throws(Failure) {
        let pack = try PackFile.readDirectory(
          of: name, size: packs[name] ?? 0, writer: writer, in: repository, with: identities)
        add(pack)
      } catch {
        try note(error, object)
      }
    }
  }

  consuming func finish() throws(Failure) -> Namespace {
    var snapshots: Set<Name> = []
    for (object, _) in try repository.objects.list(ObjectPath.folder("snapshots", of: writer.id)) {
      snapshots.insert(object.name)
    }
    return Namespace(
      writer: writer, index: builder.build(), unindexed: packs.keys.filter { !builder.contains($0) }.sorted(),
      loadedIndexes: loadedIndexes, snapshots: snapshots, histories: histories, problems: problems)
  }

  private mutating func add(_ pack: IndexedPack) {
    builder.add(pack, listedSize: packs[pack.name], isTombstoned: tombstoned.contains(pack.name))
  }

  /// Opens an object; one that is damaged or foreign is noted and left out, a store that fails is an error.
  private mutating func open(_ object: ObjectPath, kind: Envelope.Kind) throws(Failure) -> Envelope? {
    do throws(Failure) {
      return try repository.openSealed(object, kind: kind, writer: writer.id, with: identities)
    } catch {
      try note(error, object)
      return nil
    }
  }

  private mutating func note(_ failure: Failure, _ object: ObjectPath) throws(Failure) {
    guard failure.code.isAboutTheObject else { throw failure }
    problems.append((object, failure))
  }

  private func untrusted(_ object: ObjectPath, _ signer: PublicKey) -> Failure {
    Failure(
      .keyUntrusted, "this \(object.kind) is signed by \(signer.fingerprint), neither the writer nor a keeper",
      at: object.path, next: "Somebody planted it: look into the store, then remove the object.")
  }
}
