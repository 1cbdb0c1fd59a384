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
  /// A writer's own host keeps what the index says between runs (`IndexFold`). All others read the store itself: a
  /// check, a drill or a restore must see what the store holds, not what a host remembers of it.
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
    try NamespaceLoader(
      writer: writer, repository: repository, identities: identities, readsPacks: readingPacks
    ).load()
  }
}
