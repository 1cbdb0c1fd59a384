package import Bytes
import Chunking
import Cryptography
import Format
import Glibc
import Store
import Synchronization

/// One run's use of the reference cache: what earlier dumps offer, and what this one leaves for later ones.
///
/// Nothing here can fail a backup: whatever goes wrong, chunks are stored full, and `problem` says why.
package final class ReferenceRun: Sendable {
  /// A cache may come to so many bytes unless told otherwise.
  package static let standardLimit: UInt64 = 16 << 30
  /// An entry whose oldest base is so many generations old is made full again on its turn: one in eight a day, by its
  /// name, so that no day pays for all.
  private static let refreshAge: UInt32 = 24
  private static let refreshShare: UInt64 = 8

  let folder: ReferenceFolder
  /// The number of the generation that this run makes.
  let number: UInt32
  private let baseNumber: UInt32
  private let windowRows: Int
  let frames: FrameFile
  private let hash: SipHash
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var roll: RollWriter?
    var rows = 0
    var problem: String?
  }

  /// Opens the cache for a run.
  ///
  /// - Parameters:
  ///   - path: the component's folder of the cache
  ///   - limit: bytes that the folder may come to
  ///   - access: the writer
  ///   - windowRows: how many chunks of an earlier dump are looked at from one place; nil for the standard number
  /// - Throws: `stateFailed` if the folder cannot be used; the run then goes on without.
  package convenience init(
    _ path: String, limit: UInt64, access: WriterAccess, windowRows: Int? = nil
  ) throws(Failure) {
    let chunking = access.enrolled.enrolment.chunking
    let origin = ReferenceFolder.Origin(
      writer: access.id, epoch: access.repository.authority.epoch.epoch,
      chunking: [chunking.minimum, chunking.target, chunking.maximum])
    try self.init(path, limit: limit, origin: origin, content: access.secrets.content, windowRows: windowRows)
  }

  init(
    _ path: String, limit: UInt64, origin: ReferenceFolder.Origin, content: Secret, windowRows: Int? = nil
  ) throws(Failure) {
    self.windowRows = windowRows ?? RollWindow.standardCapacity
    do throws(SystemError) {
      let folder = try ReferenceFolder(path, origin: origin, content: content)
      self.folder = folder
      let kept = folder.generations.map(\.number)
      number = kept.last.map { $0 + 1 } ?? BaseLadder.first
      baseNumber = BaseLadder.base(of: number, kept: kept) ?? 0
      let used = folder.size
      let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW
      frames = FrameFile(
        try Descriptor.open("\(folder.framesPath(number)).part", flags), generation: number,
        limit: min(folder.room, limit > used ? limit - used : 0))
      let roll = RollWriter(
        try Descriptor.open("\(folder.rollPath(number)).part", flags), generation: number, key: folder.key)
      state = Mutex(State(roll: roll))
    } catch {
      throw error.failure(
        .stateFailed, "the reference cache cannot be used: \(error.reason)",
        next: "This run stores changed chunks full. Make room there, or name another folder with LIFEBOAT_STATE.")
    }
    let secret = KeyDerivation.derive(from: content, label: "reference prints")
    hash = secret.withBytes {
      SipHash(first: $0.loadUnaligned(as: UInt64.self), second: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }

  /// Finds bases for the chunks of this dump; for the thread that cuts.
  package func finder() -> BaseFinder {
    let offered = folder.generations.map(\.number).filter { $0 >= baseNumber }
    return BaseFinder(hash: hash, windows: offered.compactMap { window($0) })
  }

  private func window(_ number: UInt32) -> RollWindow? {
    let path = folder.rollPath(number)
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW) else { return nil }
    return RollWindow(
      file, size: ReferenceFolder.size(path), generation: number, key: folder.key, capacity: windowRows)
  }

  /// True if the row's entry must be made full again in this run.
  func isDue(_ row: ReferenceRow) -> Bool {
    number - row.oldestFile >= ReferenceRun.refreshAge
      && row.name.prefix % ReferenceRun.refreshShare == UInt64(number) % ReferenceRun.refreshShare
  }

  /// Adds the next chunk of the dump to the roll; for the thread that takes the chunks in order.
  package func append(_ row: ReferenceRow) {
    state.withLock { state in
      guard state.problem == nil else { return }
      do throws(SystemError) {
        try state.roll?.append(row)
        state.rows += 1
      } catch {
        state.problem = error.reason
      }
    }
  }

  /// Notes that an entry could not be written; the cache of this run is given up, and its room is free again.
  func give(up error: SystemError) {
    state.withLock { $0.problem = $0.problem ?? error.reason }
    frames.discard()
  }

  /// What went wrong, if anything did.
  package var problem: String? { state.withLock { $0.problem } }

  /// True while entries can be written.
  var isUsable: Bool { problem == nil }

  /// Makes this dump one that later runs build on, after its snapshot was committed and complete.
  ///
  /// - Returns: bytes written to the cache, and bytes that it comes to now
  package func promote() -> (written: UInt64, size: UInt64)? {
    let files = state.withLock { state -> Set<UInt32>? in
      guard state.problem == nil, state.rows > 0 else { return nil }
      do throws(SystemError) {
        try state.roll?.flush()
      } catch {
        state.problem = error.reason
        return nil
      }
      return state.roll?.files
    }
    guard let files else { return nil }
    do throws(SystemError) {
      try folder.promote(ReferenceFolder.Generation(number: number, base: baseNumber, files: Array(files)))
    } catch {
      give(up: error)
      return nil
    }
    let roll = ReferenceFolder.size(folder.rollPath(number))
    return (frames.size + roll, folder.size)
  }

  deinit {
    unlink("\(folder.framesPath(number)).part")
    unlink("\(folder.rollPath(number)).part")
  }
}
