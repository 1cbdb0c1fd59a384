import Bytes
import Format

/// One thread's tools to open trees of deltas, a buffer for every level of the way down.
final class TreeReader {
  /// Positions in the forest.
  struct Result: Sendable {
    var good: [Int] = []
    var bad: [(delta: Int, failure: Failure)] = []
  }

  private final class Level {
    var buffer = Buffer(capacity: Limits.chunk)
  }

  private let forest: DeltaForest
  private let blocks: PackBlocks
  private let decoder: BlobDecoder
  private var levels: [Level] = []
  private var scratch = Buffer(capacity: Limits.chunk + 4096)
  private var result = Result()
  private var spans: [UInt64: PackSpan] = [:]

  /// How many blobs are planned at a time: their blocks stay in memory until they are read.
  private static let planned = 256

  init(_ forest: DeltaForest, _ source: BlobSource, _ blocks: PackBlocks) {
    self.forest = forest
    self.blocks = blocks
    decoder = BlobDecoder(source)
  }

  /// Opens what lies on these full blobs, and what lies on that. A delta whose base does not open is left out.
  func read(_ roots: [BlobLocation]) throws(Failure) -> Result {
    result = Result()
    var wanted = roots
    for root in roots { gather(root, &wanted) }
    // One look at all of them: neighbouring frames come in one request, and stay for as long as these trees are read.
    spans = [:]
    for span in blocks.spans(of: wanted).spans { spans[span.location.place] = span }
    for root in roots where try open(root, on: nil, level: 0) == nil { try readChildren(of: root, level: 0) }
    return result
  }

  /// What lies on a blob, as far as there is room in the plan; what is left is looked up when it is read.
  private func gather(_ base: BlobLocation, _ wanted: inout [BlobLocation]) {
    for number in forest.children(of: base.name) where wanted.count < TreeReader.planned {
      let delta = forest.deltas[number].location
      guard delta.kind == base.kind, delta.depth > base.depth else { continue }
      wanted.append(delta)
      if forest.isFirst(delta) { gather(delta, &wanted) }
    }
  }

  private func readChildren(of base: BlobLocation, level: Int) throws(Failure) {
    for number in forest.children(of: base.name) {
      let delta = forest.deltas[number].location
      // Depths rise strictly, so that the way down has an end. Others have no base that counts, and are known as such.
      guard delta.kind == base.kind, delta.depth > base.depth else { continue }
      if let failure = try open(delta, on: level, level: level + 1) {
        result.bad.append((number, failure))
      } else {
        result.good.append(number)
        if forest.isFirst(delta) { try readChildren(of: delta, level: level + 1) }
      }
    }
  }

  /// Decodes a blob into the buffer of its level and compares its name; returns what is wrong with it.
  private func open(_ location: BlobLocation, on base: Int?, level: Int) throws(Failure) -> Failure? {
    while levels.count <= level { levels.append(Level()) }
    let (span, target) = (spans[location.place] ?? blocks.spans(of: [location]).spans[0], levels[level])
    do throws(Failure) {
      let count = Int(location.plainLength)
      try span.withBytes(&scratch) { (sealed) throws(Failure) in
        try target.buffer.withCapacity { (room) throws(Failure) in
          let plain = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
          try decode(sealed, location, on: base, into: plain)
          try decoder.checkName(location, UnsafeRawBufferPointer(plain))
        }
      }
      target.buffer.count = count
      return nil
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      return error
    }
  }

  private func decode(
    _ sealed: UnsafeRawBufferPointer, _ location: BlobLocation, on base: Int?,
    into plain: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    guard let base else { return try decoder.decode(sealed, location, prefix: nil, into: plain) }
    try levels[base].buffer.withBytes { (prefix) throws(Failure) in
      try decoder.decode(sealed, location, prefix: prefix, into: plain)
    }
  }
}
