import Bytes
import Engine
import Format
import Repository
import Store

/// What the restore of one snapshot reads of its packs, found by a walk through its recipes.
struct Footprint {
  /// A byte of a pack that a restore reads for certain: in the middle of a blob.
  struct Spot {
    let path: String
    let offset: UInt64
  }

  /// Names of the chunks, and of those that they are made from.
  private(set) var chunks: Set<Name> = []
  /// Bytes of packs that are read: aligned blocks, each once.
  private(set) var bytes: UInt64 = 0
  private var blocks: Set<UInt64> = []
  private let source: BlobSource
  private let catalogue: Name

  /// - Parameter source: from `RestoreRun.source(of:)`
  /// - Throws: `damaged` and its kin if the snapshot does not come back anyway
  init(of snapshot: ListedSnapshot, in source: BlobSource) throws(Failure) {
    self.source = source
    catalogue = snapshot.snapshot.catalogue.name
    let reader = BlobReader(source)
    var streams = CatalogueWalker(snapshot.snapshot.catalogue, reader: reader)
    while let stream = try streams.next() {
      var recipe = RecipeWalker(stream.root, reader: reader)
      while let child = try recipe.next() {
        guard child.name != .zero else { continue }
        for frame in try source.chain(to: child.name, length: child.length).frames { add(frame) }
      }
    }
  }

  private mutating func add(_ frame: BlobLocation) {
    chunks.insert(frame.name)
    for block in PackBlocks.blocks(of: frame) where blocks.insert(UInt64(frame.pack) << 32 | block).inserted {
      bytes += min(PackBlocks.block, source.namespace.index.packs[frame.pack].size - block * PackBlocks.block)
    }
  }

  /// A spot in one of the chunks, drawn by the seed; without any chunk, in the catalogue.
  ///
  /// - Parameter others: chunks that must stay as they are
  func spot(seed: UInt64, sparing others: Set<Name> = []) throws(Failure) -> Spot? {
    let candidates = chunks.lazy.filter { !others.contains($0) }
    let drawn = candidates.min { ($0.drawn(by: seed), $0) < ($1.drawn(by: seed), $1) }
    guard let drawn else { return others.isEmpty ? try location(of: catalogue, .list).map(middle) : nil }
    return try location(of: drawn, .data).map(middle)
  }

  /// The newest pack that the snapshot needs: that of its catalogue, which is written last.
  func newestPack() throws(Failure) -> String? {
    try location(of: catalogue, .list).map { source.path(ofPack: $0.pack).path }
  }

  private func location(of name: Name, _ kind: BlobKind) throws(Failure) -> BlobLocation? {
    try source.copies(of: name, kind).first
  }

  private func middle(_ location: BlobLocation) -> Spot {
    Spot(
      path: source.path(ofPack: location.pack).path,
      offset: UInt64(location.offset) + UInt64(location.sealedLength) / 2)
  }
}

extension Name {
  /// A number that a seed makes of it; the same in every run.
  fileprivate func drawn(by seed: UInt64) -> UInt64 {
    var number = seed
    for character in hex.utf8.prefix(16) { number = StoreFault.number(number, UInt64(character)) }
    return number
  }
}
