import Bytes
import Pipeline
import Store
import StoreS3
import TestKit
import Testing

@Suite("What a refusal means")
struct RefusalTests {
  struct Case: Sendable {
    let status: Int
    let name: String
    let code: Failure.Code
    var retries = false
    var isThrottled = false
  }

  static let cases = [
    Case(status: 404, name: "NoSuchBucket", code: .storeMissing),
    Case(status: 403, name: "AccessDenied", code: .storeDenied),
    Case(status: 403, name: "", code: .storeDenied),
    Case(status: 401, name: "", code: .storeDenied),
    Case(status: 403, name: "SignatureDoesNotMatch", code: .storeDenied),
    Case(status: 403, name: "InvalidAccessKeyId", code: .storeDenied),
    Case(status: 400, name: "ExpiredToken", code: .storeDenied),
    Case(status: 403, name: "QuotaExceeded", code: .storeFull),
    Case(status: 507, name: "", code: .storeFull),
    Case(status: 503, name: "SlowDown", code: .storeUnavailable, retries: true, isThrottled: true),
    Case(status: 503, name: "", code: .storeUnavailable, retries: true, isThrottled: true),
    Case(status: 429, name: "", code: .storeUnavailable, retries: true, isThrottled: true),
    Case(status: 500, name: "InternalError", code: .storeUnavailable, retries: true),
    Case(status: 502, name: "", code: .storeUnavailable, retries: true),
    Case(status: 504, name: "", code: .storeUnavailable, retries: true),
    Case(status: 599, name: "", code: .storeUnavailable, retries: true),
    Case(status: 400, name: "RequestTimeout", code: .storeUnavailable, retries: true),
    Case(status: 409, name: "ConditionalRequestConflict", code: .storeUnavailable, retries: true),
    Case(status: 400, name: "BadDigest", code: .storeUnavailable, retries: true),
    Case(status: 400, name: "InvalidStorageClass", code: .usage),
    Case(status: 400, name: "MalformedXML", code: .storeUnavailable),
    Case(status: 403, name: "InvalidObjectState", code: .storeUnavailable),
    Case(status: 301, name: "PermanentRedirect", code: .storeUnavailable),
    Case(status: 418, name: "", code: .storeUnavailable),
  ]

