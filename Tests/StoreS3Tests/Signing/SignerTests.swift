import Bytes
import Cryptography
import StoreS3
import TestKit
import Testing

@Suite("The signature of requests")
struct SignerTests {
  struct Vector: Sendable {
    let name: String
    let method: String
    let path: String
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = ""
    var token: String?
    let signature: String
  }

  /// A request of S3 is dated in May 2013, one of the general suite in August 2015.
  private static let s3Time: UInt64 = 1_369_353_600_000_000_000
  private static let suiteTime: UInt64 = 1_440_938_160_000_000_000

  private func signed(
    _ vector: Vector, host: String, service: String, secret: String, key: String, at time: UInt64
  ) -> [(name: String, value: String)] {
    let credentials = S3Credentials(
      accessKey: key, secret: Secret(copying: secret.utf8), sessionToken: vector.token, expiry: nil, source: "a test")
    let target = S3Signer.Target(
      method: vector.method, host: host, path: RequestEncoding.path(vector.path),
      query: RequestEncoding.query(vector.query))
    return S3Signer(region: "us-east-1", service: service)
      .sign(
        target, headers: vector.headers, body: ObjectDigest.name(of: Array(vector.body.utf8)), with: credentials,
        at: time)
  }

  static let s3Vectors = [
    Vector(
      name: "a part of an object", method: "GET", path: "/test.txt", headers: [("Range", "bytes=0-9")],
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Vector(
      name: "a put", method: "PUT", path: "/test$file.text",
      headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      body: "Welcome to Amazon S3.",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Vector(
      name: "a name without a value", method: "GET", path: "/", query: [("lifecycle", "")],
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Vector(
      name: "a listing", method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")],
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  @Test("is that of the examples in the manual of S3", arguments: s3Vectors)
  func s3(_ vector: Vector) throws {
    let headers = signed(
      vector, host: "examplebucket.s3.amazonaws.com", service: "s3",
      secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", key: "AKIAIOSFODNN7EXAMPLE", at: Self.s3Time)
    let authorization = try #require(headers.first { $0.name == "Authorization" })
    #expect(authorization.value.hasSuffix("Signature=\(vector.signature)"))
    #expect(authorization.value.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"))
    #expect(
      headers.contains {
        $0.name == "x-amz-content-sha256" && $0.value == ObjectDigest.name(of: Array(vector.body.utf8)).hex
      })
  }

  private static let token =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
    + "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNV"
    + "XAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

  static let suite = [
    Vector(
      name: "get-vanilla", method: "GET", path: "/",
      signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-vanilla-query-order-key-case", method: "GET", path: "/",
      query: [("Param2", "value2"), ("Param1", "value1")],
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector(
      name: "get-vanilla-empty-query-key", method: "GET", path: "/", query: [("Param1", "value1")],
      signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    Vector(
      name: "get-unreserved", method: "GET",
      path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    Vector(
      name: "get-utf8", method: "GET", path: "/ሴ",
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector(
      name: "get-header-value-trim", method: "GET", path: "/",
      headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    Vector(
      name: "post-vanilla", method: "POST", path: "/",
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(
      name: "post-sts-header-before", method: "POST", path: "/", token: token,
      signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    Vector(
      name: "post-x-www-form-urlencoded", method: "POST", path: "/",
      headers: [("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
  ]

  @Test("is that of the published suite of AWS", arguments: suite)
  func general(_ vector: Vector) throws {
    let headers = signed(
      vector, host: "example.amazonaws.com", service: "service",
      secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", key: "AKIDEXAMPLE", at: Self.suiteTime)
    let authorization = try #require(headers.first { $0.name == "Authorization" })
    #expect(authorization.value.hasSuffix("Signature=\(vector.signature)"), "\(vector.name)")
    #expect(!headers.contains { $0.name == "x-amz-content-sha256" })
    #expect(headers.first { $0.name == "x-amz-security-token" }?.value == vector.token)
  }

  @Test("is made with the right key again after the day, the secret or the credentials changed")
  func keysAreNotMixedUp() {
    let signer = S3Signer(region: "us-east-1")
    let credentials = ["one", "two"].map {
      S3Credentials(
        accessKey: "key", secret: Secret(copying: $0.utf8), sessionToken: nil, expiry: nil, source: "a test")
    }
    let day: UInt64 = 86_400_000_000_000
    func sign(_ signer: S3Signer, _ number: Int, _ time: UInt64) -> String {
      let target = S3Signer.Target(method: "GET", host: "host", path: "/")
      return signer.sign(target, headers: [], body: S3Signer.emptyBody, with: credentials[number], at: time)
        .map(\.value).joined(separator: "\n")
    }
    for (number, time) in [(0, Self.s3Time), (1, Self.s3Time), (1, Self.s3Time + day), (0, Self.s3Time + day)] {
      #expect(sign(signer, number, time) == sign(S3Signer(region: "us-east-1"), number, time))
    }
  }
}

@Suite("The encoding of requests")
struct RequestEncodingTests {
  @Test("spares the unreserved characters alone, and slashes in paths")
  func encoding() {
    #expect(RequestEncoding.part("aZ09-._~") == "aZ09-._~")
    #expect(RequestEncoding.part("a b+c/d%e") == "a%20b%2Bc%2Fd%25e")
    #expect(RequestEncoding.path("/a b/(c)!*'/é\n") == "/a%20b/%28c%29%21%2A%27/%C3%A9%0A")
  }

  @Test("sorts a query by its encoded bytes and gives every name its sign of equality")
  func query() {
    #expect(RequestEncoding.query([]) == "")
    #expect(
      RequestEncoding.query([("b", "2"), ("a", "é"), ("a", "B"), ("versions", "")]) == "a=%C3%A9&a=B&b=2&versions=")
    // Sorted after encoding: "%" comes before letters.
    #expect(RequestEncoding.query([("aa", "1"), ("a+", "2")]) == "a%2B=2&aa=1")
  }
}

@Suite("Times of requests")
struct SigningTimeTests {
  @Test("are written in three ways")
  func writing() {
    let time = SigningTime(1_369_353_600_999_999_999)
    #expect(time.text == "20130524T000000Z")
    #expect(time.day == "20130524")
    #expect(time.dashed == "2013-05-24T00:00:00Z")
    #expect(SigningTime(0).dashed == "1970-01-01T00:00:00Z")
    #expect(SigningTime(18_446_744_073_709_551_615).dashed == "2554-07-21T23:34:33Z")
  }

  @Test("are read from headers, and from nothing else")
  func reading() {
    #expect(SigningTime.ofHeader("Fri, 24 May 2013 00:00:00 GMT") == 1_369_353_600_000_000_000)
    #expect(SigningTime.ofHeader("Thu, 29 Feb 2024 23:59:60 GMT") == 1_709_251_200_000_000_000)
    for text in [
      "", "Fri, 24 May 2013 00:00:00", "Fri, 24 Mai 2013 00:00:00 GMT", "Fri, 24 May 2013 24:00:00 GMT",
      "Fri, 99 May 2013 00:00:00 GMT", "Fri, 24 May 213 00:00:00 GMT", "Fri, 24 May 2013 00:00 GMT",
      "Fri, 24 May 2013 -1:00:00 GMT", "2013-05-24T00:00:00Z", "Fri, 24 May 2013 00:00:00 CET",
    ] { #expect(SigningTime.ofHeader(text) == nil, "\(text)") }
  }
}
