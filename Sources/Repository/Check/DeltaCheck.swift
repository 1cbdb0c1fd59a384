import Bytes
import Format
import Pipeline

/// Opens every delta of a namespace once, each on the bytes of its base: trees, from the full blobs up.
///
/// Opened one by one, a delta at depth 8 would have eight frames decoded for it, and its base seven of them again.
/// Trees lie in packs as streams do, so that neighbouring trees read from the same blocks (`PackBlocks`).
struct DeltaCheck {
  /// What the trees showed.
  struct Findings: Sendable {
    var opened: UInt64 = 0
    var bytesRead: UInt64 = 0
    /// Deltas that are damaged themselves, whatever became of their bases.
    var bad: [(location: BlobLocation, failure: Failure)] = []
  }

  /// Neighbouring trees that one worker opens.
  private static let treesPerJob = 8
  private static let cachedBytes = 32 << 20

  let loaded: LoadedNamespace
  let source: BlobSource
  let workers: Int
  let stop: StopSignal

  /// - Parameter faults: what is known already; deltas that are lost are left out
  func run(_ faults: PackFaults) throws(Failure) -> Findings {
    let forest = DeltaForest(loaded.index, source, faults)
    guard !forest.deltas.isEmpty else { return Findings() }
    let blocks = PackBlocks(source, capacity: DeltaCheck.cachedBytes)
    let tally = try open(forest, blocks)
    var findings = tally.findings
    findings.bytesRead = blocks.bytesRead
    try sweep(forest, tally.seen, &findings)
    return findings
  }

  /// What the crew found so far; belongs to its delivering thread until the crew has ended.
  private final class Tally: @unchecked Sendable {
    var findings = Findings()
    /// Positions in the forest.
    var seen: [Int] = []
  }

  private func open(_ forest: DeltaForest, _ blocks: PackBlocks) throws(Failure) -> Tally {
    let tally = Tally()
    let source = source
    try runOrderedCrew(named: "deltas", workers: workers, window: workers * 2, stop: stop) { submit in
      for start in stride(from: 0, to: forest.roots.count, by: DeltaCheck.treesPerJob) {
        try submit(Array(forest.roots[start..<min(start + DeltaCheck.treesPerJob, forest.roots.count)]))
      }
    } makeWork: {
      let reader = TreeReader(forest, source, blocks)
      return { roots in try reader.read(roots) }
    } deliver: { (result: TreeReader.Result) in
      tally.findings.opened += UInt64(result.good.count)
      tally.findings.bad += result.bad.map { (forest.deltas[$0.delta].location, $0.failure) }
      tally.seen += result.good + result.bad.map(\.delta)
    }
    return tally
  }

  /// Looks one by one at what no tree led to, least deep first: deltas whose base's first copy, or a base of that, is
  /// damaged. What is lost is remembered, so that each base is tried once.
  private func sweep(_ forest: DeltaForest, _ seen: [Int], _ findings: inout Findings) throws(Failure) {
    var isLeft = [Bool](repeating: true, count: forest.deltas.count)
    for delta in seen { isLeft[delta] = false }
    let left = forest.deltas.indices.filter { isLeft[$0] }.map { forest.deltas[$0].location }
    let reader = BlobReader(source, remembersFailures: true)
    for location in left.sorted(by: { ($0.depth, $0.pack, $0.offset) < ($1.depth, $1.pack, $1.offset) }) {
      try stop.check()
      findings.bytesRead += UInt64(location.sealedLength)
      switch try reader.examine(location) {
      case .good: findings.opened += 1
      case .bad(let failure): findings.bad.append((location, failure))
      case .baseless: break
      }
    }
  }
}

/// The deltas of an index by their bases.
struct DeltaForest: Sendable {
  struct Delta: Sendable {
    let base: Name
    let location: BlobLocation
  }

  /// Sorted by base.
  let deltas: [Delta]
  /// Full blobs that are bases, in the order of packs.
  let roots: [BlobLocation]

  private let index: BlobIndex

  /// The deltas that are there, can be opened with the keys at hand, and are not known to be lost.
  init(_ index: BlobIndex, _ source: BlobSource, _ faults: PackFaults) {
    self.index = index
    var deltas: [Delta] = []
    for (pack, row) in index.deltas where index.packs[pack].isListed && source.opens(row.kind) && !faults.isLost(row) {
      deltas.append(Delta(base: index.base(of: row) ?? .zero, location: row))
    }
    deltas.sort { $0.base < $1.base }
    self.deltas = deltas
    var roots: [BlobLocation] = []
    var last: Name?
    for delta in deltas where delta.base != last {
      last = delta.base
      let copy = DeltaForest.first(delta.base, delta.location.kind, in: index)
      if let copy, copy.depth == 0 { roots.append(copy) }
    }
    self.roots = roots.sorted { ($0.pack, $0.offset) < ($1.pack, $1.offset) }
  }

  /// The deltas on a base.
  func children(of name: Name) -> Range<Int> {
    let start = firstIndex { $0.base >= name }
    return start..<firstIndex { $0.base > name }
  }

  /// True if this is the copy that readers try first: what lies on the blob is opened with it.
  func isFirst(_ location: BlobLocation) -> Bool {
    DeltaForest.first(location.name, location.kind, in: index)?.place == location.place
  }

  private static func first(_ name: Name, _ kind: BlobKind, in index: BlobIndex) -> BlobLocation? {
    index.copies(of: name).first { $0.kind == kind && index.packs[$0.pack].isListed }
  }

  private func firstIndex(where isBeyond: (Delta) -> Bool) -> Int {
    var low = 0
    var high = deltas.count
    while low < high {
      let middle = (low + high) >> 1
      if isBeyond(deltas[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
