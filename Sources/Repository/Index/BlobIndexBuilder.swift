package import Bytes
package import Format

/// Collects packs and sorts their blobs once, in bounded memory.
package struct BlobIndexBuilder {
  /// Rows held in memory: 32 MB of them; more are written down in sorted runs.
  package static let rowsInMemory = 400_000

  private var catalogue = PackCatalogue()
  private var states: [PackState] = []
  private var names: Set<Name> = []
  private var sorter: RowSorter
  private let scratch: String?

  /// - Parameters:
  ///   - rowsInMemory: how many blobs to hold in memory
  ///   - scratch: the folder for files without a name, where memory does not do; nil for the system's place
  package init(rowsInMemory: Int = BlobIndexBuilder.rowsInMemory, scratch: String? = nil) {
    sorter = RowSorter(limit: rowsInMemory, folder: scratch)
    self.scratch = scratch
  }

  /// True if the pack was added already.
  package func contains(_ pack: Name) -> Bool { names.contains(pack) }

  /// Adds a pack, unless it is there already.
  ///
  /// - Parameters:
  ///   - pack: what an index or the pack itself says
  ///   - listedSize: its size in the store's listing, nil if it is not listed
  ///   - isTombstoned: whether a prune found it dead
  /// - Throws: `stateFailed` if there is no room to sort in.
  package mutating func add(_ pack: IndexedPack, listedSize: UInt64?, isTombstoned: Bool) throws(Failure) {
    guard names.insert(pack.name).inserted else { return }
    let number = catalogue.add(pack, source: PackCatalogue.none, keepsWraps: true)
    states.append(PackState(listedSize: listedSize, isTombstoned: isTombstoned))
    for entry in pack.directory.entries { try sorter.append(IndexRow(entry, pack: number)) }
  }

  /// The finished index.
  package consuming func build() throws(Failure) -> BlobIndex {
    let count = sorter.count
    let file = try TableFile.scratch(isSmall: sorter.isInMemory, in: scratch)
    var writer = TableWriter(file, repository: .zero, writer: .zero, most: count)
    var rows = try RowMerge(try sorter.finish())
    while let row = try rows.next() { try writer.append(row) }
    let part = IndexPart(
      table: try writer.finish(catalogue: []), catalogue: catalogue,
      counts: Array(repeating: true, count: catalogue.packs.count))
    return BlobIndex([part], states: [states])
  }
}
