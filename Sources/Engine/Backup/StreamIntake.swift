import Bytes
import Chunking
import Databases
import Format
import Pipeline
import Repository

/// Reads the source's descriptors, cuts them into chunks and hands these to the crew, all on the source's thread.
///
/// Bytes are read straight into the buffer that becomes the chunk; only what was read beyond a cut is copied.
struct StreamIntake: StreamSink {
  /// How much is read at a time.
  private static let readSize = 1 << 20

  let chunker: Chunker
  /// Finds what chunks were in earlier dumps.
  let bases: BaseFinder?
  let pool: BufferPool
  let progress: RunProgress
  let stop: StopSignal
  let submit: (consuming IntakeJob) throws(Failure) -> Void

  func entry(_ stream: DumpedStream) throws(Failure) {
    try check(stream)
    try submit(.entry(stream))
  }

  func stream(_ stream: DumpedStream, from descriptor: Int32) throws(Failure) -> StreamSummary {
    try check(stream)
    try submit(.begin(stream))
    var current = try pool.lease()
    var search = CutSearch()
    var length: UInt64 = 0
    var tail = StreamTail()
    var problem: String?
    var isEnded = false
    while true {
      while let cut = current.withBytes({ chunker.cut($0, &search, isLast: isEnded) }) {
        var next = try pool.lease()
        current.withBytes { next.replace(with: UnsafeRawBufferPointer(rebasing: $0[cut...])) }
        current.count = cut
        let hint = current.withBytes { bases?.find($0) }
        try submit(.chunk(current, hint))
        current = next
        search = CutSearch()
        if isEnded && current.count == 0 { break }
      }
      if isEnded { break }
      do throws(Failure) {
        isEnded = try read(descriptor, into: &current, &tail, &length) == 0
      } catch {
        try stop.check()
        problem = error.what
        isEnded = true
      }
    }
    try submit(.end(length: length))
    return StreamSummary(length: length, tail: tail.bytes, readingProblem: problem)
  }

  /// Refuses what no restore would take: better no snapshot than one that never comes back.
  private func check(_ stream: DumpedStream) throws(Failure) {
    guard StreamEntry.isSafe(stream.name) else {
      throw Failure(.sourceFailed, "a stream has a name that cannot be restored", at: DisplayText.of(stream.name))
    }
  }

  private func read(
    _ descriptor: Int32, into buffer: inout PooledBuffer, _ tail: inout StreamTail, _ length: inout UInt64
  ) throws(Failure) -> Int {
    let start = buffer.count
    let wanted = min(StreamIntake.readSize, buffer.capacity - start)
    let count = try buffer.withCapacity { (room) throws(Failure) in
      let part = UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + wanted)])
      let count = try Transfers.read(descriptor, into: part, stop: stop)
      tail.append(UnsafeRawBufferPointer(rebasing: part[..<count]))
      return count
    }
    buffer.count = start + count
    length += UInt64(count)
    progress.add(bytes: count)
    return count
  }
}

/// The last bytes of a stream, where dump tools leave their completion marker.
private struct StreamTail {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ part: UnsafeRawBufferPointer) {
    let limit = StreamSummary.tailLimit
    if part.count >= limit {
      bytes = Array(part[(part.count - limit)...])
    } else {
      bytes.removeFirst(max(0, bytes.count + part.count - limit))
      bytes.append(contentsOf: part)
    }
  }
}
