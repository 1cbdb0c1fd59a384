import Bytes
import Format

/// What the store's listing says of a pack.
package struct PackState: Sendable {
  package let listedSize: UInt64?
  package let isTombstoned: Bool

  /// - Parameters:
  ///   - listedSize: its size in bytes, nil if it is not listed
  ///   - isTombstoned: whether a prune marked it
  package init(listedSize: UInt64?, isTombstoned: Bool) {
    self.listedSize = listedSize
    self.isTombstoned = isTombstoned
  }
}

/// A table with the packs that its rows speak of.
struct IndexPart: Sendable {
  let table: BlobTable
  let catalogue: PackCatalogue
  /// Which of the packs count.
  var counts: [Bool]
}

/// Puts the packs and keys of several tables into one list each.
struct IndexAssembly {
  private(set) var packs: [BlobIndex.Pack] = []
  private(set) var keys: [DirectoryKey] = []
  private(set) var spareKeys: [Name: [DirectoryKey]] = [:]
  private(set) var keyStarts: [UInt32] = []
  private(set) var keyNumbers: [UInt32] = []
  /// Rows of packs that count.
  private(set) var blobs = 0
  private var keyPositions: [Name: UInt32] = [:]

  mutating func add(_ part: IndexPart, _ states: [PackState]) {
    let catalogue = part.catalogue
    let positions = catalogue.keys.map { position(of: $0) }
    spareKeys.merge(catalogue.spareKeys) { one, _ in one }
    packs.reserveCapacity(packs.count + catalogue.packs.count)
    for (number, pack) in catalogue.packs.enumerated() {
      let state = states[number]
      let counts = part.counts[number]
      packs.append(
        BlobIndex.Pack(
          name: pack.name, size: pack.size, regionLength: pack.regionLength, regionDigest: pack.regionDigest,
          isUsable: counts && state.listedSize == pack.size && !state.isTombstoned,
          isListed: state.listedSize != nil, counts: counts))
      keyStarts.append(UInt32(keyNumbers.count))
      keyNumbers += catalogue.keyNumbers(of: pack).map { positions[Int($0)] }
      if counts { blobs += Int(pack.blobs) }
    }
  }

  private mutating func position(of key: DirectoryKey) -> UInt32 {
    if let known = keyPositions[key.id] { return known }
    keys.append(key)
    keyPositions[key.id] = UInt32(keys.count - 1)
    return UInt32(keys.count - 1)
  }
}
