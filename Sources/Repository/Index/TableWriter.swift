import Bytes

/// Writes a table from a sorted stream of rows, in one pass: filter and rows side by side, each from front to end.
///
/// Its memory is two buffers and the fences, 8 bytes a page.
struct TableWriter: ~Copyable {
  private let file: TableFile
  private var header: TableHeader
  private var rows: RowOutput
  private var filter: SequentialOutput
  private var block = Buffer(capacity: FilterBlock.size)
  private var blockNumber = 0

  /// - Parameters:
  ///   - file: an empty file
  ///   - most: how many rows may come; fewer make the filter larger than it need be
  init(_ file: TableFile, repository: Identifier, writer: Identifier, most: Int) {
    self.file = file
    var header = TableHeader(repository: repository, writer: writer, salt: UInt64.random(in: 1 ... .max))
    header.blocks = UInt64(FilterBlock.count(for: most))
    self.header = header
    filter = SequentialOutput(file, at: header.filterStart)
    rows = RowOutput(file, at: header.rowsStart, keepsFences: true) { [header] in header.pageSeed($0) }
  }

  mutating func append(_ row: IndexRow) throws(Failure) {
    let number = FilterBlock.number(of: row.name, among: Int(header.blocks))
    while blockNumber < number { try closeBlock() }
    block.withCapacity { FilterBlock.insert(row.name, into: $0.baseAddress!) }
    try rows.append(row)
  }

  /// Writes what is left; the header last.
  consuming func finish(catalogue: [UInt8]) throws(Failure) -> BlobTable {
    while blockNumber < Int(header.blocks) { try closeBlock() }
    try filter.flush()
    try rows.finish()
    header.rows = UInt64(rows.rows)
    header.pages = UInt64(rows.pages)
    header.catalogueLength = UInt64(catalogue.count)
    header.catalogueCheck = PageCheck.of(catalogue, seed: header.catalogueSeed)
    let fences = rows.fences
    header.fencesCheck = BlobTable.check(of: fences, header)
    try fences.withUnsafeBufferPointer { (fences) throws(Failure) in
      try file.write(UnsafeRawBufferPointer(fences), at: header.fencesStart)
    }
    try write(catalogue, at: header.catalogueStart)
    try write(header.bytes, at: 0)
    return BlobTable(file, header, fences: fences)
  }

  private mutating func closeBlock() throws(Failure) {
    let seed = header.filterSeed(blockNumber)
    block.withCapacity { FilterBlock.seal($0.baseAddress!, seed: seed) }
    block.count = FilterBlock.size
    try block.withBytes { (bytes) throws(Failure) in try filter.append(bytes) }
    block.withCapacity { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    blockNumber += 1
  }

  private func write(_ bytes: [UInt8], at offset: UInt64) throws(Failure) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try file.write(UnsafeRawBufferPointer(bytes), at: offset)
    }
  }
}
