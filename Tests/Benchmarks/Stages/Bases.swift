/// Finds for each chunk of a day the chunk of the day before that it may be compressed against: one that begins or
/// ends with the same bytes, the nearest behind the last one used; else the one after that.
struct Bases {
  /// How many equal bytes at the beginning or end make a base.
  private static let length = 64

  private let chunks: [UnsafeRawBufferPointer]
  private var heads: [[UInt8]: [Int]] = [:]
  private var tails: [[UInt8]: [Int]] = [:]

  init(_ chunks: [UnsafeRawBufferPointer]) {
    self.chunks = chunks
    for (index, chunk) in chunks.enumerated() {
      heads[Array(chunk.prefix(Bases.length)), default: []].append(index)
      tails[Array(chunk.suffix(Bases.length)), default: []].append(index)
    }
  }

  /// A base for each chunk, in order; nil where the day before had no chunk at all.
  func choose(for others: [UnsafeRawBufferPointer]) -> [UnsafeRawBufferPointer?] {
    var cursor = 0
    return others.map { chunk in
      guard !chunks.isEmpty else { return nil }
      let found =
        nearest(heads[Array(chunk.prefix(Bases.length))], to: cursor)
        ?? nearest(tails[Array(chunk.suffix(Bases.length))], to: cursor)
      let base = min(found ?? cursor, chunks.count - 1)
      cursor = base + 1
      return chunks[base]
    }
  }

  private func nearest(_ candidates: [Int]?, to cursor: Int) -> Int? {
    candidates?.min { abs($0 - cursor) < abs($1 - cursor) }
  }
}