  @Test("is told by the store's code, else by the status", arguments: cases)
  func meaning(_ refusal: Case) throws {
    let run = try ScriptedStore(settings: { $0.writeOnce = .honoured }) { _ in
      refusal.name.isEmpty ? .status(refusal.status) : .error(refusal.status, refusal.name)
    }
    let failure = try #require(failure { try run.store.put(path("a"), [1]) })
    #expect(failure.code == refusal.code, "\(failure)")
    #expect((failure.retry != nil) == refusal.retries, "\(failure)")
    #expect((failure.retry?.isThrottled ?? false) == refusal.isThrottled)
    #expect(failure.retry?.mayBeDone ?? false == [500, 502, 504].contains(refusal.status))
    #expect(failure.place.contains("s3://bucket/pre/fix/a"))
    #expect(failure.what.contains(refusal.name))
    #expect(run.server.requests.count == 1)
    for secret in ["secret-of-the-key", "AWS4-HMAC", "Signature="] { #expect(!failure.description.contains(secret)) }
  }

  @Test("how long the store asks to be left alone is passed on")
  func retryAfter() throws {
    for (header, after) in [("7", 7_000_000_000), ("0", 0), ("999999", 3_600_000_000_000)] as [(String, UInt64)] {
      let run = try ScriptedStore { _ in .error(503, "SlowDown", ["Retry-After: \(header)"]) }
      #expect(failure { _ = try run.store.list("") }?.retry?.after == after)
    }
    let odd = try ScriptedStore { _ in .error(503, "SlowDown", ["Retry-After: soon"]) }
    let failure = try #require(failure { _ = try odd.store.list("") })
    #expect(failure.retry != nil)
    #expect(failure.retry?.after == nil)
  }

  @Test("a bucket in another region is named with its region")
  func region() throws {
    let run = try ScriptedStore { _ in
      .status(
        400, [],
        "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>")
    }
    #expect(failure { _ = try run.store.list("") }?.next == "Set the region to eu-west-3.")
    let moved = try ScriptedStore { _ in .status(301, ["x-amz-bucket-region: eu-west-4"]) }
    #expect(failure { _ = try moved.store.size(of: path("a")) }?.next == "Set the region to eu-west-4.")
  }

  /// The date of a header, an hour from now.
  private static let date: String = {
    let stamp = SigningTime(WallClock.now() + 3_600_000_000_000)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = stamp.dashed.dropLast().split { $0 == "-" || $0 == "T" }
    return "Mon, \(parts[2]) \(months[(Int(parts[1]) ?? 1) - 1]) \(parts[0]) \(parts[3]) GMT"
  }()

  @Test(
    "a wrong clock is put right by the store's, once, and said", arguments: ["RequestTimeTooSkewed", "AccessDenied"])
  func clock(_ code: String) throws {
    let run = try ScriptedStore { request in
      let hour = Self.date.split(separator: " ")[4].prefix(2)
      let signed = request.headers["x-amz-date"]?.dropFirst(9).prefix(2)
      return signed == hour || signed == SigningTime(WallClock.now() + 3_600_000_000_000).text.dropFirst(9).prefix(2)
        ? .status(200, ["Content-Length: 3", "Date: \(Self.date)"]) : .error(403, code, ["Date: \(Self.date)"])
    }
    #expect(failure { _ = try run.store.list("x") }?.retry != nil)
    #expect(run.server.requests.count == 2)
    _ = failure { _ = try run.store.list("x") }
    #expect(run.server.requests.count == 3)
    #expect(run.notices.all.count == 1)
  }

  @Test("a store that denies for ever is not asked for ever")
  func denies() throws {
    let run = try ScriptedStore(
      credentials: (0..<5).map { HandedCredentials.make("KEY\($0)", "secret", token: "token") }
    ) { _ in .error(400, "ExpiredToken", ["Date: \(Self.date)"]) }
    #expect(failure { _ = try run.store.list("") }?.code == .storeDenied)
    // The clock once, the credentials once.
    #expect(run.server.requests.count == 3)
  }

  @Test("credentials that have ended are exchanged for new ones, with the body sent again")
  func expired() throws {
    let run = try ScriptedStore(
      credentials: ["OLD", "NEW"].map { HandedCredentials.make($0, "secret", token: "token-\($0)") },
      settings: { $0.writeOnce = .honoured }
    ) { request in
      request.headers["x-amz-security-token"] == "token-NEW" ? .status(200) : .error(400, "ExpiredToken")
    }
    try run.store.put(path("a"), [1, 2, 3])
    #expect(run.server.requests.count == 2)
    #expect(run.server.requests.last?.body == [1, 2, 3])
    #expect(run.server.requests.last?.headers["authorization"]?.contains("Credential=NEW/") == true)
  }

  @Test("nobody listens, nobody has the name: both are faults that may pass")
  func nobody() throws {
    let gone = ScriptedServer { _ in .status(200) }.endpoint
    for address in [gone, "http://nothing.invalid"] {
      var settings = S3Settings(bucket: "bucket", prefix: "", endpoint: try S3Endpoint(address), region: "eu")
      settings.connectTimeout = 5
      let store = try S3Store(
        settings, credentials: HandedCredentials([HandedCredentials.make("KEY", "secret")]), stop: StopSignal(),
        notices: { _ in })
      let failure = try #require(failure { try store.put(path("a"), [1]) })
      #expect(failure.code == .storeUnavailable)
      #expect(failure.retry == RetryAdvice())
    }
  }
}
