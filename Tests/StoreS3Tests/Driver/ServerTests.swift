import Bytes
import Cryptography
import Pipeline
import Store
import StoreS3
import TestKit
import Testing

/// Stores on the S3 servers that run beside the tests.
enum Servers {
  /// The settings of a bucket on a server.
  static func settings(_ bucket: S3Bucket, prefix: String = "some/where") throws -> S3Settings {
    S3Settings(
      bucket: bucket.name, prefix: prefix, endpoint: try S3Endpoint(bucket.server.endpoint),
      region: bucket.server.region)
  }

  /// A store in a bucket, for its owner unless told otherwise.
  static func store(
    _ bucket: S3Bucket, as user: S3User? = nil, stop: StopSignal = StopSignal(), notices: Notices = Notices(),
    _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> S3Store {
    var settings = try settings(bucket)
    try change(&settings)
    return try S3Store(
      settings, credentials: HandedCredentials(user ?? bucket.server.owner), stop: stop, notices: notices.sink)
  }
}

@Suite("The contract of a store in a bucket")
struct S3ContractTests {
  @Test("holds on Ceph", arguments: StoreContract.promises.keys.sorted())
  func ceph(promise: String) throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let check = try #require(StoreContract.promises[promise])
    try check(try Servers.store(bucket))
  }

  @Test("holds on Ceph for a whole bucket, its name in the host's", arguments: ["listings", "folders", "ranges"])
  func virtualHost(promise: String) throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let check = try #require(StoreContract.promises[promise])
    try check(
      try Servers.store(bucket) { settings in
        settings.prefix = ""
        settings.endpoint = try S3Endpoint("http://localhost:\(server.port)", isPathStyle: false)
      })
  }

  @Test("holds on rclone", arguments: StoreContract.promises.keys.sorted())
  func rclone(promise: String) throws {
    guard let server = try S3Server.rclone() else { return }
    let bucket = try S3Bucket(on: server)
    let check = try #require(StoreContract.promises[promise])
    try check(try Servers.store(bucket))
  }
}
