package import Bytes
package import Format

/// Where a blob lies.
package struct BlobLocation: Sendable, Equatable {
  package let name: Name
  /// Position in the index's list of packs.
  package let pack: Int
  package let offset: UInt32
  package let sealedLength: UInt32
  package let plainLength: UInt32
  /// Position in the index's list of session keys.
  package let key: Int
  package let kind: BlobKind
  package let flags: BlobFlags
  package let depth: UInt8
}

/// All blobs of one writer's namespace, sorted by name: 56 bytes a blob, bases of deltas beside.
///
/// Built once per run and never changed after; what a run adds it keeps itself.
package struct BlobIndex: Sendable {
  /// A pack that the index speaks of.
  package struct Pack: Sendable, Equatable {
    package let name: Name
    package let size: UInt64
    /// Bytes before the directory.
    package let regionLength: UInt64
    package let regionDigest: Name
    /// Listed in the store, of the size that the index states, and not tombstoned: new snapshots may rely on it.
    package let isUsable: Bool
    /// Listed in the store.
    package let isListed: Bool
  }

  /// One row; the field order leaves no holes.
  struct Row: Sendable {
    let name: Name
    let pack: UInt32
    let offset: UInt32
    let sealedLength: UInt32
    let plainLength: UInt32
    let key: UInt32
    let kind: BlobKind
    let flags: BlobFlags
    let depth: UInt8
  }

  /// Bytes of memory a blob takes.
  package static let bytesPerBlob = MemoryLayout<Row>.stride

  let rows: ContiguousArray<Row>
  package let packs: [Pack]
  package let keys: [DirectoryKey]
  /// Other wraps of the same keys, a few of each.
  let spareKeys: [Name: [DirectoryKey]]
  let bases: [UInt64: Name]

  /// Bytes of memory that the rows take, room for growing included.
  package var reservedBytes: Int { rows.capacity * BlobIndex.bytesPerBlob }

  /// How many copies of blobs there are.
  package var count: Int { rows.count }

  /// All copies of a blob, lowest depth first.
  package func copies(of name: Name) -> [BlobLocation] {
    var position = firstRow(notBelow: name)
    var found: [BlobLocation] = []
    while position < rows.count, rows[position].name == name {
      found.append(location(position))
      position += 1
    }
    return found
  }

  /// The copy that a new snapshot may rely on, if any.
  package func usable(_ name: Name, epoch: UInt32) -> BlobLocation? {
    var position = firstRow(notBelow: name)
    while position < rows.count, rows[position].name == name {
      let row = rows[position]
      if packs[Int(row.pack)].isUsable, keys[Int(row.key)].epoch == epoch { return location(position) }
      position += 1
    }
    return nil
  }

  /// The base of a delta.
  package func base(of location: BlobLocation) -> Name? {
    bases[UInt64(location.pack) << 32 | UInt64(location.offset)]
  }

  /// The directory entry that the location came from, but for the key's position.
  package func entry(at location: BlobLocation) -> DirectoryEntry {
    DirectoryEntry(
      name: location.name, kind: location.kind, flags: location.flags, depth: location.depth, key: 0,
      plainLength: location.plainLength, sealedLength: location.sealedLength, offset: location.offset,
      base: base(of: location) ?? .zero)
  }

  /// Calls `body` for every blob, in order of names.
  package func forEach(_ body: (BlobLocation) throws(Failure) -> Void) throws(Failure) {
    for position in rows.indices { try body(location(position)) }
  }

  /// Every delta, with the position of its pack.
  var deltas: [(pack: Int, row: BlobLocation)] {
    guard !bases.isEmpty else { return [] }
    return rows.indices.filter { rows[$0].flags.contains(.delta) }.map { (Int(rows[$0].pack), location($0)) }
  }

  private func location(_ position: Int) -> BlobLocation {
    let row = rows[position]
    return BlobLocation(
      name: row.name, pack: Int(row.pack), offset: row.offset, sealedLength: row.sealedLength,
      plainLength: row.plainLength, key: Int(row.key), kind: row.kind, flags: row.flags, depth: row.depth)
  }

  private func firstRow(notBelow name: Name) -> Int {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) >> 1
      if rows[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
