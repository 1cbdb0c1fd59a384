package import Bytes
package import Chunking
import Cryptography
package import Format
package import Pipeline
import Synchronization

/// One backup run's side of the repository: its keys, what it has claimed, its packs.
///
/// Made once per run; `writer()` gives each worker thread its own tools.
package final class BackupSession: Sendable {
  let access: WriterAccess
  let secrets: SessionSecrets
  let packs: PackWriter
  /// The namespace as it was when the run began.
  package let namespace: Namespace
  /// What this run's index objects say of its place in the history.
  package let history: IndexHistory
  private let chunkNaming: NamingKey
  private let listNaming: NamingKey
  private let epoch: UInt32
  private let level: Int32
  let clock: @Sendable () -> UInt64
  private let claims = Mutex(Claims())

  private struct Claims {
    var names: Set<Name> = []
    var usedPacks: Set<Int> = []
  }

  /// Lists and loads the namespace, then draws the session's keys.
  ///
  /// - Parameters:
  ///   - access: what the writer key can do
  ///   - level: zstd level, 1 to 15
  ///   - stop: the signal of the run; a pack that cannot be put stops it
  ///   - clock: nanoseconds, counting suspension; for the commit window
  package init(
    _ access: WriterAccess, level: Int32, stop: StopSignal = StopSignal(),
    clock: @escaping @Sendable () -> UInt64 = { MonotonicClock.now() }
  ) throws(Failure) {
    self.access = access
    self.level = level
    self.clock = clock
    epoch = access.repository.authority.epoch.epoch
    namespace = try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities)
    let installation = try access.repository.state?.installation() ?? Identifier.random()
    // What this host saw and the store does not show is named as a parent too: that is how it is missed for good.
    let remembered = try access.repository.state?.heads(of: access.id) ?? []
    let gone = remembered.filter { [snapshots = namespace.snapshots] in !snapshots.contains($0) }
    history = IndexHistory(
      installation: installation, sequence: namespace.sequence + 1, parents: Set(namespace.heads + gone).sorted())
    secrets = try SessionSecrets(access)
    packs = try PackWriter(
      access, secrets: secrets, history: history, policy: CompressionPolicy(fixed: level), stop: stop, clock: clock)
    chunkNaming = try NamingKey(KeyDerivation.derive(from: access.secrets.content, label: "chunk names"))
    listNaming = try NamingKey(KeyDerivation.derive(from: access.secrets.lists, label: "list names"))
  }

  /// The chunker with the writer's secret cut points.
  package func chunker() throws(Failure) -> Chunker {
    let chunking = access.enrolled.enrolment.chunking
    let parameters = try ChunkParameters(
      minimum: chunking.minimum, target: chunking.target, maximum: chunking.maximum)
    let secret = KeyDerivation.derive(from: access.secrets.content, label: "cut points")
    return secret.withBytes { Chunker(secret: $0, parameters: parameters) }
  }

  /// A worker's tools; one for each thread.
  package func writer() throws(Failure) -> BlobWriter { try BlobWriter(self, level: level) }

  /// The session's wrapped keys, for the snapshot.
  func wrappedKeys() throws(Failure) -> [DirectoryKey] { try secrets.wrapped() }

  func naming(of kind: BlobKind) -> NamingKey { kind == .data ? chunkNaming : listNaming }

  /// True if the caller must store the blob; false if the store has it, or another thread of this run is at it.
  ///
  /// Claimed before it is compressed, so that two threads never store one chunk twice.
  func claim(_ name: Name) -> Bool {
    let known = namespace.index.usable(name, epoch: epoch)
    return claims.withLock { claims in
      if let known {
        use(known, &claims)
        return false
      }
      return claims.names.insert(name).inserted
    }
  }

  /// Notes the pack of a blob that is relied on, and those of its base, its base's base and so on.
  private func use(_ location: BlobLocation, _ claims: inout Claims) {
    var next: BlobLocation? = location
    while let location = next {
      let isFirst = claims.usedPacks.insert(location.pack).inserted
      guard isFirst || location.depth > 0 else { return }
      next = namespace.index.base(of: location).flatMap { namespace.index.usable($0, epoch: epoch) }
    }
  }

  /// The older packs that this run's snapshot relies on, with their sizes.
  var reliedOn: [Name: UInt64] {
    claims.withLock { claims in
      var packs: [Name: UInt64] = [:]
      for number in claims.usedPacks {
        let pack = namespace.index.packs[number]
        packs[pack.name] = pack.size
      }
      return packs
    }
  }
}
