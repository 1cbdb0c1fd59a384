import Bytes
import Glibc
import Store
import TestKit
import Testing

@Suite("The contract of a store")
struct ContractTests {
  /// Every store there is, over an empty local folder.
  private static let stores: [String: @Sendable (TemporaryFolder) throws -> any Store] = [
    "local": { try LocalStore($0.path("store"), create: true) },
    "counting": { CountingStore(try LocalStore($0.path("store"), create: true)) },
    "fault": { FaultStore(try LocalStore($0.path("store"), create: true), []) },
  ]

  @Test("holds", arguments: stores.keys.sorted(), StoreContract.promises.keys.sorted())
  func holds(store: String, promise: String) throws {
    // In memory where possible: thousands of flushes prove nothing here and take their time on a disk.
    let folder = TemporaryFolder(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil)
    let make = try #require(Self.stores[store])
    let check = try #require(StoreContract.promises[promise])
    try check(try make(folder))
  }
}
