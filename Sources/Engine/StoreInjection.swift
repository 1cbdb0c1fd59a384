package import Store
package import StoreS3

/// Faults that a rehearsal puts into stores, below everything that lifeboat has against faults.
package struct StoreInjection: Sendable {
  /// Which store of a repository is opened.
  package enum Part: Sendable, Hashable {
    case primary
    /// A copy, counted from 1 in the order in which they are named.
    case copy(Int)
  }

  /// Puts faults around a bare store.
  package var store: @Sendable (any Store, Part) -> any Store
  /// Puts faults around what a bucket's requests are signed with.
  package var credentials: @Sendable (any CredentialsProvider, Part) -> any CredentialsProvider

  package init(
    store: @escaping @Sendable (any Store, Part) -> any Store,
    credentials: @escaping @Sendable (any CredentialsProvider, Part) -> any CredentialsProvider
  ) {
    self.store = store
    self.credentials = credentials
  }
}
