package import Bytes
package import Cryptography
package import Format

/// A writer's index as its host keeps it between runs: what the store's index objects say, folded into a few tables,
/// so that a run reads only the objects that are new since the last one.
///
/// - **Each table stands for itself.** It names the index objects whose content it holds; any subset of the files is a
///   good state, and a file that is damaged, removed or made by another version costs the reading of its objects
///   again, nothing else. Nothing is flushed: what a power loss leaves of a file does not verify. Files are written
///   under another name and renamed; of two runs at the same time each writes its own, and what one holds that others
///   hold too is taken away later. A file that is taken away while a run has it open stays readable to that run.
/// - **The listing decides.** A table says where blobs lie in packs, never whether a pack is there, whole, and not
///   marked: that is looked at in each run's listing (`PackState`).
/// - **What an object alone said goes with the object.** Its packs may be listed still, and a pack is what it was; but
///   an index object is also removed because it was found to tell other things of a pack than the pack itself, or
///   because its signer is no longer trusted. To believe on what was withdrawn would let a backup rely on a blob that
///   nobody vouches for. So rows count as long as the object they came from is listed and its signer counts, as if
///   all was read anew; a pack that only a vanished object spoke of is stored again at worst. Objects that repeat
///   packs of others (superseding ones) are read again when any other one goes, for theirs are the rows that count
///   from then on.
package struct IndexFold {
  private let folder: IndexFolder
  private var parts: [IndexPart] = []
  private var isLive: [[Bool]] = []
  /// The packs whose rows are there and count.
  private var known: Set<Name> = []
  private var added = PackCatalogue()
  private var sorter: RowSorter
  /// Index objects that need not be read.
  package private(set) var folded: Set<Name> = []

  /// Opens what there is.
  ///
  /// - Parameters:
  ///   - folder: this host's tables of the writer
  ///   - rowsInMemory: how many new blobs to hold in memory
  ///   - counts: whether an index object is listed, and its signer trusted
  package init(
    _ folder: IndexFolder, rowsInMemory: Int = BlobIndexBuilder.rowsInMemory,
    counts: (_ object: Name, _ signer: PublicKey) -> Bool
  ) throws(Failure) {
    self.folder = folder
    sorter = RowSorter(limit: rowsInMemory, folder: folder.path)
    var (opened, isShaken) = try folder.open()
    // Of tables that hold the same, all runs of this host choose the same one to stay.
    opened.sort { left, right in
      let (one, other) = (left.catalogue.sources.count, right.catalogue.sources.count)
      return one != other ? one > other : left.table.file.path < right.table.file.path
    }
    for part in opened {
      let live = part.catalogue.sources.map { counts($0.name, $0.signer) }
      let names = zip(part.catalogue.sources, live).filter(\.1).map(\.0.name)
      if names.allSatisfy(folded.contains) {
        folder.remove(part)
        continue
      }
      folded.formUnion(names)
      if live.contains(false) { isShaken = true }
      add(part, live)
    }
    if isShaken { forgetRepeaters() }
  }

  private mutating func add(_ part: IndexPart, _ live: [Bool]) {
    var part = part
    for (number, pack) in part.catalogue.packs.enumerated() {
      let isSaid = pack.source != PackCatalogue.none && live[Int(pack.source)]
      part.counts[number] = isSaid && known.insert(pack.name).inserted
    }
    parts.append(part)
    isLive.append(live)
  }

  private mutating func forgetRepeaters() {
    for part in parts {
      for source in part.catalogue.sources where source.repeats { folded.remove(source.name) }
    }
  }

  /// Adds an index object that was read.
  package mutating func add(_ shard: IndexShard, _ name: Name, signer: PublicKey) throws(Failure) {
    let repeats = shard.packs.contains { known.contains($0.name) }
    let source = added.note(
      PackCatalogue.Source(name: name, signer: signer, history: shard.history, repeats: repeats))
    for pack in shard.packs where known.insert(pack.name).inserted {
      let number = added.add(pack, source: source, keepsWraps: false)
      for entry in pack.directory.entries { try sorter.append(IndexRow(entry, pack: number)) }
    }
  }

  /// What the index objects that count say of the runs that wrote them, each once.
  package var histories: [Name: IndexHistory] {
    var histories: [Name: IndexHistory] = [:]
    for (part, live) in zip(parts, isLive) {
      for (source, isLive) in zip(part.catalogue.sources, live) where isLive { histories[source.name] = source.history }
    }
    for source in added.sources { histories[source.name] = source.history }
    return histories
  }

  /// The packs that an index speaks of.
  package var packs: Set<Name> { known }

  /// True if one of the tables turned out to be damaged: all is to be opened anew then, without it.
  package var isDamaged: Bool { parts.contains { $0.table.file.damage != nil } }

  /// Writes what is new into a table of its own, together with small older ones, and returns what there is then.
  ///
  /// - Parameter state: what the store's listing says of a pack
  /// - Throws: `stateFailed` if it cannot be written, or if a table turned out to be damaged.
  package mutating func finish(_ state: (Name) -> PackState) throws(Failure) -> BlobIndex {
    let gathered = gathering()
    if !added.sources.isEmpty || !gathered.isEmpty { try merge(gathered) }
    return BlobIndex(parts, states: parts.map { $0.catalogue.packs.map { state($0.name) } })
  }

  private mutating func merge(_ gathered: [Int]) throws(Failure) {
    var catalogue = added
    let numbers = gathered.map { position in
      catalogue.take(parts[position].catalogue) {
        isLive[position][$0]
      } counts: {
        parts[position].counts[$0]
      }
    }
    let most = gathered.reduce(sorter.count) { $0 + parts[$1].table.count }
    var rows = try RowMerge(
      try sorter.finish() + zip(gathered, numbers).map { parts[$0].table.stream(renumbering: $1) })
    let written = try folder.write(catalogue, most: most, &rows)
    for position in gathered.reversed() {
      folder.remove(parts[position])
      parts.remove(at: position)
      isLive.remove(at: position)
    }
    parts.append(written)
    isLive.append(Array(repeating: true, count: written.catalogue.sources.count))
    added = PackCatalogue()
  }

  /// A table joins the new one if it holds at most so many times as much as what goes there anyway: few tables then,
  /// each row rewritten a few times in its life, and the largest left alone for long.
  private static let ratio = 4
  /// What a table weighs besides its rows: small ones always join.
  private static let weight = 4096

  /// The tables that the new one takes in, by position, in ascending order.
  private func gathering() -> [Int] {
    var gathered: [Int] = []
    var total = 0
    if !added.sources.isEmpty { total = sorter.count + IndexFold.weight }
    let bySize = parts.indices.sorted { parts[$0].table.count < parts[$1].table.count }
    for position in bySize {
      let weight = parts[position].table.count + IndexFold.weight
      // What no longer counts is left behind at once, so that it need not be remembered.
      let isStale = isLive[position].contains(false)
      guard isStale || weight <= IndexFold.ratio * total else { continue }
      gathered.append(position)
      total += weight
    }
    return gathered.sorted()
  }
}
