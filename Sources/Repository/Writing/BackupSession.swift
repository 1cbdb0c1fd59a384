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
  private let policy: CompressionPolicy
  /// What earlier dumps of the component offer as bases; nil to store every chunk full.
  package let reference: ReferenceRun?
  let clock: @Sendable () -> UInt64
  private let claims = Mutex(Claims())

  private struct Claims {
    /// So many names at most, twice: a chunk that comes again after 128 GB of others is stored again.
    private static let most = 512 << 10
    private var names: Set<Name> = []
    private var older: Set<Name> = []
    var usedPacks: Set<Int> = []

    /// False if the name was there.
    mutating func insert(_ name: Name) -> Bool {
      if older.contains(name) || !names.insert(name).inserted { return false }
      if names.count == Claims.most {
        older = names
        names = []
      }
      return true
    }
  }

  /// Lists and loads the namespace, then draws the session's keys.
  ///
  /// - Parameters:
  ///   - access: what the writer key can do
  ///   - level: zstd level, 1 to 15; nil to adapt it to what the run waits for
  ///   - reference: the reference cache, opened for this run
  ///   - stop: the signal of the run; a pack that cannot be put stops it
  ///   - clock: nanoseconds, counting suspension; for the commit window
  package init(
    _ access: WriterAccess, level: Int32?, reference: ReferenceRun? = nil, stop: StopSignal = StopSignal(),
    clock: @escaping @Sendable () -> UInt64 = { MonotonicClock.now() }
  ) throws(Failure) {
    self.access = access
    let policy = CompressionPolicy(fixed: level)
    self.policy = policy
    self.reference = reference
    self.clock = clock
    epoch = access.repository.authority.epoch.epoch
    try UnindexedPacks(access).adopt(for: access)
    namespace = try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities)
    let installation = try access.repository.state?.installation() ?? Identifier.random()
    // What this host saw and the store does not show is named as a parent too: that is how it is missed for good.
    let remembered = try access.repository.state?.heads(of: access.id) ?? []
    let gone = remembered.filter { [snapshots = namespace.snapshots] in !snapshots.contains($0) }
    history = IndexHistory(
      installation: installation, sequence: namespace.sequence + 1, parents: Set(namespace.heads + gone).sorted())
    secrets = try SessionSecrets(access)
    packs = try PackWriter(
      access, secrets: secrets, history: history, policy: policy, stop: stop, clock: clock)
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
  package func writer() throws(Failure) -> BlobWriter { try BlobWriter(self, policy: policy) }

  /// The session's wrapped keys, for the snapshot.
  func wrappedKeys() throws(Failure) -> [DirectoryKey] { try secrets.wrapped() }

  func naming(of kind: BlobKind) -> NamingKey { kind == .data ? chunkNaming : listNaming }

  /// What becomes of a chunk that a run meets.
  enum Claim {
    /// The store has it.
    case stored
    /// This run has stored it or is at it.
    case underWay
    /// The caller stores it.
    case new
  }

  /// Claimed before it is compressed, so that two threads never store one chunk twice.
  func claim(_ name: Name) -> Claim {
    let chain = namespace.index.usableChain(of: name, epoch: epoch)
    return claims.withLock { claims in
      guard let chain else { return claims.insert(name) ? .new : .underWay }
      for location in chain { claims.usedPacks.insert(location.pack) }
      return .stored
    }
  }

  /// False if this run made an entry of the reference cache for the chunk before.
  func claimEntry(_ name: Name) -> Bool { claims.withLock { $0.insert(name) } }

  /// The chain of a blob that may be the base of a delta; nil if there is none in the store, or it is too deep already.
  func baseChain(of name: Name) -> [BlobLocation]? {
    guard let chain = namespace.index.usableChain(of: name, epoch: epoch), let base = chain.first,
      base.depth < BaseLadder.deepest
    else { return nil }
    return chain
  }

  /// Notes the packs of a base that a new delta relies on.
  func rely(on chain: [BlobLocation]) {
    claims.withLock { claims in
      for location in chain { claims.usedPacks.insert(location.pack) }
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
