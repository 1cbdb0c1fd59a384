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
    // Of two who write one object there at the same time, one may be told that the server has a fault.
    let stop = StopSignal()
    try check(RetryingStore(try Servers.store(bucket, stop: stop), stop: stop))
  }
}

@Suite("A store in a bucket of a real server")
struct S3ServerTests {
  @Test("a wrong clock is put right by the server's answer", arguments: [-3600, 7200])
  func clock(_ seconds: Int64) throws {
    for server in try S3Server.all() {
      let bucket = try S3Bucket(on: server)
      let notices = Notices()
      let store = try S3Store(
        try Servers.settings(bucket), credentials: HandedCredentials(server.owner), stop: StopSignal(),
        notices: notices.sink, clock: { UInt64(Int64(WallClock.now()) + seconds * 1_000_000_000) })
      try store.put(path("a"), [1, 2, 3])
      #expect(try store.read(path("a"), limit: 3) == [1, 2, 3])
      #expect(notices.all.contains { "\($0)".contains("clock") }, "\(server.kind)")
    }
  }

  @Test("a body that is not what its digest says is not stored")
  func digest() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let store = try Servers.store(bucket)
    #expect(failure { try store.put(path("a"), [1], digest: ObjectDigest.name(of: [2])) }?.code == .defect)
    #expect(try store.list("").isEmpty)
  }

  @Test("wrong credentials and missing buckets are told apart, and no secret is")
  func refusals() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let wrong = S3User(keyID: server.owner.keyID, secret: "not-the-secret")
    let stranger = S3User(keyID: "NOBODYSKEY0000000001", secret: "not-the-secret")
    for user in [wrong, stranger] {
      let failure = try #require(failure { _ = try Servers.store(bucket, as: user).list("") })
      #expect(failure.code == .storeDenied)
      #expect(failure.retry == nil)
      #expect(!failure.description.contains("not-the-secret"))
    }
    let elsewhere = try Servers.store(bucket) { $0.bucket = "no-such-bucket-here" }
    for call in [{ _ = try elsewhere.list("") }, { try elsewhere.put(path("a"), [1]) }] as [() throws -> Void] {
      let refusal = failure(call)
      #expect(refusal?.code == .storeMissing)
      #expect(refusal?.what.contains("bucket") == true)
    }
  }

  @Test("an object that was overwritten with rubbish, or deleted, is read from an older version")
  func versions() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server, isVersioned: true)
    let notices = Notices()
    let store = try Servers.store(bucket, notices: notices)
    var random = RandomSource(seed: 41)
    let bytes = random.bytes(3_000_000)
    let digest = ObjectDigest.name(of: bytes)
    for name in ["a", "a2"] { try store.put(path(name), bytes, digest: digest) }
    for length in [0, 17] { try bucket.put("some/where/a", random.bytes(length)) }
    #expect(try store.size(of: path("a")) == 17)
    #expect(try store.findIntact(path("a"), digest: digest))
    #expect(try store.read(path("a"), limit: 3_000_000) == bytes)
    #expect(try store.size(of: path("a")) == 3_000_000)
    try bucket.delete("some/where/a2")
    #expect(try store.size(of: path("a2")) == nil)
    #expect(try store.findIntact(path("a2"), digest: digest))
    #expect(try store.read(path("a2"), limit: 3_000_000) == bytes)
    #expect(notices.all == ["a", "a2"].map { .taken(path: $0, from: "an older version") })
    #expect(try !store.findIntact(path("a"), digest: .zero))
    #expect(try bucket.versions(of: "some/where/a") == 3)
  }

  @Test("a locked object stays, whoever deletes it", arguments: S3Lock.Mode.allCases)
  func locks(_ mode: S3Lock.Mode) throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server, canLock: true)
    // Short, for what is locked in compliance mode cannot be cleaned up before.
    let store = try Servers.store(bucket) { $0.lock = S3Lock(mode: mode, seconds: 3) }
    try store.put(path("a"), [1, 2, 3])
    let head = try server.request("HEAD", "/\(bucket.name)/some/where/a").head.lowercased()
    #expect(head.contains("x-amz-object-lock-mode: \(mode.rawValue.lowercased())"))
    #expect(head.contains("x-amz-object-lock-retain-until-date: "))
    #expect(failure { try store.put(path("a"), [4]) }?.code == .storeExists)
    #expect(try bucket.versions(of: "some/where/a") == 1)
    let versions = try server.ask("GET", "/\(bucket.name)", query: ["versions": ""]).elements("VersionId")
    let version = try #require(versions.first)
    let answer = try server.request("DELETE", "/\(bucket.name)/some/where/a", query: ["versionId": version])
    #expect(answer.status == 403)
    #expect(try store.read(path("a"), limit: 3) == [1, 2, 3])
    pause(seconds: 4)
  }

  @Test("with a key of ours the server stores what only that key reads")
  func customerKey() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let (key, other) = (Secret(random: 32), Secret(random: 32))
    let store = try Servers.store(bucket) { $0.encryption = .customer(key: key) }
    var random = RandomSource(seed: 42)
    let bytes = random.bytes(100_000)
    try store.put(path("a"), bytes)
    #expect(try store.read(path("a"), limit: 100_000) == bytes)
    #expect(try store.size(of: path("a")) == 100_000)
    #expect(try server.request("GET", "/\(bucket.name)/some/where/a").status == 400)
    let wrong = try Servers.store(bucket) { $0.encryption = .customer(key: other) }
    #expect(failure { _ = try wrong.read(path("a"), limit: 100_000) } != nil)
  }

  @Test("a certificate is believed if the authority that was named has signed it, and no other")
  func certificates() throws {
    guard let server = try S3Server.ceph(), let endpoint = server.secureEndpoint, let file = server.certificateFile
    else { return }
    let bucket = try S3Bucket(on: server)
    func store(_ file: String?) throws -> S3Store {
      try Servers.store(bucket) { settings in
        settings.endpoint = try S3Endpoint(endpoint)
        settings.caFile = file
      }
    }
    let good = try store(file)
    try good.put(path("a"), [1, 2, 3])
    #expect(try good.read(path("a"), limit: 3) == [1, 2, 3])
    let folder = TemporaryFolder()
    let made = try Program.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
      folder.path("key"), "-out", folder.path("ca"), "-subj", "/CN=127.0.0.1", "-days", "2",
    ])
    try #require(made.status == 0)
    for file in [nil, folder.path("ca")] {
      let failure = try #require(failure { _ = try store(file).size(of: path("a")) })
      #expect(failure.code == .storeUnavailable)
      #expect(failure.retry == nil)
      #expect(failure.what.contains("who it is"))
    }
    #expect(failure { _ = try store(folder.path("missing")) }?.code == .usage)
    try Files.write(folder.path("rubbish"), Array("rubbish".utf8))
    #expect(failure { _ = try store(folder.path("rubbish")).size(of: path("a")) }?.code == .usage)
    let plain = try Servers.store(bucket) { $0.endpoint = try S3Endpoint("https://127.0.0.1:\(server.port)") }
    let spoken = try #require(failure { _ = try plain.size(of: path("a")) })
    #expect(spoken.retry == nil)
    #expect(spoken.next.contains("http://"))
  }

  @Test("who may put and list under one prefix, and read nothing, puts once and knows sizes")
  func writer() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let user = try server.user(named: "writer\(Identifier.random().hex.prefix(8))")
    let resource = "arn:aws:s3:::\(bucket.name)"
    try bucket.setPolicy(
      """
      {"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","Principal":{"AWS":["\(user.principal)"]},"Action":["s3:PutObject"],
      "Resource":["\(resource)/some/where/own/*"]},
      {"Effect":"Allow","Principal":{"AWS":["\(user.principal)"]},"Action":["s3:ListBucket"],"Resource":["\(resource)"],
      "Condition":{"StringLike":{"s3:prefix":["some/where/own/*"]}}},
      {"Effect":"Deny","Principal":{"AWS":["\(user.principal)"]},"Action":["s3:GetObject","s3:DeleteObject"],
      "Resource":["\(resource)/*"]}]}
      """)
    let store = try Servers.store(bucket, as: user)
    try store.put(path("own/a"), [1, 2, 3])
    #expect(try store.size(of: path("own/a")) == 3)
    #expect(try store.size(of: path("own/b")) == nil)
    #expect(failure { try store.put(path("own/a"), [4]) }?.code == .storeExists)
    #expect(try store.list("own/").map(\.path.text) == ["own/a"])
    for call in [
      { _ = try store.read(path("own/a"), limit: 3) }, { try store.delete(path("own/a")) },
      { try store.put(path("other/a"), [1]) }, { _ = try store.list("other/") }, { _ = try store.list("") },
      { _ = try store.size(of: path("other/a")) },
    ] as [() throws -> Void] { #expect(failure(call)?.code == .storeDenied) }
    #expect(try bucket.keys() == ["some/where/own/a"])
  }

  @Test("a listing goes on beyond odd keys of others")
  func oddKeys() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let stop = StopSignal()
    let store = try Servers.store(bucket, stop: stop)
    // The first page ends with an odd key, whichever of them that is.
    let threads = (0..<8).map { number in
      Threads.run(named: "filler", stop: stop) {
        for index in stride(from: number, to: 1010, by: 8) {
          let key = store.client.key(of: "odd/\(1000 + index)/ +é%41&=<>\"'~\u{1F600}")
          let answer = try store.client.send(S3Request("PUT", key: key))
          if !answer.isSuccess { throw Failure(.defect, "\(answer.status)") }
        }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
    try store.put(path("odd/zzz"), [1])
    #expect(try store.list("odd/") == [StoredObject(path: path("odd/zzz"), size: 1)])
    #expect(try store.folders(in: "odd/").count == 1010)
  }

  @Test("transfers keep to their limits, and to the stop of the run")
  func limits() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let stop = StopSignal()
    let store = try Servers.store(bucket, stop: stop) { settings in
      settings.uploadLimit = RateLimit(bytesPerSecond: 1 << 20)
      settings.downloadLimit = RateLimit(bytesPerSecond: 1 << 20)
    }
    let bytes = [UInt8](repeating: 5, count: 1 << 20)
    // The burst at the start of a limit is a tenth of a second's worth.
    let up = Stopwatch()
    try store.put(path("a"), bytes)
    #expect(up.seconds > 0.8)
    let down = Stopwatch()
    #expect(try store.read(path("a"), limit: 1 << 20) == bytes)
    #expect(down.seconds > 0.8)
    let reason = Failure(.interrupted, "enough")
    let stopper = Threads.run(named: "stopper") {
      pause(seconds: 1)
      stop.stop(because: reason)
    }
    #expect(failure { try store.put(path("b"), [UInt8](repeating: 5, count: 8 << 20)) } == reason)
    stopper.join()
    #expect(try server.request("HEAD", "/\(bucket.name)/some/where/b").status == 404)
  }
}
