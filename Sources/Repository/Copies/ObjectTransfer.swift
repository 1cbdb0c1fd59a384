import Bytes
import Cryptography
import Format
import Pipeline
import Store

/// Brings single objects from one store to another: read whole, compared with the name, put.
struct ObjectTransfer: Sendable {
  /// What became of an object.
  enum Outcome: Sendable {
    case copied(UInt64)
    /// The target had it.
    case present
    /// The source does not have it any more.
    case vanished
    case problem(CopyProblem)
  }

  /// Bytes that all threads together hold in memory; one object of any size always may.
  static let memory = 136 << 20

  let source: any Store
  let target: any Store
  private let budget: ByteBudget
  /// Buffers for objects up to the size of a pack: fresh memory costs more than what is read into it.
  private let shelves = BufferShelves(capacity: 17 << 20, most: 8)

  init(from source: any Store, to target: any Store, stop: StopSignal) {
    self.source = source
    self.target = target
    budget = ByteBudget(ObjectTransfer.memory, stop: stop)
  }

  /// Copies an object that the target does not list.
  func copy(_ item: CopyItem) throws(Failure) -> Outcome {
    if let outcome = try attempt(item, size: item.size) { return outcome }
    // The bytes are not those that the name says: an older version may have them.
    if try ObjectStore.asks({ () throws(Failure) in try source.findIntact(item.path, digest: item.digest) }),
      let size = try source.size(of: item.path), let outcome = try attempt(item, size: size)
    {
      return outcome
    }
    guard try source.size(of: item.path) != nil else { return .vanished }
    return .problem(CopyProblem(.source, item.path.text, "its bytes do not match its name; it was not copied"))
  }

  /// Compares an object that both stores list with its name.
  ///
  /// - Parameters:
  ///   - size: what the target says
  ///   - readData: read it even if the sizes agree
  func compare(_ item: CopyItem, size: UInt64, readData: Bool) throws(Failure) -> Outcome {
    let isSame = item.size == size
    if isSame && !readData { return .present }
    if try WholeObject.intactSize(of: item.path, digest: item.digest, in: target) == nil {
      return .problem(CopyProblem(.target, item.path.text, "its bytes there do not match its name"))
    }
    if isSame { return .present }
    return .problem(CopyProblem(.source, item.path.text, "its bytes do not match its name; the target has good ones"))
  }

  /// Reads and puts an object; nil if its bytes are not those that the name says, or it is gone.
  private func attempt(_ item: CopyItem, size: UInt64) throws(Failure) -> Outcome? {
    guard size <= UInt64(Limits.object) else { return nil }
    // One byte more tells an object that is longer than was said.
    let room = Int(size) + 1
    try budget.acquire(room)
    defer { budget.release(room) }
    let shelf = shelves.take(room)
    defer { shelves.put(back: shelf) }
    do throws(Failure) {
      shelf.buffer.count = try shelf.buffer.withCapacity { (all) throws(Failure) in
        try source.read(item.path, nil, into: UnsafeMutableRawBufferPointer(rebasing: all[..<room]))
      }
    } catch {
      if error.code == .storeMissing { return nil }
      throw error
    }
    return try shelf.buffer.withBytes { (bytes) throws(Failure) in
      guard ObjectDigest.name(of: bytes) == item.digest else { return nil }
      return try put(item, bytes)
    }
  }

  private func put(_ item: CopyItem, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Outcome {
    do throws(Failure) {
      try target.put(item.path, bytes, digest: item.digest)
      return .copied(UInt64(bytes.count))
    } catch {
      guard error.code == .storeExists else { throw error }
      // Another copy was faster, or an answer was lost.
      if try target.size(of: item.path) == UInt64(bytes.count) { return .present }
      return .problem(CopyProblem(.target, item.path.text, "other bytes lie there under its name"))
    }
  }
}
