import Bytes
import Cryptography

/// A part of a roll in memory, around the place that the run has come to; finds rows by the ends of a chunk.
///
/// However long the dump, the window has one size. Its place follows what is found; where nothing is found for a
/// while (a table was dropped, or a new one is being read), it walks on round the roll until something is.
final class RollWindow {
  /// Rows in memory at most: 4 GB of dump at 256 KiB a chunk, in 2 MB.
  static let standardCapacity = 16_384
  /// After so many misses in a row the window moves on.
  private static let patience = 64

  /// So many rows that begin or end alike are looked at: where content repeats itself there may be any number.
  private static let candidates = 8
  /// So many chunks in a row are guessed.
  private static let guesses = 8

  private let file: Descriptor
  private let generation: UInt32
  private let key: SessionKey
  private let capacity: Int
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

  init(_ file: consuming Descriptor, size: UInt64, generation: UInt32, key: SessionKey, capacity: Int) {
    self.capacity = capacity
    self.file = file
    self.generation = generation
    self.key = key
    total = ReferenceRoll.count(size: size)
    load(from: 0)
  }

  /// The row that looks all the same; else one that begins as the chunk does, else one that ends as it does, nearest to
  /// the cursor; else, for a few chunks, the row at the cursor as a guess: where a cut has moved, chunks overlap those
  /// that were there.
  func find(_ print: ChunkPrint) -> (row: ReferenceRow, isGuess: Bool)? {
    if cursor - start > rows.count * 3 / 4, start + rows.count < total { load(from: cursor - rows.count / 4) }
    if let found = nearest(print, print.head, in: heads) ?? nearest(print, print.tail, in: tails) {
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

  /// Of the rows with this hash the one next to the cursor, on either side; one that looks all the same comes before.
  private func nearest(_ print: ChunkPrint, _ hash: UInt64, in entries: [Entry]) -> Int? {
    let middle = lowerBound(Entry(hash: hash, row: Int32(clamping: cursor - start)), in: entries)
    var best: (row: Int, distance: Int)?
    let first = max(0, middle - RollWindow.candidates / 2)
    for entry in entries[first..<min(entries.count, middle + RollWindow.candidates / 2)] where entry.hash == hash {
      let row = Int(entry.row)
      let isSame = rows[row].print == print
      let distance = abs(start + row - cursor) + (isSame ? 0 : rows.count)
      if distance < best?.distance ?? .max { best = (start + row, distance) }
    }
    return best?.row
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
    // The last window begins at the first block from which it reaches the end.
    let last = max(0, total - capacity + perBlock - 1) / perBlock
    let first = min(max(0, row) / perBlock, last)
    start = first * perBlock
    rows.removeAll(keepingCapacity: true)
    var block = first
    while rows.count < capacity, block * perBlock < total {
      let found = ReferenceRoll.read(file, block: block, generation: generation, key: key)
      rows += found
      if found.count < perBlock, rows.count + start < total { total = start + rows.count }
      block += 1
    }
    heads = rows.indices.map { Entry(hash: rows[$0].print.head, row: Int32($0)) }.sorted()
    tails = rows.indices.map { Entry(hash: rows[$0].print.tail, row: Int32($0)) }.sorted()
  }
}
