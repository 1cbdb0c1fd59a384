/// A page of a table: rows in order from the front, the bases of the deltas among them from the end.
///
/// ```
/// 0   check of the rest   8 bytes
/// 8   rows, deltas        2 + 2 bytes, then 4 of zero
/// 16  row                 48 bytes: name 32, pack 4, offset 4, info 8
///     …
///     base                32 bytes; that of the first delta lies last
/// ```
///
/// So a full blob takes 48 bytes and a delta 80, and one read brings both. Half the page of a file system: a look-up
/// copies and checks all of it. All in this machine's byte order: a table never leaves its host.
enum RowPage {
  static let size = 2048
  static let headerLength = 16
  static let rowLength = 48
  static let baseLength = 32
  /// Rows in a page at most.
  static let most = (size - headerLength) / rowLength

  /// True if the check matches and the counts fit: only then may anything else be read.
  static func isWhole(_ page: UnsafeRawPointer, seed: UInt64) -> Bool {
    guard page.load(as: UInt64.self) == check(of: page, seed: seed) else { return false }
    return headerLength + rowCount(page) * rowLength + deltaCount(page) * baseLength <= size
      && deltaCount(page) <= rowCount(page)
  }

  static func check(of page: UnsafeRawPointer, seed: UInt64) -> UInt64 {
    PageCheck.of(page + 8, words: size / 8 - 1, seed: seed)
  }

  static func rowCount(_ page: UnsafeRawPointer) -> Int { Int(page.load(fromByteOffset: 8, as: UInt16.self)) }

  private static func deltaCount(_ page: UnsafeRawPointer) -> Int {
    Int(page.load(fromByteOffset: 10, as: UInt16.self))
  }

  @inline(__always)
  static func name(_ page: UnsafeRawPointer, _ row: Int) -> NameKey {
    page.load(fromByteOffset: headerLength + row * rowLength, as: NameKey.self)
  }

  @inline(__always)
  static func info(_ page: UnsafeRawPointer, _ row: Int) -> RowInfo {
    RowInfo(bits: page.load(fromByteOffset: headerLength + row * rowLength + 40, as: UInt64.self))
  }

  /// - Parameter deltas: how many deltas lie in front of the row
  static func row(_ page: UnsafeRawPointer, _ row: Int, deltas: Int) -> IndexRow {
    let place = page + headerLength + row * rowLength
    let info = info(page, row)
    let name = place.load(as: NameKey.self)
    let hasBase = info.isDelta && deltas < deltaCount(page)
    return IndexRow(
      name: name, base: hasBase ? (page + size - (deltas + 1) * baseLength).load(as: NameKey.self) : name,
      pack: place.load(fromByteOffset: 32, as: UInt32.self), offset: place.load(fromByteOffset: 36, as: UInt32.self),
      info: info)
  }

  /// How many deltas lie in front of a row.
  static func deltas(_ page: UnsafeRawPointer, before row: Int) -> Int {
    var count = 0
    for other in 0..<row where info(page, other).isDelta { count += 1 }
    return count
  }

  /// The first row whose name is not below `name`.
  static func firstRow(_ page: UnsafeRawPointer, notBelow name: NameKey) -> Int {
    var low = 0
    var high = rowCount(page)
    while low < high {
      let middle = (low + high) >> 1
      if RowPage.name(page, middle) < name { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Appends a row; false if the page has no room for it.
  static func append(_ row: IndexRow, to page: UnsafeMutableRawPointer) -> Bool {
    let (rows, deltas) = (rowCount(page), deltaCount(page))
    let isDelta = row.info.isDelta
    let used = headerLength + (rows + 1) * rowLength + (deltas + (isDelta ? 1 : 0)) * baseLength
    guard used <= size else { return false }
    let place = page + headerLength + rows * rowLength
    place.storeBytes(of: row.name, as: NameKey.self)
    place.storeBytes(of: row.pack, toByteOffset: 32, as: UInt32.self)
    place.storeBytes(of: row.offset, toByteOffset: 36, as: UInt32.self)
    place.storeBytes(of: row.info.bits, toByteOffset: 40, as: UInt64.self)
    page.storeBytes(of: UInt16(rows + 1), toByteOffset: 8, as: UInt16.self)
    if isDelta {
      page.storeBytes(of: row.base, toByteOffset: size - (deltas + 1) * baseLength, as: NameKey.self)
      page.storeBytes(of: UInt16(deltas + 1), toByteOffset: 10, as: UInt16.self)
    }
    return true
  }
}
