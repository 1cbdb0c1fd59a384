import Bytes
import Glibc

/// A sorted file of blobs: filter in front, then pages of rows. Written once and never changed.
///
/// A look-up reads one block of the filter, and one page if the filter lets the name pass; each is verified before a
/// bit of it is believed. What does not verify is damage: the look-up finds nothing there, the file is removed, and
/// `damage` tells it to those for whom "nothing there" would be wrong.
final class BlobTable: Sendable {
  let file: TableFile
  let header: TableHeader
  /// The first word of each page's first name, in memory: 8 bytes a page.
  private let fences: ContiguousArray<UInt64>
  /// The filter of a table that is not large, in memory: a look-up asks every table's, and a read costs 0.7 µs.
  private let filter: ContiguousArray<UInt8>
  private static let filterInMemory = 32 << 20

  /// A table that was just written.
  init(_ file: TableFile, _ header: TableHeader, fences: ContiguousArray<UInt64>) {
    self.file = file
    self.header = header
    self.fences = fences
    filter = BlobTable.filter(file, header)
  }

  /// Opens a table: header, fences and catalogue are read and verified, the rest when it is looked at.
  ///
  /// - Returns: the table and its catalogue's bytes; nil if it is not whole or not what it should be, and then removed.
  static func open(
    _ file: TableFile, repository: Identifier, writer: Identifier
  ) -> (table: BlobTable, catalogue: [UInt8])? {
    guard let size = try? file.size(), size >= UInt64(RowPage.size),
      let bytes = read(file, at: 0, count: RowPage.size), let header = try? TableHeader(bytes, fileSize: size),
      header.repository == repository, header.writer == writer
    else {
      file.condemn("its header")
      return nil
    }
    var fences = ContiguousArray<UInt64>(repeating: 0, count: Int(header.pages))
    guard fences.withUnsafeMutableBytes({ file.read(at: header.fencesStart, into: $0) }),
      check(of: fences, header) == header.fencesCheck,
      let catalogue = read(file, at: header.catalogueStart, count: Int(header.catalogueLength)),
      PageCheck.of(catalogue, seed: header.catalogueSeed) == header.catalogueCheck
    else {
      file.condemn("its fences or its catalogue")
      return nil
    }
    return (BlobTable(file, header, fences: fences), catalogue)
  }

  /// How many rows there are.
  var count: Int { Int(header.rows) }

  /// Calls `body` for every copy of a blob, the least deep first, until it returns false.
  @inline(__always)
  func find(_ name: NameKey, _ body: (IndexRow) -> Bool) {
    guard !fences.isEmpty, mayHold(name) else { return }
    withUnsafeTemporaryAllocation(byteCount: RowPage.size, alignment: 16) { room in
      var page = firstPage(of: name)
      while page < fences.count, read(page, into: room) {
        guard visit(UnsafeRawPointer(room.baseAddress!), name, body) else { return }
        page += 1
        // A name's copies go on in the next page only if that one does not begin behind it.
        guard page < fences.count, fences[page] <= name.a else { return }
      }
    }
  }

  /// All rows in order, in one stream that verifies every page.
  func stream(renumbering: [UInt32]? = nil) -> PageStream {
    let header = header
    return PageStream(file, at: header.rowsStart, pages: Int(header.pages), renumbering: renumbering) {
      header.pageSeed($0)
    }
  }

  static func check(of fences: ContiguousArray<UInt64>, _ header: TableHeader) -> UInt64 {
    fences.withUnsafeBytes { bytes in
      bytes.baseAddress.map { PageCheck.of($0, words: fences.count, seed: header.fencesSeed) } ?? header.fencesSeed
    }
  }

  // MARK: - Look-ups

  private func mayHold(_ name: NameKey) -> Bool {
    let number = FilterBlock.number(of: name, among: Int(header.blocks))
    let seed = header.filterSeed(number)
    if !filter.isEmpty {
      return filter.withUnsafeBytes { filter in
        answer(of: filter.baseAddress! + number * FilterBlock.size, name, seed)
      }
    }
    return withUnsafeTemporaryAllocation(byteCount: FilterBlock.size, alignment: 16) { room in
      guard file.read(at: header.filterStart + UInt64(number * FilterBlock.size), into: room) else {
        file.condemn("its filter cannot be read")
        return true
      }
      return answer(of: UnsafeRawPointer(room.baseAddress!), name, seed)
    }
  }

  /// A block that is damaged says nothing; the rows themselves are asked.
  @inline(__always)
  private func answer(of block: UnsafeRawPointer, _ name: NameKey, _ seed: UInt64) -> Bool {
    guard FilterBlock.isWhole(block, seed: seed) else {
      file.condemn("its filter")
      return true
    }
    return FilterBlock.mayHold(name, block)
  }

  /// The last page that begins below the name, for there its copies may begin; the first if none does.
  private func firstPage(of name: NameKey) -> Int {
    fences.withUnsafeBufferPointer { fences in
      var low = 0
      var high = fences.count
      while low < high {
        let middle = (low + high) >> 1
        if fences[middle] < name.a { low = middle + 1 } else { high = middle }
      }
      return max(low - 1, 0)
    }
  }

  private func read(_ page: Int, into room: UnsafeMutableRawBufferPointer) -> Bool {
    let offset = header.rowsStart + UInt64(page) * UInt64(RowPage.size)
    guard file.read(at: offset, into: room),
      RowPage.isWhole(UnsafeRawPointer(room.baseAddress!), seed: header.pageSeed(page))
    else {
      file.condemn("page \(page)")
      return false
    }
    return true
  }

  /// False if there is nothing more to look for.
  @inline(__always)
  private func visit(_ page: UnsafeRawPointer, _ name: NameKey, _ body: (IndexRow) -> Bool) -> Bool {
    let count = RowPage.rowCount(page)
    var number = RowPage.firstRow(page, notBelow: name)
    guard number < count else { return true }
    var deltas = RowPage.deltas(page, before: number)
    while number < count {
      guard RowPage.name(page, number) == name else { return false }
      let row = RowPage.row(page, number, deltas: deltas)
      if row.info.isDelta { deltas += 1 }
      guard body(row) else { return false }
      number += 1
    }
    return true
  }

  private static func filter(_ file: TableFile, _ header: TableHeader) -> ContiguousArray<UInt8> {
    let length = Int(header.blocks) * FilterBlock.size
    guard length <= filterInMemory else { return [] }
    var filter = ContiguousArray<UInt8>(repeating: 0, count: length)
    // One that cannot be read is not believed: its blocks do not verify.
    _ = filter.withUnsafeMutableBytes { file.read(at: header.filterStart, into: $0) }
    return filter
  }

  private static func read(_ file: TableFile, at offset: UInt64, count: Int) -> [UInt8]? {
    var isRead = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      isRead = file.read(at: offset, into: UnsafeMutableRawBufferPointer(room))
      filled = isRead ? count : 0
    }
    return isRead ? bytes : nil
  }
}
