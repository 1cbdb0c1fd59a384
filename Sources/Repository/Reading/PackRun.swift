import Bytes
import Format
import Store
import Synchronization

/// Adjacent aligned blocks of one pack: read from the store once, by whoever comes first; the others wait for it.
package final class PackRun: @unchecked Sendable {
  private enum State {
    case unread
    case read
    case failed(Failure)
  }

  let pack: Int
  /// Which bytes of the pack.
  let range: Range<UInt64>
  private let source: BlobSource
  private let shelves: BufferShelves
  /// Held while the store is read: waiting for this lock is waiting for the bytes.
  private let state = Mutex(State.unread)
  /// Written while `state` is held and unread; never changed after.
  private var shelf: BufferShelves.Shelf?
  /// When `PackBlocks` gave it out last; guarded by that one's lock.
  var lastUse: UInt64 = 0

  init(pack: Int, range: Range<UInt64>, _ source: BlobSource, _ shelves: BufferShelves) {
    self.pack = pack
    self.range = range
    self.source = source
    self.shelves = shelves
  }

  deinit {
    if let shelf { shelves.put(back: shelf) }
  }

  /// Reads it unless it has been; a failure is kept for those who need the bytes.
  package func load() {
    state.withLock { state in
      guard case .unread = state else { return }
      do throws(Failure) {
        try fill()
        state = .read
      } catch {
        state = .failed(error)
      }
    }
  }

  /// Fills `target` from a position in `range` on, as far as both reach; returns how many bytes that were.
  func copy(from position: UInt64, into target: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    let end = min(position + UInt64(target.count), range.upperBound)
    return try withBytes(position..<end) { (bytes) throws(Failure) in
      target.copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// The bytes of `part`, which lies in `range`; fewer if the pack ends early.
  func withBytes<Result>(
    _ part: Range<UInt64>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    load()
    if case .failed(let failure) = state.withLock({ $0 }) { throw failure }
    guard let shelf else { throw Failure(.defect, "a part of a pack that was not read") }
    return try shelf.buffer.withBytes { (bytes) throws(Failure) in
      let start = min(Int(part.lowerBound - range.lowerBound), bytes.count)
      let end = min(Int(part.upperBound - range.lowerBound), bytes.count)
      return try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }
  }

  private func fill() throws(Failure) {
    let path = try StorePath(checking: source.path(ofPack: pack).path)
    let shelf = shelves.take()
    self.shelf = shelf
    let store = source.repository.objects.store
    let (range, count) = (range, range.count)
    shelf.buffer.count = try shelf.buffer.withCapacity { (room) throws(Failure) in
      try store.read(path, range, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
    }
  }
}

/// Buffers of one size that are used again: mapping fresh pages for every read costs more than the read.
final class BufferShelves: Sendable {
  final class Shelf: @unchecked Sendable {
    var buffer: Buffer
    init(_ capacity: Int) { buffer = Buffer(capacity: capacity) }
  }

  private let capacity: Int
  private let most: Int
  private let idle = Mutex<[Shelf]>([])

  /// - Parameters:
  ///   - capacity: bytes of each
  ///   - most: how many are kept when nobody needs them
  init(capacity: Int, most: Int) {
    self.capacity = capacity
    self.most = most
  }

  func take() -> Shelf { idle.withLock { $0.popLast() } ?? Shelf(capacity) }

  /// One for so many bytes, however many that are.
  func take(_ count: Int) -> Shelf { count <= capacity ? take() : Shelf(count) }

  func put(back shelf: Shelf) {
    shelf.buffer.count = 0
    guard shelf.buffer.capacity == capacity else { return }
    idle.withLock { if $0.count < most { $0.append(shelf) } }
  }
}
