import Bytes
import Cryptography
import Pipeline
import Store
import StoreS3
import TestKit
import Testing

@Suite("Putting objects")
struct PutTests {
  private typealias Reply = ScriptedServer.Reply

  /// Answers like a store that honours the condition and holds nothing.
  private static let empty: @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply = { request in
    request.method == "HEAD" ? .status(404) : .status(200)
  }

  @Test("one request with the digest, the condition, and the bytes as they are")
  func request() throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }, Self.empty)
    try run.store.put(path("packs/00/a"), Array("hello".utf8))
    let request = try #require(run.server.requests.first)
    #expect(run.server.requests.count == 1)
    #expect(request.method == "PUT")
    #expect(request.target == "/bucket/pre/fix/packs/00/a")
    #expect(request.body == Array("hello".utf8))
    #expect(request.headers["x-amz-content-sha256"] == ObjectDigest.name(of: Array("hello".utf8)).hex)
    #expect(request.headers["if-none-match"] == "*")
    #expect(request.headers["content-length"] == "5")
    for absent in ["transfer-encoding", "content-md5", "expect", "x-amz-security-token", "x-amz-storage-class"] {
      #expect(request.headers[absent] == nil, "\(absent)")
    }
    let authorization = try #require(request.headers["authorization"])
    #expect(authorization.contains("SignedHeaders=host;if-none-match;x-amz-content-sha256;x-amz-date,"))
    #expect(!authorization.contains("secret-of-the-key"))
  }

  @Test("storage class, encryption, lock and session token go along, signed")
  func headers() throws {
    let run = try ScriptedStore(
      credentials: [HandedCredentials.make("KEY", "secret", token: "token+/=")],
      settings: { settings in
        settings.storageClass = "STANDARD_IA"
        settings.encryption = .kms(key: "arn:aws:kms:eu:1:key/2")
        settings.lock = S3Lock(mode: .compliance, seconds: 86_400)
        settings.writeOnce = .honoured
      }, Self.empty)
    try run.store.put(path("a"), Array("hello".utf8))
    let headers = try #require(run.server.requests.first).headers
    #expect(headers["x-amz-storage-class"] == "STANDARD_IA")
    #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
    #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:eu:1:key/2")
    #expect(headers["x-amz-object-lock-mode"] == "COMPLIANCE")
    // Printed by: printf hello | openssl md5 -binary | base64
    #expect(headers["content-md5"] == "XUFAKrxLKna5cZ2REBfFkg==")
    #expect(headers["x-amz-security-token"] == "token+/=")
    let until = try #require(headers["x-amz-object-lock-retain-until-date"])
    #expect(until.hasPrefix(SigningTime(WallClock.now() + 86_400_000_000_000).dashed.prefix(8)))
    let authorization = try #require(headers["authorization"])
    for name in [
      "content-md5", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-security-token",
      "x-amz-server-side-encryption", "x-amz-storage-class",
    ] { #expect(authorization.contains(name), "\(name)") }
  }

  @Test("a key of ours goes along with puts, reads and looks, and never over a network in the clear")
  func customerKey() throws {
    let key = Secret(copying: (0..<32).map { UInt8($0) })
    let run = try ScriptedStore(settings: { $0.encryption = .customer(key: key) }) { request in
      request.headers["x-amz-server-side-encryption-customer-key"] == nil
        ? .error(400, "InvalidRequest") : request.method == "GET" ? .status(200, [], "x") : .status(404)
    }
    _ = try? run.store.put(path("a"), [1])
    #expect(try run.store.size(of: path("a")) == nil)
    #expect(try run.store.read(path("a"), limit: 10) == Array("x".utf8))
    for request in run.server.requests {
      #expect(
        request.headers["x-amz-server-side-encryption-customer-key"] == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
      #expect(request.headers["x-amz-server-side-encryption-customer-key-md5"] == "tP/LI3N87DFaSk0aoqYgzg==")
      #expect(request.headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256")
    }
    var far = S3Settings(
      bucket: "bucket", prefix: "", endpoint: try S3Endpoint("http://store.example"), region: "us-east-1")
    far.encryption = .customer(key: key)
    let credentials = HandedCredentials([])
    #expect(failure { _ = try S3Store(far, credentials: credentials, stop: StopSignal()) { _ in } }?.code == .usage)
  }

  @Test("an object that is there is not replaced: the store says so, and is believed from then on")
  func exists() throws {
    let run = try ScriptedStore { request in
      request.method == "HEAD" ? .status(404) : .error(412, "PreconditionFailed")
    }
    for _ in 0..<3 { #expect(failure { try run.store.put(path("a"), [1]) }?.code == .storeExists) }
    #expect(run.server.requests.map(\.method) == ["HEAD", "PUT", "PUT", "PUT"])
    #expect(run.store.traits.refusesOverwrites)
    #expect(run.notices.all.isEmpty)
  }

  @Test("the first small object is put twice to see what the store does; what names its bytes is not looked for")
  func probing() throws {
    let run = try ScriptedStore { request in request.number == 1 ? .status(200) : .error(412, "PreconditionFailed") }
    let bytes = Array("hello".utf8)
    try run.store.put(path("packs/\(ObjectDigest.name(of: bytes).hex)"), bytes)
    #expect(run.server.requests.map(\.method) == ["PUT", "PUT"])
    #expect(Set(run.server.requests.map(\.body)) == [bytes])
    #expect(run.store.traits.refusesOverwrites)
    #expect(run.notices.all.isEmpty)
  }

  @Test("nothing is put twice where that would leave a version behind")
  func versioned() throws {
    let run = try ScriptedStore { request in
      request.method == "HEAD" ? .status(404) : .status(200, ["x-amz-version-id: v1"])
    }
    for name in ["a", "b"] { try run.store.put(path(name), [1]) }
    #expect(run.server.requests.map(\.method) == ["HEAD", "PUT", "HEAD", "PUT"])
    #expect(run.notices.all.isEmpty)
    #expect(!run.store.traits.refusesOverwrites)
  }

  @Test("a store that replaces nevertheless is looked at before every put, and that is said once")
  func ignoring() throws {
    let run = try ScriptedStore { request in
      request.method == "HEAD" ? .status(request.number > 6 ? 200 : 404, ["Content-Length: 1"]) : .status(200)
    }
    for name in ["a", "b", "c"] { try run.store.put(path(name), [1]) }
    #expect(failure { try run.store.put(path("d"), [1]) }?.code == .storeExists)
    #expect(run.server.requests.map(\.method) == ["HEAD", "PUT", "PUT", "HEAD", "PUT", "HEAD", "PUT", "HEAD"])
    #expect(!run.store.traits.refusesOverwrites)
    #expect(run.notices.all.count == 1)
  }

  @Test("a store that does not know the condition is asked without it", arguments: [501, 400])
  func refusing(_ status: Int) throws {
    let run = try ScriptedStore { request in
      if request.method == "HEAD" { return .status(404) }
      guard request.headers["if-none-match"] != nil else { return .status(200) }
      return .status(status, [], "<Error><Code>NotImplemented</Code></Error>")
    }
    try run.store.put(path("a"), [1])
    try run.store.put(path("b"), [1])
    #expect(run.server.requests.map(\.method) == ["HEAD", "PUT", "HEAD", "PUT", "HEAD", "PUT"])
    #expect(run.notices.all.count == 1)
  }

  @Test("a bucket that locks by itself gets the digest that it asks for, from its first refusal on")
  func defaultLock() throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }) { request in
      if request.headers["content-md5"] != nil { return .status(200) }
      let message = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock"
      return .status(400, [], "<Error><Code>InvalidRequest</Code><Message>\(message)</Message></Error>")
    }
    for name in ["a", "b"] { try run.store.put(path(name), Array("hello".utf8)) }
    #expect(
      run.server.requests.map { $0.headers["content-md5"] } == [nil]
        + [String?](repeating: "XUFAKrxLKna5cZ2REBfFkg==", count: 2))
  }

  @Test("who may neither read nor list puts without looking, and that is said once")
  func blind() throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .ignored }) { request in
      request.method == "PUT" ? .status(200) : .error(403, "AccessDenied")
    }
    try run.store.put(path("a"), [1])
    try run.store.put(path("b"), [1])
    #expect(run.notices.all.count == 1)
  }

  @Test("a refusal is no 412 of ours where the request went out twice: the first may have been done")
  func resent() throws {
    // The second request finds its connection dead and is sent again by libcurl itself.
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }) { request in
      switch request.number {
      case 1: .status(200)
      case 2: Reply(bytes: [], closes: true)
      default: .error(412, "PreconditionFailed")
      }
    }
    try run.store.put(path("a"), [1])
    let failure = try #require(failure { try run.store.put(path("b"), [2]) })
    #expect(run.server.requests.count == 3)
    #expect(run.server.requests.last?.body == [2])
    #expect(failure.code == .storeUnavailable)
    #expect(failure.retry?.mayBeDone == true)
  }

  @Test("a body that is not what its digest says is a defect of ours; one that changed on the way is sent again")
  func digests() throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }) { _ in
      .error(400, "XAmzContentSHA256Mismatch")
    }
    let wrong = ObjectDigest.name(of: [2])
    #expect(failure { try run.store.put(path("a"), [1], digest: wrong) }?.code == .defect)
    let failure = try #require(failure { try run.store.put(path("a"), [1]) })
    #expect(failure.code == .storeUnavailable)
    #expect(failure.retry != nil)
  }

  @Test("a large body waits for the store's consent until one was taken, and again after a refusal")
  func consent() throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }) { request in
      request.number == 3 ? .error(403, "AccessDenied") : .status(200)
    }
    let large = [UInt8](repeating: 7, count: 1 << 20)
    for name in ["a", "b", "c", "d"] { _ = try? run.store.put(path(name), large) }
    #expect(run.server.requests.map { $0.headers["expect"] != nil } == [true, false, false, true])
    #expect(run.server.requests.allSatisfy { $0.body == large })
  }
}
