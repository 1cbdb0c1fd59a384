/// The calls of the store protocol.
package enum StoreCall: String, Sendable, CaseIterable {
  case put
  case read
  case size
  /// Listings of objects and of folders.
  case list
  case findIntact
  case delete
  case freeBytes
}
