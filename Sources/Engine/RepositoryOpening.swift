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
  ///   - copies: where to look for objects that are missing or damaged; a writer's key never looks there
  ///   - surroundings: what the stores need from the run
  ///   - decorate: wraps the store, for counting or for rehearsed faults
  package static func open(
    _ address: StoreAddress, key: KeyFile, stateRoot: String?, copies: [StoreAddress] = [],
    in surroundings: StoreSurroundings = StoreSurroundings(), decorate: (any Store) -> any Store = { $0 }
  ) throws(Failure) -> OpenRepository {
    let store = decorate(try StoreOpening.open(address, in: surroundings))
    let state = try stateRoot.map { (root) throws(Failure) in try HostState(root: root, repository: key.repository) }
    return try OpenRepository(
      store, key: key, state: state,
      copies: key.writer == nil ? CopyOpening.open(copies, in: surroundings) : [],
      notices: surroundings.notices)
  }
}
