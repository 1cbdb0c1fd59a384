import Bytes
import Cryptography
import Format
import Pipeline
import Store
import Synchronization

/// Collects sealed blobs from all workers into packs and has full ones stored.
///
/// A full pack's padding is what the next blob did not fit in: of chunks of 256 KiB that do not compress 0.8 % of a
/// repository, 0.4 % with dumps (3.0 % with chunks of 1 MiB). A second open pack to fill the gaps would save half of
/// that, and a restore would read the blobs in the gaps out of turn.
///
/// Memory: at most `PackPuts.packs` buffers of 16 MiB, used again and again. Whoever needs another pack while all are
/// taken waits for a put: that is where a slow store holds the run up.
final class PackWriter: Sendable {
  private let secrets: SessionSecrets
  private let recipients: [AgeRecipient]
  private let buffers: BufferPool
  private let puts: PackPuts
  private let put: @Sendable (consuming PackBuilder, _ isFull: Bool) throws(Failure) -> Void
  private let policy: CompressionPolicy
  /// What is stored.
  let stored: StoredPacks
  private let open = Mutex<PackBuilder?>(nil)
  /// Held by the one who opens the next pack; the others wait for that one.
  private let opening = Mutex<Void>(())

  /// - Parameters:
  ///   - access: whose packs these are
  ///   - secrets: the session's keys
  ///   - history: what the index objects say of the run
  ///   - policy: is told how the puts stand
  ///   - stop: the signal of the run; a put that fails stops it
  ///   - clock: nanoseconds
  init(
    _ access: WriterAccess, secrets: SessionSecrets, history: IndexHistory, policy: CompressionPolicy,
    stop: StopSignal, clock: @escaping @Sendable () -> UInt64
  ) throws(Failure) {
    self.secrets = secrets
    self.policy = policy
    recipients = try access.metaAndOwnRecipients()
    buffers = BufferPool(count: PackPuts.packs, capacity: Limits.fullPack, stop: stop)
    let stored = StoredPacks(access, history: history, clock: clock)
    let put: @Sendable (consuming PackBuilder, Bool) throws(Failure) -> Void = { pack, isFull throws(Failure) in
      try stored.record(try PackWriter.put(pack, isFull: isFull, access))
    }
    self.stored = stored
    self.put = put
    puts = PackPuts(stop: stop) { (pack: consuming PackBuilder) throws(Failure) in try put(pack, true) }
  }

  /// The index objects written so far.
  var indexes: [Name] { stored.indexes }

  /// The packs stored so far, with their sizes.
  var packs: [Name: UInt64] { stored.packs }

  /// Bytes of packs and index objects stored so far.
  var storedBytes: UInt64 { stored.storedBytes }

  /// Appends a sealed blob; hands over the pack that it does not fit in any more.
  func append(_ sealed: UnsafeRawBufferPointer, _ entry: DirectoryEntry) throws(Failure) {
    while true {
      let step = open.withLock { open -> Step in
        guard open != nil else { return .needsPack }
        guard open?.hasRoom(for: sealed.count) == true else { return .full(open.take()) }
        open?.append(sealed, entry)
        return .done
      }
      switch consume step {
      case .done: return
      case .needsPack: try openPack()
      case .full(.some(let pack)): try puts.send(pack)
      case .full(.none): throw Failure(.defect, "a full pack that is not there")
      }
    }
  }

  private enum Step: ~Copyable, Sendable {
    case done
    case needsPack
    case full(PackBuilder?)
  }

  /// Opens a pack unless another thread just did. Waits for a buffer outside the lock that appending takes.
  private func openPack() throws(Failure) {
    try opening.withLock { (_) throws(Failure) in
      guard open.withLock({ $0 == nil }) else { return }
      policy.note(puts.state)
      var fresh: PackBuilder? = PackBuilder(
        buffer: try buffers.lease(), keys: try secrets.wrapped(), recipients: recipients)
      open.withLock { $0 = fresh.take() }
    }
  }

  /// Stores the open pack, waits for those on their way, and indexes everything. Nothing may be appended at the same
  /// time or afterwards.
  func finish() throws(Failure) {
    let last = open.withLock { $0.take() }
    if let last, !last.isEmpty { try put(last, false) }
    try puts.finish()
    try stored.index()
  }

  /// The digest is taken here and not while the pack fills: that would be under the lock that all workers share.
  private static func put(
    _ pack: consuming PackBuilder, isFull: Bool, _ access: WriterAccess
  ) throws(Failure) -> IndexedPack {
    try pack.finish(isFull: isFull) { body in
      Envelope.seal(
        access.repository.header(.directory, writer: access.id), body: body, by: access.repository.key.signing)
    } put: { (pack, bytes) throws(Failure) in
      let path = try StorePath(checking: ObjectPath.pack(writer: access.id, pack.name).path)
      try access.repository.objects.store.put(path, bytes, digest: pack.name)
    }
  }
}
