package import Bytes
package import Format

/// Collects packs and sorts their blobs once.
package struct BlobIndexBuilder {
  private var rows: ContiguousArray<BlobIndex.Row> = []
  private var packs: [BlobIndex.Pack] = []
  private var packNames: Set<Name> = []
  private var keys: [DirectoryKey] = []
  private var keyPositions: [Name: UInt32] = [:]
  /// Further wraps of the same keys: a bit that flipped while one was made must not cost a whole run.
  private var spareKeys: [Name: [DirectoryKey]] = [:]
  private static let spares = 3
  private var bases: [UInt64: Name] = [:]

  package init() {}

  /// True if the pack was added already.
  package func contains(_ pack: Name) -> Bool { packNames.contains(pack) }

  /// Adds a pack, unless it is there already.
  ///
  /// - Parameters:
  ///   - pack: what an index or the pack itself says
  ///   - listedSize: its size in the store's listing, nil if it is not listed
  ///   - isTombstoned: whether a prune found it dead
  package mutating func add(_ pack: IndexedPack, listedSize: UInt64?, isTombstoned: Bool) {
    guard packNames.insert(pack.name).inserted else { return }
    let isWhole = listedSize == pack.size
    packs.append(
      BlobIndex.Pack(
        name: pack.name, size: pack.size, regionLength: pack.directory.regionLength,
        regionDigest: pack.directory.regionDigest, isUsable: isWhole && !isTombstoned, isListed: listedSize != nil))
    let number = UInt32(packs.count - 1)
    let positions = pack.directory.keys.map { position(of: $0) }
    rows.reserveCapacity(rows.count + pack.directory.entries.count)
    for entry in pack.directory.entries {
      rows.append(
        BlobIndex.Row(
          name: entry.name, pack: number, offset: entry.offset, sealedLength: entry.sealedLength,
          plainLength: entry.plainLength, key: positions[Int(entry.key)], kind: entry.kind, flags: entry.flags,
          depth: entry.depth))
      if entry.flags.contains(.delta) { bases[UInt64(number) << 32 | UInt64(entry.offset)] = entry.base }
    }
  }

  /// The finished index.
  package consuming func build() -> BlobIndex {
    rows.sort { left, right in
      left.name != right.name ? left.name < right.name : (left.depth, left.pack) < (right.depth, right.pack)
    }
    return BlobIndex(rows: rows, packs: packs, keys: keys, spareKeys: spareKeys, bases: bases)
  }

  private mutating func position(of key: DirectoryKey) -> UInt32 {
    if let known = keyPositions[key.id] {
      if spareKeys[key.id, default: []].count < BlobIndexBuilder.spares { spareKeys[key.id, default: []].append(key) }
      return known
    }
    keys.append(key)
    let position = UInt32(keys.count - 1)
    keyPositions[key.id] = position
    return position
  }
}
