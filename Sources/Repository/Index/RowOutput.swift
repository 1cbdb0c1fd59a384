import Bytes

/// Packs sorted rows into pages and writes them one after another.
struct RowOutput: ~Copyable {
  private var output: SequentialOutput
  private var page = Buffer(capacity: RowPage.size)
  /// The seed of a page's check, by its number.
  private let seed: (Int) -> UInt64
  private(set) var pages = 0
  private(set) var rows = 0
  private var pageRows = 0
  /// The first word of each page's first name.
  private(set) var fences: ContiguousArray<UInt64> = []
  private let keepsFences: Bool

  init(_ file: TableFile, at offset: UInt64, keepsFences: Bool, seed: @escaping (Int) -> UInt64) {
    output = SequentialOutput(file, at: offset)
    self.keepsFences = keepsFences
    self.seed = seed
  }

  mutating func append(_ row: IndexRow) throws(Failure) {
    if !page.withCapacity({ RowPage.append(row, to: $0.baseAddress!) }) {
      try closePage()
      page.withCapacity { _ = RowPage.append(row, to: $0.baseAddress!) }
    }
    if pageRows == 0, keepsFences { fences.append(row.name.a) }
    pageRows += 1
    rows += 1
  }

  mutating func finish() throws(Failure) {
    if pageRows > 0 { try closePage() }
    try output.flush()
  }

  private mutating func closePage() throws(Failure) {
    let seed = seed(pages)
    page.withCapacity { room in
      let page = room.baseAddress!
      page.storeBytes(of: RowPage.check(of: page, seed: seed), as: UInt64.self)
    }
    page.count = RowPage.size
    try page.withBytes { (bytes) throws(Failure) in try output.append(bytes) }
    page.withCapacity { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    pages += 1
    pageRows = 0
  }
}
