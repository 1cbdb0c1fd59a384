import Bytes
import Compression
import Cryptography
import Format

/// Decodes chunks from the reference cache, through their bases. Belongs to one thread; its buffers are made once.
final class FrameReader {
  /// The longest chain that is followed.
  private static let longestChain = 32

  private let folder: ReferenceFolder
  private let decompressor = Decompressor()
  private var record = Buffer(capacity: FrameHeader.length + Limits.chunk + 1024)
  private var frame = Buffer(capacity: Limits.chunk + 1024)
  private var chunk = Buffer(capacity: Limits.chunk)
  private var base = Buffer(capacity: Limits.chunk)

  init(_ folder: ReferenceFolder) { self.folder = folder }

  /// Decodes a row's chunk and checks it; false if the cache no longer holds it as it was.
  func load(_ row: ReferenceRow) -> Bool {
    guard let links = chain(row), decode(links), chunk.count == Int(row.plainLength) else { return false }
    return chunk.withBytes { FaultCheck(of: $0) } == row.check
  }

  /// Lends the plain bytes that were loaded last.
  func withLoaded<Result>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    try chunk.withBytes(body)
  }

  private struct Link {
    let name: Name
    let place: FramePlace
    let header: FrameHeader
  }

  /// From the row down to the full frame that it builds on.
  private func chain(_ row: ReferenceRow) -> [Link]? {
    var links: [Link] = []
    var next: FrameHeader.Base? = FrameHeader.Base(name: row.name, place: row.place)
    while let current = next {
      guard links.count < FrameReader.longestChain, let header = header(at: current.place) else { return nil }
      links.append(Link(name: current.name, place: current.place, header: header))
      next = header.base
    }
    return links
  }

  private func header(at place: FramePlace) -> FrameHeader? {
    withUnsafeTemporaryAllocation(byteCount: FrameHeader.length, alignment: 8) { room in
      guard folder.read(place, into: room) == room.count else { return nil }
      return FrameHeader(UnsafeRawBufferPointer(room))
    }
  }

  /// Decodes from the full frame upward; the result is in `chunk`.
  private func decode(_ links: [Link]) -> Bool {
    for (number, link) in links.reversed().enumerated() {
      guard open(link), link.header.flags.contains(.delta) == (number > 0) else { return false }
      swap(&chunk, &base)
      let length = Int(link.header.plainLength)
      let isDecoded = frame.withBytes { frame in
        base.withBytes { base in
          chunk.withCapacity { room in
            expand(
              frame, link.header, base: number > 0 ? base : nil,
              UnsafeMutableRawBufferPointer(rebasing: room[..<length]))
          }
        }
      }
      guard isDecoded else { return false }
      chunk.count = length
    }
    return true
  }

  private func expand(
    _ frame: UnsafeRawBufferPointer, _ header: FrameHeader, base: UnsafeRawBufferPointer?,
    _ target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    if header.flags.contains(.zstd) { return (try? decompressor.decompress(frame, prefix: base, into: target)) != nil }
    guard frame.count == target.count else { return false }
    target.copyMemory(from: frame)
    return true
  }

  /// Reads and opens a record into `frame`.
  private func open(_ link: Link) -> Bool {
    let length = Int(link.place.length)
    guard length > FrameHeader.length + SessionKey.overhead, length <= record.capacity else { return false }
    let count = record.withCapacity {
      folder.read(link.place, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<length]))
    }
    guard count == length else { return false }
    record.count = length
    let opened = record.withBytes { record in
      FrameSeal.withBound(record, link.name) { bound in
        frame.withCapacity { room in
          try? folder.key.open(
            UnsafeRawBufferPointer(rebasing: record[FrameHeader.length...]), additional: bound, into: room)
        }
      }
    }
    guard let opened else { return false }
    frame.count = opened
    return true
  }
}

/// What a frame's seal is bound to: its header and the name of its chunk.
enum FrameSeal {
  /// Lends the additional data for a record that begins with its header.
  static func withBound<Result>(
    _ record: UnsafeRawBufferPointer, _ name: Name, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(byteCount: FrameHeader.length + Name.count, alignment: 8) { bound in
      bound.copyMemory(from: UnsafeRawBufferPointer(rebasing: record[..<FrameHeader.length]))
      name.write(to: UnsafeMutableRawBufferPointer(rebasing: bound[FrameHeader.length...]))
      return body(UnsafeRawBufferPointer(bound))
    }
  }
}
