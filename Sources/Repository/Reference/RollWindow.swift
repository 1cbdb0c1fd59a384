import Bytes
import Cryptography

/// A part of a roll in memory, around the place that the run has come to; finds rows by the ends of a chunk.
///
/// However long the dump, the window has one size. Its place follows what is found; where nothing is found for a
/// while (a table was dropped, or a new one is being read), it walks on round the roll until something is.
final class RollWindow {
  /// Rows in memory at most: 4 GB of dump at 256 KiB a chunk, in 2 MB.
  private static let capacity = 16_384
  /// After so many misses in a row the window moves on.
  private static let patience = 64

  /// So many chunks in a row are guessed.
  private static let guesses = 8

  private let file: Descriptor
  private let generation: UInt32
  private let key: SessionKey
  /// Rows in the whole roll, or up to its first damaged block.
  private var total: Int
  /// The first row in memory; a multiple of a block.
  private var start = 0
  private var rows: [ReferenceRow] = []
  /// (hash, row), sorted.
  private var heads: [Entry] = []
  private var tails: [Entry] = []
  /// The row after the last one found.
  private var cursor = 0
  private var misses = 0

  private struct Entry: Comparable {
    let hash: UInt64
    let row: Int32

    static func < (left: Entry, right: Entry) -> Bool {
      left.hash != right.hash ? left.hash < right.hash : left.row < right.row
    }
  }

  init(_ file: consuming Descriptor, size: UInt64, generation: UInt32, key: SessionKey) {
    self.file = file
    self.generation = generation
    self.key = key
    total = ReferenceRoll.count(size: size)
    load(from: 0)
  }

  /// The row that begins as the chunk does, else one that ends as it does, nearest to the cursor; else, for a few
  /// chunks, the row at the cursor as a guess: where a cut has moved, chunks overlap those that were there.
  func find(_ print: ChunkPrint) -> (row: ReferenceRow, isGuess: Bool)? {
    if cursor - start > rows.count * 3 / 4, start + rows.count < total { load(from: cursor - rows.count / 4) }
    if let found = nearest(print.head, in: heads) ?? nearest(print.tail, in: tails) {
      cursor = found + 1
      misses = 0
      return (rows[found - start], false)
    }
    misses += 1
    if misses % RollWindow.patience == 0, rows.count < total {
      load(from: start + rows.count >= total ? 0 : start + rows.count * 3 / 4)
    }
    guard misses <= RollWindow.guesses, cursor >= start, cursor < start + rows.count else { return nil }
    cursor += 1
    return (rows[cursor - 1 - start], true)
  }

  private func nearest(_ hash: UInt64, in entries: [Entry]) -> Int? {
    let after = lowerBound(Entry(hash: hash, row: Int32(clamping: cursor - start)), in: entries)
    let next = after < entries.count && entries[after].hash == hash ? start + Int(entries[after].row) : nil
    let last = after > 0 && entries[after - 1].hash == hash ? start + Int(entries[after - 1].row) : nil
    guard let next, let last else { return next ?? last }
    return next - cursor <= cursor - last ? next : last
  }

  private func lowerBound(_ wanted: Entry, in entries: [Entry]) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) >> 1
      if entries[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func load(from row: Int) {
    let perBlock = ReferenceRoll.rowsPerBlock
    let first = max(0, min(row, total - RollWindow.capacity)) / perBlock
    start = first * perBlock
    rows.removeAll(keepingCapacity: true)
    var block = first
    while rows.count < RollWindow.capacity, block * perBlock < total {
      let found = ReferenceRoll.read(file, block: block, generation: generation, key: key)
      rows += found
      if found.count < perBlock, rows.count + start < total { total = start + rows.count }
      block += 1
    }
    heads = rows.indices.map { Entry(hash: rows[$0].head, row: Int32($0)) }.sorted()
    tails = rows.indices.map { Entry(hash: rows[$0].tail, row: Int32($0)) }.sorted()
  }
}
