package import Store

/// Another store that holds objects of the same repository, under the same paths.
package struct StoreCopy: Sendable {
  /// What people call it: its location.
  package let name: String
  package let store: any Store

  /// - Parameters:
  ///   - name: what people call it
  ///   - store: the store; nothing is ever put there or deleted from it
  package init(_ name: String, _ store: any Store) {
    self.name = name
    self.store = store
  }
}
