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
  /// The base of a delta, zero for a full blob.
  let base: Name
}

/// All blobs of one writer's namespace: one or a few tables sorted by name, 48 bytes a blob and 80 a delta, in files;
/// what is in memory is the packs, the keys, and 8 bytes a page of rows.
///
/// Built once per run and never changed after; what a run adds it keeps itself. A table that turns out to be damaged
/// while it is asked holds nothing from there on: a backup then stores again what it cannot be sure of. Whoever must
/// not mistake that for a loss asks `checkSound()`.
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
    /// False for a pack whose rows another table has too, or that only an index object told of which is gone.
    let counts: Bool
  }

  /// A table, and where its packs begin in the list of all.
  private struct Part: Sendable {
    let table: BlobTable
    let firstPack: Int
    let packCount: Int
  }

  /// Bytes that a full blob takes in a table; a delta has its base's name besides.
  package static let bytesPerBlob = RowPage.rowLength

  private let parts: [Part]
  package let packs: [Pack]
  package let keys: [DirectoryKey]
  /// Other wraps of the same keys, a few of each.
  let spareKeys: [Name: [DirectoryKey]]
  /// For each pack where its keys begin in `keyNumbers`, and behind the last pack the end.
  private let keyStarts: [UInt32]
  /// Positions in `keys`.
  private let keyNumbers: [UInt32]
  /// How many copies of blobs there are.
  package let count: Int

  /// - Parameters:
  ///   - parts: the tables with their packs
  ///   - states: what the store's listing says of each pack of each part
  init(_ parts: [IndexPart], states: [[PackState]]) {
    var assembly = IndexAssembly()
    var tables: [Part] = []
    for (part, states) in zip(parts, states) {
      tables.append(
        Part(table: part.table, firstPack: assembly.packs.count, packCount: part.catalogue.packs.count))
      assembly.add(part, states)
    }
    self.parts = tables
    packs = assembly.packs
    keys = assembly.keys
    spareKeys = assembly.spareKeys
    keyStarts = assembly.keyStarts + [UInt32(assembly.keyNumbers.count)]
    keyNumbers = assembly.keyNumbers
    count = assembly.blobs
  }

  /// All copies of a blob, lowest depth first.
  package func copies(of name: Name) -> [BlobLocation] {
    var found: [BlobLocation] = []
    for part in parts {
      part.table.find(NameKey(name)) { row in
        if let location = location(row, part) { found.append(location) }
        return true
      }
    }
    if parts.count > 1 { found.sort { ($0.depth, $0.pack, $0.offset) < ($1.depth, $1.pack, $1.offset) } }
    return found
  }

  /// The copy that a new snapshot may rely on, if any; the least deep of several.
  package func usable(_ name: Name, epoch: UInt32) -> BlobLocation? {
    var best: BlobLocation?
    for part in parts {
      part.table.find(NameKey(name)) { row in
        guard let location = location(row, part), packs[location.pack].isUsable, keys[location.key].epoch == epoch
        else { return true }
        if location.depth < best?.depth ?? .max { best = location }
        return false
      }
      if best?.depth == 0 { break }
    }
    return best
  }

  /// The base of a delta.
  package func base(of location: BlobLocation) -> Name? { location.flags.contains(.delta) ? location.base : nil }

  /// The directory entry that the location came from, but for the key's position.
  package func entry(at location: BlobLocation) -> DirectoryEntry {
    DirectoryEntry(
      name: location.name, kind: location.kind, flags: location.flags, depth: location.depth, key: 0,
      plainLength: location.plainLength, sealedLength: location.sealedLength, offset: location.offset,
      base: location.base)
  }

  /// Calls `body` for every blob, in order of names.
  ///
  /// - Throws: `stateFailed` if a table turns out to be damaged.
  package func forEach(_ body: (BlobLocation) throws(Failure) -> Void) throws(Failure) {
    // Tables are merged by numbering their packs through; what does not count drops out by the way.
    var rows = try RowMerge(
      parts.map { part in
        part.table.stream(
          renumbering: (part.firstPack..<(part.firstPack + part.packCount)).map {
            packs[$0].counts ? UInt32($0) : PackCatalogue.none
          })
      })
    while let row = try rows.next() {
      guard let key = keyNumber(row.info.key, ofPack: Int(row.pack)) else { continue }
      try body(location(row, pack: Int(row.pack), key: key))
    }
  }

  /// Every delta, with the position of its pack.
  var deltas: [(pack: Int, row: BlobLocation)] {
    var deltas: [(pack: Int, row: BlobLocation)] = []
    // What is damaged is missed here and told by `checkSound()`.
    try? forEach { location in
      if location.flags.contains(.delta) { deltas.append((location.pack, location)) }
    }
    return deltas
  }

  /// Throws `stateFailed` if a table turned out to be damaged: what was not found since then may be there.
  package func checkSound() throws(Failure) {
    for part in parts {
      if let damage = part.table.file.damage { throw damage }
    }
  }

  /// Where a row of a table lies; nil for one that does not count.
  @inline(__always)
  private func location(_ row: IndexRow, _ part: Part) -> BlobLocation? {
    guard Int(row.pack) < part.packCount else {
      part.table.file.condemn("a row of no pack")
      return nil
    }
    let pack = part.firstPack + Int(row.pack)
    guard packs[pack].counts, let key = keyNumber(row.info.key, ofPack: pack) else { return nil }
    return location(row, pack: pack, key: key)
  }

  @inline(__always)
  private func keyNumber(_ key: Int, ofPack pack: Int) -> Int? {
    let position = Int(keyStarts[pack]) + key
    return position < Int(keyStarts[pack + 1]) ? Int(keyNumbers[position]) : nil
  }

  private func location(_ row: IndexRow, pack: Int, key: Int) -> BlobLocation {
    BlobLocation(
      name: row.name.name, pack: pack, offset: row.offset, sealedLength: row.info.sealedLength,
      plainLength: row.info.plainLength, key: key, kind: row.info.kind, flags: row.info.flags, depth: row.info.depth,
      base: row.info.isDelta ? row.base.name : .zero)
  }
}
