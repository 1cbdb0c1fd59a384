import Bytes

/// Sorts any number of rows in bounded memory: what does not fit is written down as sorted runs.
struct RowSorter {
  private struct Run {
    let firstPage: Int
    let pages: Int
  }

  private let limit: Int
  private let folder: String?
  private var rows: ContiguousArray<IndexRow> = []
  private var file: TableFile?
  private var runs: [Run] = []
  private var pages = 0
  private let salt = UInt64.random(in: 1 ... .max)
  /// How many rows came.
  private(set) var count = 0

  /// - Parameters:
  ///   - limit: how many rows to hold in memory, 80 bytes each
  ///   - folder: where to write runs; nil for the system's place
  init(limit: Int, folder: String?) {
    self.limit = limit
    self.folder = folder
  }

  /// True if nothing was written down.
  var isInMemory: Bool { runs.isEmpty }

  mutating func append(_ row: IndexRow) throws(Failure) {
    if rows.count == limit { try spill() }
    rows.append(row)
    count += 1
  }

  /// All rows as sorted streams. Ends the sorter.
  mutating func finish() throws(Failure) -> [any RowSource] {
    if !runs.isEmpty, !rows.isEmpty { try spill() }
    guard let file else {
      defer { rows = [] }
      return [SortedRows(rows)]
    }
    let salt = salt
    return runs.map { run in
      PageStream(file, at: UInt64(run.firstPage) * UInt64(RowPage.size), pages: run.pages) {
        PageCheck.seed(salt, UInt64(run.firstPage + $0))
      }
    }
  }

  private mutating func spill() throws(Failure) {
    let target: TableFile
    if let file { target = file } else { target = try TableFile.scratch(isSmall: false, in: folder) }
    file = target
    let first = pages
    let salt = salt
    var output = RowOutput(target, at: UInt64(first) * UInt64(RowPage.size), keepsFences: false) {
      PageCheck.seed(salt, UInt64(first + $0))
    }
    let sorted = SortedRows(rows)
    rows = []
    while let row = sorted.next() { try output.append(row) }
    try output.finish()
    runs.append(Run(firstPage: first, pages: output.pages))
    pages += output.pages
  }
}

/// Rows in memory, in order.
///
/// Names are keyed hashes, evenly spread: one pass by their leading bits leaves a few rows in each bucket, and sorting
/// those is next to nothing. Names that somebody chose cost time, not more.
final class SortedRows: RowSource {
  private let rows: ContiguousArray<IndexRow>
  private var order: ContiguousArray<UInt32>
  private var position = 0

  init(_ rows: ContiguousArray<IndexRow>) {
    self.rows = rows
    order = ContiguousArray(repeating: 0, count: rows.count)
    let bits = max(1, Int.bitWidth - rows.count.leadingZeroBitCount - 2)
    let starts = distribute(by: UInt64(64 - bits), buckets: 1 << bits)
    for bucket in 0..<(1 << bits) { sort(Int(starts[bucket])..<Int(starts[bucket + 1])) }
  }

  func next() -> IndexRow? {
    guard position < order.count else { return nil }
    defer { position += 1 }
    return rows[Int(order[position])]
  }

  /// Fills `order` bucket by bucket; returns where each begins.
  private func distribute(by shift: UInt64, buckets: Int) -> ContiguousArray<UInt32> {
    var starts = ContiguousArray<UInt32>(repeating: 0, count: buckets + 1)
    for row in rows { starts[Int(row.name.a >> shift) + 1] += 1 }
    for bucket in 0..<buckets { starts[bucket + 1] += starts[bucket] }
    var next = starts
    for position in rows.indices {
      let bucket = Int(rows[position].name.a >> shift)
      order[Int(next[bucket])] = UInt32(position)
      next[bucket] += 1
    }
    return starts
  }

  private func sort(_ range: Range<Int>) {
    if range.count > 32 {
      order[range].sort { IndexRow.precedes(rows[Int($0)], rows[Int($1)]) }
      return
    }
    for end in range.dropFirst() {
      let moved = order[end]
      var place = end
      while place > range.lowerBound, IndexRow.precedes(rows[Int(moved)], rows[Int(order[place - 1])]) {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = moved
    }
  }
}
