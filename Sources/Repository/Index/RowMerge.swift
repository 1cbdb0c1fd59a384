import Bytes

/// A sorted stream of rows.
protocol RowSource: AnyObject {
  /// The next row; nil after the last.
  func next() throws(Failure) -> IndexRow?
}

/// The rows of consecutive pages, each verified; read in pieces of 64 KiB.
final class PageStream: RowSource {
  private static let most = 32

  private let file: TableFile
  private let start: UInt64
  private let pages: Int
  private let seed: (Int) -> UInt64
  private let renumbering: [UInt32]?
  private var pieces = Buffer(capacity: most * RowPage.size)
  /// Pages that were read, and of the current one the rows that are left and the deltas that went by.
  private var firstRead = 0
  private var pagesRead = 0
  private var page = -1
  private var row = 0
  private var rows = 0
  private var deltas = 0

  /// - Parameters:
  ///   - renumbering: the numbers that packs get, by those they have; rows of packs with `UInt32.max` are left out
  ///   - seed: the seed of a page's check, by its number
  init(
    _ file: TableFile, at start: UInt64, pages: Int, renumbering: [UInt32]? = nil, seed: @escaping (Int) -> UInt64
  ) {
    self.file = file
    self.start = start
    self.pages = pages
    self.renumbering = renumbering
    self.seed = seed
  }

  func next() throws(Failure) -> IndexRow? {
    while true {
      while row == rows {
        guard try turn() else { return nil }
      }
      let place = (page - firstRead) * RowPage.size
      var found = pieces.withBytes { RowPage.row($0.baseAddress! + place, row, deltas: deltas) }
      if found.info.isDelta { deltas += 1 }
      row += 1
      guard let renumbering else { return found }
      guard Int(found.pack) < renumbering.count else { throw file.condemn("a row of no pack") }
      found.pack = renumbering[Int(found.pack)]
      if found.pack != UInt32.max { return found }
    }
  }

  /// Goes on to the next page; false after the last.
  private func turn() throws(Failure) -> Bool {
    page += 1
    guard page < pages else { return false }
    if page == firstRead + pagesRead {
      firstRead = page
      pagesRead = min(PageStream.most, pages - page)
      let count = pagesRead * RowPage.size
      let offset = start + UInt64(page) * UInt64(RowPage.size)
      let isRead = pieces.withCapacity {
        file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
      guard isRead else { throw file.condemn("it ends early or cannot be read") }
      pieces.count = count
    }
    let place = (page - firstRead) * RowPage.size
    let seed = seed(page)
    let count = pieces.withBytes { bytes -> Int? in
      let page = bytes.baseAddress! + place
      return RowPage.isWhole(page, seed: seed) ? RowPage.rowCount(page) : nil
    }
    guard let count else { throw file.condemn("page \(page)") }
    (row, rows, deltas) = (0, count, 0)
    return true
  }
}

/// Several sorted streams as one: a heap of their heads.
struct RowMerge {
  private let sources: [any RowSource]
  private var heads: ContiguousArray<IndexRow> = []
  /// Positions in `heads`; the first is the least.
  private var heap: ContiguousArray<Int> = []
  private var live: [any RowSource] = []

  init(_ sources: [any RowSource]) throws(Failure) {
    self.sources = sources
    for source in sources {
      guard let first = try source.next() else { continue }
      heap.append(heads.count)
      heads.append(first)
      live.append(source)
    }
    for position in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(position) }
  }

  mutating func next() throws(Failure) -> IndexRow? {
    guard let top = heap.first else { return nil }
    let row = heads[top]
    if let following = try live[top].next() {
      heads[top] = following
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    if heap.count > 1 { sink(0) }
    return row
  }

  private mutating func sink(_ start: Int) {
    var position = start
    let item = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, IndexRow.precedes(heads[heap[child + 1]], heads[heap[child]]) { child += 1 }
      guard IndexRow.precedes(heads[heap[child]], heads[item]) else { break }
      heap[position] = heap[child]
      position = child
    }
    heap[position] = item
  }
}
