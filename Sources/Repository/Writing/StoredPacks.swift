import Bytes
import Format
import Synchronization

/// What a run has stored: its packs, and the index objects that name them, written from time to time.
///
/// A pack is recorded once its put is acknowledged, and so durable: no index object ever names one that is not.
final class StoredPacks: Sendable {
  private struct State {
    var unindexed: [IndexedPack] = []
    var unindexedBlobs = 0
    var indexes: [Name] = []
    var packs: [Name: UInt64] = [:]
    var storedBytes: UInt64 = 0
    var lastIndexed: UInt64
  }

  /// An index object is written after so many packs, so many blobs (which bounds its size), or so many nanoseconds,
  /// whatever comes first: what a crashed run stored before is found by the next one.
  static let packsPerIndex = 64
  private static let blobsPerIndex = 400_000
  private static let indexInterval: UInt64 = 300_000_000_000

  private let access: WriterAccess
  private let history: IndexHistory
  private let clock: @Sendable () -> UInt64
  private let notes: UnindexedPacks
  private let state: Mutex<State>

  init(_ access: WriterAccess, history: IndexHistory, clock: @escaping @Sendable () -> UInt64) {
    self.access = access
    self.history = history
    self.clock = clock
    notes = UnindexedPacks(access)
    state = Mutex(State(lastIndexed: clock()))
  }

  /// The index objects written so far.
  var indexes: [Name] { state.withLock { $0.indexes } }

  /// The packs stored so far, with their sizes.
  var packs: [Name: UInt64] { state.withLock { $0.packs } }

  /// Bytes of packs and index objects stored so far.
  var storedBytes: UInt64 { state.withLock { $0.storedBytes } }

  /// Records a stored pack; writes an index object when it is time.
  func record(_ pack: IndexedPack) throws(Failure) {
    notes.note(pack)
    let isDue = state.withLock { state in
      state.unindexed.append(pack)
      state.unindexedBlobs += pack.directory.entries.count
      state.packs[pack.name] = pack.size
      state.storedBytes += pack.size
      return state.unindexed.count >= StoredPacks.packsPerIndex || state.unindexedBlobs >= StoredPacks.blobsPerIndex
        || clock() - state.lastIndexed > StoredPacks.indexInterval
    }
    if isDue { try index() }
  }

  /// Writes an index object of what none names yet; also an empty one, if the run has none at all.
  func index() throws(Failure) {
    let packs = state.withLock { state in
      defer {
        state.unindexed = []
        state.unindexedBlobs = 0
      }
      state.lastIndexed = clock()
      return state.unindexed
    }
    guard !packs.isEmpty || indexes.isEmpty else { return }
    let body = IndexShard(history: history, packs: packs).body
    let name = try access.putIndex(body)
    notes.forget(packs)
    state.withLock { state in
      state.indexes.append(name)
      state.storedBytes += UInt64(body.count)
    }
  }
}
