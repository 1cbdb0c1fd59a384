package import Bytes
import Format

/// A chunk whose frames are known, and where their bytes will be.
package struct PlannedChunk: Sendable {
  package let name: Name
  /// Plain bytes.
  package let length: Int
  /// The chunk first, the full blob last; empty if the chain could not be planned.
  let frames: ArraySlice<PackSpan>

  package init(_ chain: BlobChain, _ frames: ArraySlice<PackSpan>) {
    name = chain.name
    length = chain.length
    self.frames = frames
  }
}

/// One thread's tools to make chunks from chains of deltas.
///
/// A chain is decoded from its full blob upwards in two buffers in turn, the last step straight into the target.
/// Only the name of the chunk that leaves is computed, not those of its bases: naming 256 KiB costs several times as
/// much as decoding a delta on it, and the last name proves every byte that came out, wherever the bytes of the bases
/// came from. Wrong bases can do no harm on the way either: a frame decodes within its buffers whatever its prefix
/// holds. What the last name does not tell is which of the frames is wrong. So when it differs, or a frame does not
/// decode, the chunk is read again by `BlobReader`, which names every level, tries all copies, and says what it found.
package final class ChainReader {
  /// Bytes of a base, kept for the next chunk: where boundaries have moved, neighbours share their bases.
  private struct Base: ~Copyable {
    var place: UInt64?
    var bytes = Buffer(capacity: Limits.chunk)
  }

  private let decoder: BlobDecoder
  private let slow: BlobReader
  private var even = Base()
  private var odd = Base()
  private var scratch = Buffer(capacity: Limits.chunk + 4096)

  package init(_ source: BlobSource) {
    decoder = BlobDecoder(source)
    slow = BlobReader(source)
  }

  /// Writes the chunks' plain bytes, verified, to `target`, which is exactly as long.
  ///
  /// - Throws: `damaged` or `storeMissing` if no copy can be read, naming the pack; what the store throws
  package func read(_ chunks: [PlannedChunk], into target: UnsafeMutableRawBufferPointer) throws(Failure) {
    var parts: [UnsafeMutableRawBufferPointer] = []
    var start = 0
    for chunk in chunks {
      parts.append(UnsafeMutableRawBufferPointer(rebasing: target[start..<(start + chunk.length)]))
      start += chunk.length
    }
    var isDecoded: [Bool] = []
    for (chunk, part) in zip(chunks, parts) { isDecoded.append(try decode(chunk, into: part)) }
    let names = try decoder.names(of: parts.map { UnsafeRawBufferPointer($0) })
    for (number, chunk) in chunks.enumerated() where !isDecoded[number] || names[number] != chunk.name {
      forgetBases()
      try readSlowly(chunk, into: parts[number])
    }
  }

  /// Decodes a chunk on the fast path; false if that cannot be.
  private func decode(_ chunk: PlannedChunk, into target: UnsafeMutableRawBufferPointer) throws(Failure) -> Bool {
    guard !chunk.frames.isEmpty else { return false }
    do throws(Failure) {
      try decode(chunk.frames, into: target)
      return true
    } catch {
      forgetBases()
      guard error.code.isAboutTheObject else { throw error }
      return false
    }
  }

  private func forgetBases() {
    even.place = nil
    odd.place = nil
  }

  private func readSlowly(_ chunk: PlannedChunk, into target: UnsafeMutableRawBufferPointer) throws(Failure) {
    let bytes = try slow.whole(chunk.name, .data)
    guard bytes.count == target.count else {
      throw Failure(.damaged, "the chunk \(chunk.name.hex.prefix(16)) is not as long as its recipe says")
    }
    target.copyBytes(from: bytes)
  }

  private func decode(_ frames: ArraySlice<PackSpan>, into target: UnsafeMutableRawBufferPointer) throws(Failure) {
    var next = frames.endIndex - 1
    var base: UInt64?
    // The highest base that is at hand saves all steps below it.
    for number in frames.indices.dropFirst() {
      let place = frames[number].location.place
      guard place == even.place || place == odd.place else { continue }
      base = place
      next = number - 1
      break
    }
    while next > frames.startIndex {
      try step(frames[next], on: base)
      base = frames[next].location.place
      next -= 1
    }
    let last = frames[next]
    if base == nil {
      try decode(last, prefix: nil, into: target)
    } else if base == even.place {
      try even.bytes.withBytes { (prefix) throws(Failure) in try decode(last, prefix: prefix, into: target) }
    } else {
      try odd.bytes.withBytes { (prefix) throws(Failure) in try decode(last, prefix: prefix, into: target) }
    }
  }

  /// Decodes a base into the buffer that its own base is not in.
  private func step(_ frame: PackSpan, on base: UInt64?) throws(Failure) {
    if base != nil, base == even.place {
      try even.bytes.withBytes { (prefix) throws(Failure) in try fill(&odd, frame, prefix: prefix) }
    } else if base != nil {
      try odd.bytes.withBytes { (prefix) throws(Failure) in try fill(&even, frame, prefix: prefix) }
    } else {
      try fill(&even, frame, prefix: nil)
    }
  }

  private func fill(_ base: inout Base, _ frame: PackSpan, prefix: UnsafeRawBufferPointer?) throws(Failure) {
    base.place = nil
    let count = Int(frame.location.plainLength)
    try base.bytes.withCapacity { (room) throws(Failure) in
      try decode(frame, prefix: prefix, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
    }
    base.bytes.count = count
    base.place = frame.location.place
  }

  private func decode(
    _ frame: PackSpan, prefix: UnsafeRawBufferPointer?, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    try frame.withBytes(&scratch) { (sealed) throws(Failure) in
      try decoder.decode(sealed, frame.location, prefix: prefix, into: target)
    }
  }
}
