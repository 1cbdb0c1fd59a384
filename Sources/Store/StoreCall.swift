/// The calls of the store protocol.
package enum StoreCall: String, Sendable, CaseIterable {
  case put
  case read
  case size
  case list
  case delete
  case freeBytes
}
