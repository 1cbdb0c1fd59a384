import Bytes
import Glibc

/// The first page of a table: what it is, and where its parts lie.
///
/// ```
/// header     one page
/// filter     blocks of 64 bytes
/// rows       pages
/// fences     the first word of each page's first name
/// catalogue  packs, keys, index objects
/// ```
struct TableHeader: Equatable, Sendable {
  private static let magic = Array("lifeboat index 1".utf8)

  let repository: Identifier
  let writer: Identifier
  /// Drawn for each file: a page that belongs to another file does not pass for one of this.
  let salt: UInt64
  var rows: UInt64 = 0
  var blocks: UInt64 = 0
  var pages: UInt64 = 0
  var fencesCheck: UInt64 = 0
  var catalogueLength: UInt64 = 0
  var catalogueCheck: UInt64 = 0

  init(repository: Identifier, writer: Identifier, salt: UInt64) {
    self.repository = repository
    self.writer = writer
    self.salt = salt
  }

  var filterStart: UInt64 { UInt64(RowPage.size) }
  var rowsStart: UInt64 { filterStart + TableHeader.roundedUp(blocks * UInt64(FilterBlock.size)) }
  var fencesStart: UInt64 { rowsStart + pages * UInt64(RowPage.size) }
  var catalogueStart: UInt64 { fencesStart + pages * 8 }
  var fileSize: UInt64 { catalogueStart + catalogueLength }

  /// The seeds of the parts; pages and blocks have their number besides.
  var catalogueSeed: UInt64 { PageCheck.seed(salt, 1) }
  var fencesSeed: UInt64 { PageCheck.seed(salt, 2) }
  func filterSeed(_ block: Int) -> UInt64 { PageCheck.seed(salt ^ 3 << 60, UInt64(block)) }
  func pageSeed(_ page: Int) -> UInt64 { PageCheck.seed(salt ^ 5 << 60, UInt64(page)) }

  /// The page's bytes.
  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: RowPage.size)
    writer.raw(TableHeader.magic)
    writer.identifier(repository)
    writer.identifier(self.writer)
    for number in [salt, rows, blocks, pages, fencesCheck, catalogueLength, catalogueCheck] { writer.integer(number) }
    writer.raw(repeatElement(0, count: RowPage.size - 8 - writer.bytes.count))
    writer.integer(PageCheck.of(writer.bytes, seed: 0))
    return writer.bytes
  }

  /// Reads the page; throws `damaged` for anything but a whole header of this version with plausible numbers.
  init(_ bytes: [UInt8], fileSize: UInt64) throws(Failure) {
    var reader = ByteReader(bytes, of: "index table")
    guard bytes.count == RowPage.size else { throw reader.mismatch("a short header") }
    guard try reader.take(TableHeader.magic.count).elementsEqual(TableHeader.magic) else {
      throw reader.mismatch("magic or version")
    }
    repository = try reader.identifier()
    writer = try reader.identifier()
    salt = try reader.integer(UInt64.self)
    rows = try reader.integer(UInt64.self)
    blocks = try reader.integer(UInt64.self)
    pages = try reader.integer(UInt64.self)
    fencesCheck = try reader.integer(UInt64.self)
    catalogueLength = try reader.integer(UInt64.self)
    catalogueCheck = try reader.integer(UInt64.self)
    _ = try reader.take(reader.remaining - 8)
    let check = try reader.integer(UInt64.self)
    guard check == PageCheck.of(Array(bytes.dropLast(8)), seed: 0) else { throw reader.mismatch("check") }
    // The sums below must not overflow, and nothing may be allocated for more than the file holds.
    guard max(blocks, pages, catalogueLength) < 1 << 48, self.fileSize == fileSize else {
      throw reader.mismatch("size \(fileSize)")
    }
  }

  private static func roundedUp(_ length: UInt64) -> UInt64 {
    (length + UInt64(RowPage.size) - 1) / UInt64(RowPage.size) * UInt64(RowPage.size)
  }
}
