package import Bytes
import Cryptography
package import Format
package import Repository
package import Store

/// Opens repositories the way every command does: store, local state, cache, verified authority.
package enum RepositoryOpening {
  /// How many bytes of index objects this host keeps copies of.
  private static let cacheLimit: UInt64 = 1 << 30

  /// Opens a repository.
  ///
  /// - Parameters:
  ///   - location: the store
  ///   - key: the key file
  ///   - stateRoot: the state folder of this host; nil to keep no state
  ///   - cachesIndex: keep copies of index objects on this host. For backups, which read the whole index each time; a
  ///     check, a drill or a restore must see what the store holds, not what this host remembers of it
  ///   - decorate: wraps the store, for counting or for rehearsed faults
  package static func open(
    _ location: StoreLocation, key: KeyFile, stateRoot: String?, cachesIndex: Bool = true,
    decorate: (any Store) -> any Store = { $0 }
  ) throws(Failure) -> OpenRepository {
    let store = decorate(try location.open())
    guard let stateRoot else { return try OpenRepository(store, key: key, state: nil) }
    let state = try HostState(root: stateRoot, repository: key.repository)
    guard cachesIndex else { return try OpenRepository(store, key: key, state: state) }
    let cached = try CachedStore(
      store, in: state.cacheFolder, prefixes: [ObjectPath.writersFolder], limit: cacheLimit
    ) { path, bytes in
      guard let object = ObjectPath(path.text), case .index = object else { return false }
      return ObjectDigest.name(of: bytes) == object.name
    }
    return try OpenRepository(cached, key: key, state: state)
  }
}
