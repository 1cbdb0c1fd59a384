/// An object whose bytes were missing or wrong in the store, and where good ones came from.
package struct TakenObject: Sendable, Hashable {
  /// Its path in the store.
  package let path: String
  /// The copy's name.
  package let from: String

  package init(path: String, from: String) {
    self.path = path
    self.from = from
  }
}
