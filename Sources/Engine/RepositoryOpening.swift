package import Bytes
import Cryptography
package import Format
package import Repository
package import Store

/// Opens repositories the way every command does: store, local state, verified authority.
package enum RepositoryOpening {
  /// Opens a repository.
  ///
  /// - Parameters:
  ///   - address: the store
  ///   - key: the key file
  ///   - stateRoot: the state folder of this host; nil to keep no state. With a writer's key the index is kept there
  ///     too; a check, a drill or a restore sees what the store holds, not what this host remembers of it
  ///   - surroundings: what the store needs from the run
  ///   - decorate: wraps the store, for counting or for rehearsed faults
  package static func open(
    _ address: StoreAddress, key: KeyFile, stateRoot: String?,
    in surroundings: StoreSurroundings = StoreSurroundings(), decorate: (any Store) -> any Store = { $0 }
  ) throws(Failure) -> OpenRepository {
    let store = decorate(try StoreOpening.open(address, in: surroundings))
    guard let stateRoot else { return try OpenRepository(store, key: key, state: nil) }
    return try OpenRepository(store, key: key, state: try HostState(root: stateRoot, repository: key.repository))
  }
}
