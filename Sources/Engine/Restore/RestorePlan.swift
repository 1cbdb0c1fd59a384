import Bytes
import Format
import Repository

/// Turns recipes into segments, in stream order, a batch at a time.
///
/// A batch is as many chunks as some more blocks of packs give (`ReadAhead.Measure`); it may go over the ends of
/// streams, so that small files share requests. What a batch reads is wanted from the threads that read ahead some
/// batches before it is submitted: while the workers decode one, the next ones come in.
struct RestorePlan {
  /// Blocks that a batch uses at most, whether they are at hand or not.
  private static let blocks = 128
  /// Jobs of a batch, where they hardly read anything.
  private static let jobs = 1024

  private let source: BlobSource
  private let reader: BlobReader
  private let cache: PackBlocks
  private let readAhead: ReadAhead
  private let submit: (RestoreJob) throws(Failure) -> Void

  private var steps: [Step] = []
  private var wanted: Set<Block> = []
  /// What the batch before wanted: that is read already, and does not count.
  private var present: Set<Block> = []
  private var missing = 0
  /// Batches that are being read, the oldest first.
  private var waiting: [[RestoreJob]] = []

  private enum Step {
    case chunk(BlobChain)
    case job(RestoreJob)
  }

  private struct Block: Hashable {
    let pack: Int
    let number: UInt64
  }

  init(
    _ source: BlobSource, reader: BlobReader, cache: PackBlocks, readAhead: ReadAhead,
    submit: @escaping (RestoreJob) throws(Failure) -> Void
  ) {
    self.source = source
    self.reader = reader
    self.cache = cache
    self.readAhead = readAhead
    self.submit = submit
  }

  /// Plans one stream.
  ///
  /// - Throws: `damaged` if a list or chunk is missing, or lengths do not agree with what was signed.
  mutating func add(_ stream: StreamEntry) throws(Failure) {
    do throws(Failure) {
      try add(.job(.begin(stream)))
      var walker = RecipeWalker(stream.root, reader: reader)
      var length: UInt64 = 0
      while let child = try walker.next() {
        length += child.length
        if child.name == .zero {
          try add(.job(.hole(child.length)))
        } else {
          try add(.chunk(try source.chain(to: child.name, length: child.length)))
        }
      }
      guard length == stream.length else {
        throw Failure(.damaged, "the recipe has \(length) of \(stream.length) bytes")
      }
      try add(.job(.end))
    } catch {
      throw error.within("stream \(stream.displayName)")
    }
  }

  /// Submits what is left.
  mutating func finish() throws(Failure) {
    try flush()
    while !waiting.isEmpty { try submitOldest() }
  }

  private mutating func add(_ step: Step) throws(Failure) {
    steps.append(step)
    if case .chunk(let chain) = step {
      for frame in chain.frames {
        for number in PackBlocks.blocks(of: frame) {
          let block = Block(pack: frame.pack, number: number)
          if wanted.insert(block).inserted, !present.contains(block) { missing += 1 }
        }
      }
    }
    if missing >= readAhead.measure.blocks || wanted.count >= RestorePlan.blocks || steps.count >= RestorePlan.jobs {
      try flush()
    }
  }

  /// Has the batch read, and submits one that has been read meanwhile.
  private mutating func flush() throws(Failure) {
    waiting.append(try jobs())
    if waiting.count > readAhead.measure.batches { try submitOldest() }
  }

  private mutating func submitOldest() throws(Failure) {
    for job in waiting.removeFirst() { try submit(job) }
  }

  private mutating func jobs() throws(Failure) -> [RestoreJob] {
    defer {
      steps.removeAll(keepingCapacity: true)
      swap(&wanted, &present)
      wanted.removeAll(keepingCapacity: true)
      missing = 0
    }
    var locations: [BlobLocation] = []
    for case .chunk(let chain) in steps { locations += chain.frames }
    let (spans, unread) = cache.spans(of: locations)
    try readAhead.want(unread)
    var jobs: [RestoreJob] = []
    var segment: Segment?
    var position = 0
    for step in steps {
      switch step {
      case .chunk(let chain):
        let end = position + chain.frames.count
        let chunk = PlannedChunk(chain, spans[position..<end])
        position = end
        if segment?.take(chunk) == true { continue }
        if let segment { jobs.append(.segment(segment)) }
        segment = Segment(chunk)
      case .job(let job):
        if let segment { jobs.append(.segment(segment)) }
        segment = nil
        jobs.append(job)
      }
    }
    if let segment { jobs.append(.segment(segment)) }
    return jobs
  }
}
