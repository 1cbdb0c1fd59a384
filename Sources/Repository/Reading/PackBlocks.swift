import Bytes
import Format
import Synchronization

/// The parts of packs that a run reads, shared by its threads: aligned blocks, each read once, neighbours in one
/// request, the least recently used forgotten first.
///
/// A chain of deltas reads from as many places as it is deep, and each of these places moves forward with the
/// stream: a few kilobytes a chunk, so that one block serves dozens of chunks. Without sharing, every delta would be
/// a request of its own.
package final class PackBlocks: Sendable {
  /// Reads begin and end at multiples of this: exact ranges would show a store where chunks begin.
  package static let block: UInt64 = 256 << 10
  private struct Place: Hashable {
    let pack: Int
    let block: UInt64
  }

  private struct State {
    var runs: [Place: PackRun] = [:]
    /// Bytes of all runs that can be found.
    var held: UInt64 = 0
    var clock: UInt64 = 0
    var asked: UInt64 = 0
  }

  private let source: BlobSource
  private let capacity: UInt64
  private let longestRun: UInt64
  private let shelves: BufferShelves
  private let state = Mutex(State())

  /// Bytes that were asked of the store, or will be.
  var bytesRead: UInt64 { state.withLock { $0.asked } }

  /// - Parameters:
  ///   - source: whose packs
  ///   - capacity: how many bytes stay findable; what is in use stays in memory beyond that, until it is not
  ///   - longestRun: the longest read in blocks: so many that the bytes take longer than the request
  package init(_ source: BlobSource, capacity: Int, longestRun: UInt64 = 4) {
    self.source = source
    self.capacity = UInt64(capacity)
    self.longestRun = longestRun
    let run = Int(PackBlocks.block * longestRun)
    shelves = BufferShelves(capacity: run, most: capacity / run)
  }

  /// Where the bytes of each location will be.
  ///
  /// - Returns: a span for each location, and the runs that nobody has read yet, in the order of their first use
  package func spans(of locations: [BlobLocation]) -> (spans: [PackSpan], unread: [PackRun]) {
    state.withLock { state in
      state.clock += 1
      let unread = self.unread(locations, &state)
      let spans = locations.map { span(of: $0, &state) }
      while state.held > capacity, forgetOldest(&state) {}
      return (spans, unread)
    }
  }

  /// The blocks that a location lies in.
  package static func blocks(of location: BlobLocation) -> ClosedRange<UInt64> {
    let extent = location.extent
    return extent.lowerBound / block...(max(extent.upperBound, 1) - 1) / block
  }

  private func span(of location: BlobLocation, _ state: inout State) -> PackSpan {
    var runs: [PackRun] = []
    for block in PackBlocks.blocks(of: location) {
      guard let run = state.runs[Place(pack: location.pack, block: block)], run !== runs.last else { continue }
      run.lastUse = state.clock
      runs.append(run)
    }
    return PackSpan(location: location, runs: runs)
  }

  private func unread(_ locations: [BlobLocation], _ state: inout State) -> [PackRun] {
    var missing: [(place: Place, order: Int)] = []
    for (order, location) in locations.enumerated() {
      for block in PackBlocks.blocks(of: location) {
        let place = Place(pack: location.pack, block: block)
        if state.runs[place] == nil { missing.append((place, order)) }
      }
    }
    missing.sort { ($0.place.pack, $0.place.block, $0.order) < ($1.place.pack, $1.place.block, $1.order) }
    var made: [(run: PackRun, order: Int)] = []
    var position = 0
    while position < missing.count {
      let (first, order) = missing[position]
      // Runs end where a multiple of the longest one ends, so that what follows is read in long ones again.
      let end = (first.block / longestRun + 1) * longestRun
      var last = first.block
      var earliest = order
      var wanted: UInt64 = 1
      position += 1
      // A block between two that are wanted is read along: it costs less than another request.
      while position < missing.count, missing[position].place.pack == first.pack,
        missing[position].place.block <= last + 2, missing[position].place.block < end
      {
        last = missing[position].place.block
        earliest = min(earliest, missing[position].order)
        wanted += 1
        position += 1
      }
      // Where that much is wanted the next batch will want the rest.
      if wanted * 4 >= longestRun, longestRun > 4 { last = extended(last, to: end, of: first.pack, state) }
      made.append((make(first.pack, first.block...last, &state), earliest))
    }
    return made.sorted { $0.order < $1.order }.map(\.run)
  }

  /// The last block before `end`, the pack's end, and whatever is there already.
  private func extended(_ last: UInt64, to end: UInt64, of pack: Int, _ state: State) -> UInt64 {
    let size = source.namespace.index.packs[pack].size
    var last = last
    while last + 1 < end, (last + 1) * PackBlocks.block < size, state.runs[Place(pack: pack, block: last + 1)] == nil {
      last += 1
    }
    return last
  }

  private func make(_ pack: Int, _ blocks: ClosedRange<UInt64>, _ state: inout State) -> PackRun {
    let size = source.namespace.index.packs[pack].size
    let start = blocks.lowerBound * PackBlocks.block
    let end = max(start, min((blocks.upperBound + 1) * PackBlocks.block, size))
    let run = PackRun(pack: pack, range: start..<end, source, shelves)
    run.lastUse = state.clock
    for block in blocks where state.runs[Place(pack: pack, block: block)] == nil {
      state.runs[Place(pack: pack, block: block)] = run
    }
    state.held += UInt64(run.range.count)
    state.asked += UInt64(run.range.count)
    return run
  }

  /// Those who still use it keep it alive; it is only found no longer.
  private func forgetOldest(_ state: inout State) -> Bool {
    guard let oldest = state.runs.values.min(by: { $0.lastUse < $1.lastUse }) else { return false }
    let blocks = oldest.range.lowerBound / PackBlocks.block...oldest.range.upperBound / PackBlocks.block
    for block in blocks where state.runs[Place(pack: oldest.pack, block: block)] === oldest {
      state.runs[Place(pack: oldest.pack, block: block)] = nil
    }
    state.held -= UInt64(oldest.range.count)
    return true
  }
}

/// A sealed frame in the parts of a pack that hold it.
package struct PackSpan: Sendable {
  package let location: BlobLocation
  /// In the order of the pack; as a rule one.
  let runs: [PackRun]

  /// The frame's bytes; reads them, or waits for them, if need be.
  ///
  /// - Parameter scratch: takes the frame where it does not lie in one piece
  func withBytes<Result>(
    _ scratch: inout Buffer, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let extent = location.extent
    if let first = runs.first, first.range.contains(extent.lowerBound), first.range.upperBound >= extent.upperBound {
      return try first.withBytes(extent) { (bytes) throws(Failure) in
        try PackSpan.checkWhole(bytes.count, extent)
        return try body(bytes)
      }
    }
    var position = extent.lowerBound
    for run in runs where run.range.contains(position) && position < extent.upperBound {
      position += UInt64(
        try scratch.withCapacity { (room) throws(Failure) in
          let rest = UnsafeMutableRawBufferPointer(rebasing: room[Int(position - extent.lowerBound)..<extent.count])
          return try run.copy(from: position, into: rest)
        })
    }
    scratch.count = Int(position - extent.lowerBound)
    try PackSpan.checkWhole(scratch.count, extent)
    return try scratch.withBytes(body)
  }

  private static func checkWhole(_ count: Int, _ extent: Range<UInt64>) throws(Failure) {
    guard count == extent.count else { throw Failure(.damaged, "the pack ends early") }
  }
}
