import Bytes
import Drills
import Engine
import Format
import Profiles
import Repository

/// Where a repository is, and with which key file it is opened.
struct RepositoryAddress: Sendable {
  let store: StoreAddress
  /// Where else its objects are.
  let copies: [StoreAddress]
  let keyPath: String
  let passphrase: SecretReference?

  /// Reads and unlocks the key file.
  ///
  /// - Parameter clock: of a recovery, for the time that a person takes to type a passphrase
  func key(in context: RunContext, on clock: RecoveryClock? = nil) throws(Failure) -> KeyFile {
    try KeyFileStorage.read(keyPath, PassphraseReader(reference: passphrase, stop: context.stop, clock: clock))
  }

  /// Opens the repository and works with it; what this host remembers of it must be readable and writable.
  ///
  /// A failure that is about the key's role names the key file.
  func withRepository<Result>(
    in context: RunContext, _ body: (OpenRepository) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let key = try key(in: context)
    return try naming { () throws(Failure) in
      try body(try open(with: key, in: context))
    }
  }

  /// Opens the repository to read it; what is missing or damaged is read from copies. A host that can keep no local
  /// state is warned and served all the same: a recovery must not hang on it. `body` may be run a second time.
  ///
  /// - Parameter asksAhead: for a restore: what it needs first is asked of a distant store before it asks
  func withReadOnlyRepository<Result>(
    in context: RunContext, asksAhead: Bool = false, _ body: (OpenRepository) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let key = try key(in: context)
    return try naming { () throws(Failure) in
      do throws(Failure) {
        return try body(try open(with: key, copies: copies, asksAhead: asksAhead, in: context))
      } catch {
        return try body(try openWithoutState(with: key, because: error, in: context))
      }
    }
  }

  /// Opens the repository for a restore, with local state where there can be any.
  func openForRestore(with key: KeyFile, in context: RunContext) throws(Failure) -> OpenRepository {
    do throws(Failure) {
      return try open(with: key, copies: copies, asksAhead: true, in: context)
    } catch {
      return try openWithoutState(with: key, because: error, in: context)
    }
  }

  /// Opens the repository for a drill: with the faults that it asks for, at the store that it asks for, and counted.
  func openForDrill(
    with key: KeyFile, _ opening: DrillOpening, counting meter: StoreMeter, in context: RunContext
  ) throws(Failure) -> OpenRepository {
    var surroundings = context.surroundings
    let notices = surroundings.notices
    surroundings.notices = { notice in
      meter.hear(notice)
      notices(notice)
    }
    surroundings.injection = opening.injection
    surroundings.part = opening.part
    surroundings.counting = { meter.counting($0) }
    let (store, copies) = try stores(opening.part)
    let root = try opening.stateRoot(HostState.defaultRoot(environment: context.environment), of: key.repository)
    func open(_ root: String?) throws(Failure) -> OpenRepository {
      try RepositoryOpening.open(store, key: key, stateRoot: root, copies: copies, in: surroundings) {
        PrefetchingStore($0)
      }
    }
    do throws(Failure) {
      return try open(root)
    } catch {
      guard error.code == .stateFailed else { throw error }
      context.warn("\(error.what) (\(error.place)); going on with what the key file knows alone")
      return try open(nil)
    }
  }

  /// The store to open and its copies: a copy that is opened in the store's place is no copy of itself.
  private func stores(_ part: StoreInjection.Part) throws(Failure) -> (store: StoreAddress, copies: [StoreAddress]) {
    guard case .copy(let number) = part else { return (store, copies) }
    guard copies.indices.contains(number - 1) else { throw Failure(.defect, "there is no copy \(number)") }
    var others = copies
    return (others.remove(at: number - 1), others)
  }

  /// Names the key file in failures that are about the key and say nothing of where.
  func naming<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    do throws(Failure) {
      return try body()
    } catch {
      let isAboutTheKey = error.code == .keyWrongRole || error.code == .keyUntrusted
      guard isAboutTheKey, error.place.isEmpty else { throw error }
      throw error.within("key file \(keyPath)")
    }
  }

  private func open(
    with key: KeyFile, copies: [StoreAddress] = [], asksAhead: Bool = false, in context: RunContext
  ) throws(Failure) -> OpenRepository {
    try RepositoryOpening.open(
      store, key: key, stateRoot: HostState.defaultRoot(environment: context.environment), copies: copies,
      in: context.surroundings
    ) { asksAhead ? PrefetchingStore($0) : $0 }
  }

  private func openWithoutState(
    with key: KeyFile, because failure: Failure, in context: RunContext
  ) throws(Failure) -> OpenRepository {
    guard failure.code == .stateFailed else { throw failure }
    context.warn("\(failure.what) (\(failure.place)); going on with what the key file knows alone")
    return try RepositoryOpening.open(store, key: key, stateRoot: nil, copies: copies, in: context.surroundings)
  }
}
