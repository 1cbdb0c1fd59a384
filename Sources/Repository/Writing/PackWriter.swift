import Bytes
import Cryptography
import Format
import Store
import Synchronization

/// Collects sealed blobs from all workers into packs, stores full ones, and indexes them from time to time.
///
/// Whoever fills a pack stores it, while the others go on with the next one.
final class PackWriter: Sendable {
  private struct State: ~Copyable {
    var open: PackBuilder?
    var unindexed: [IndexedPack] = []
    var unindexedBlobs = 0
    var indexes: [Name] = []
    var packs: [Name: UInt64] = [:]
    var storedBytes: UInt64 = 0
    var lastIndexed: UInt64
  }

  /// An index object is written after so many packs, so many blobs (which bounds its size), or so many nanoseconds,
  /// whatever comes first: what a crashed run stored before is found by the next one.
  private static let packsPerIndex = 64
  private static let blobsPerIndex = 400_000
  private static let indexInterval: UInt64 = 300_000_000_000

  private let access: WriterAccess
  private let secrets: SessionSecrets
  private let history: IndexHistory
  private let recipients: [AgeRecipient]
  private let clock: @Sendable () -> UInt64
  private let state: Mutex<State>

  init(
    _ access: WriterAccess, secrets: SessionSecrets, history: IndexHistory, clock: @escaping @Sendable () -> UInt64
  ) throws(Failure) {
    self.access = access
    self.secrets = secrets
    self.history = history
    recipients = try access.metaAndOwnRecipients()
    self.clock = clock
    state = Mutex(State(lastIndexed: clock()))
  }

  /// The index objects written so far.
  var indexes: [Name] { state.withLock { $0.indexes } }

  /// The packs stored so far, with their sizes.
  var packs: [Name: UInt64] { state.withLock { $0.packs } }

  /// Bytes of packs and index objects stored so far.
  var storedBytes: UInt64 { state.withLock { $0.storedBytes } }

  /// Appends a sealed blob; stores the pack that it fills.
  func append(_ sealed: UnsafeRawBufferPointer, _ entry: DirectoryEntry) throws(Failure) {
    // Wrapping asks for curve arithmetic, so the next pack's keys are made outside the lock, and only when needed.
    var spare: [DirectoryKey]?
    while true {
      let step = try state.withLock { (state) throws(Failure) -> Step in
        if state.open == nil {
          guard let keys = spare else { return Step.needsKeys }
          spare = nil
          state.open = PackBuilder(keys: keys, recipients: recipients)
        }
        if state.open?.hasRoom(for: sealed.count) == true {
          state.open?.append(sealed, entry)
          return Step.done
        }
        guard let full = state.open.take() else { throw Failure(.defect, "a full pack that is not there") }
        return Step.full(full)
      }
      switch consume step {
      case .done: return
      case .needsKeys: spare = try secrets.wrapped()
      case .full(let pack): try store(pack, isFull: true)
      }
    }
  }

  private enum Step: ~Copyable, Sendable {
    case done
    case needsKeys
    case full(PackBuilder)
  }

  /// Stores the open pack and indexes everything; nothing may be appended at the same time.
  func finish() throws(Failure) {
    let last = state.withLock { $0.open.take() }
    if let last, !last.isEmpty { try store(last, isFull: false) }
    try index()
  }

  private func store(_ pack: consuming PackBuilder, isFull: Bool) throws(Failure) {
    let access = access
    let stored = try pack.finish(isFull: isFull) { body in
      Envelope.seal(
        access.repository.header(.directory, writer: access.id), body: body, by: access.repository.key.signing)
    } put: { (pack, bytes) throws(Failure) in
      let path = try StorePath(checking: ObjectPath.pack(writer: access.id, pack.name).path)
      try access.repository.objects.store.put(path, bytes)
    }
    let isDue = state.withLock { state in
      state.unindexed.append(stored)
      state.unindexedBlobs += stored.directory.entries.count
      state.packs[stored.name] = stored.size
      state.storedBytes += stored.size
      return state.unindexed.count >= PackWriter.packsPerIndex || state.unindexedBlobs >= PackWriter.blobsPerIndex
        || clock() - state.lastIndexed > PackWriter.indexInterval
    }
    if isDue { try index() }
  }

  private func index() throws(Failure) {
    let packs = state.withLock { state in
      defer {
        state.unindexed = []
        state.unindexedBlobs = 0
      }
      state.lastIndexed = clock()
      return state.unindexed
    }
    guard !packs.isEmpty || indexes.isEmpty else { return }
    let access = access
    let body = IndexShard(history: history, packs: packs).body
    let path = try access.repository.putSealed(.index, writer: access.id, body: body, to: recipients) {
      .index(writer: access.id, $0)
    }
    state.withLock { state in
      state.indexes.append(path.name)
      state.storedBytes += UInt64(body.count)
    }
  }
}
