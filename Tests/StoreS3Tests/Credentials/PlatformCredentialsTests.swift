import Bytes
import StoreS3
import TestKit
import Testing

private let json = """
  {"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-21T13:00:00Z"}
  """

@Suite("Credentials of a container")
struct ContainerCredentialsTests {
  @Test("a relative address goes to the agent, with the token, and through no proxy")
  func relative() throws {
    let exchange = ScriptedExchange { _ in .text(json) }
    let source = ContainerCredentials(
      ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "abc"],
      exchange: exchange)
    let credentials = try #require(try found(source))
    #expect(credentials.accessKey == "ASIA1")
    #expect(credentials.sessionToken == "t")
    #expect(exchange.requests.map(\.line) == ["GET http://169.254.170.2/v2/x"])
    #expect(exchange.requests[0].header("authorization") == "abc")
    #expect(exchange.requests[0].isDirect)
  }

  @Test("the token's file counts before the variable, and is read each time")
  func tokenFile() throws {
    let folder = TemporaryFolder()
    let exchange = ScriptedExchange { _ in .text(json) }
    let source = ContainerCredentials(
      [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:51679/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "old",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": folder.path("token"),
      ], exchange: exchange)
    #expect(code { _ = try source.look() } == .storeDenied)
    for token in ["one", "two"] {
      try Files.write(folder.path("token"), Array(token.utf8))
      _ = try source.look()
      #expect(exchange.requests.last?.header("authorization") == token)
    }
    try Files.write(folder.path("token"), Array("a\r\nb: c".utf8))
    #expect(code { _ = try source.look() } == .storeDenied)
  }

  @Test("plain HTTP is spoken with this host alone")
  func hosts() throws {
    let exchange = ScriptedExchange { _ in .text(json) }
    func look(_ url: String) -> Failure.Code? {
      code { _ = try ContainerCredentials(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], exchange: exchange).look() }
    }
    for url in [
      "https://anything.example/x", "http://localhost/x", "http://127.9.9.9:80/x", "http://169.254.170.23/v1",
      "http://[fd00:ec2::23]/v1", "http://[::1]:80/",
    ] { #expect(look(url) == nil, "\(url)") }
    for url in [
      "http://example.com/x", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/", "ftp://localhost/",
      "http://169.254.170.2.evil/", "http://[::2]/", "localhost",
    ] { #expect(look(url) == .storeDenied, "\(url)") }
  }

  @Test("nothing is configured: nobody is asked")
  func absent() throws {
    let exchange = ScriptedExchange.silence()
    #expect(try found(ContainerCredentials([:], exchange: exchange)) == nil)
    #expect(exchange.requests.isEmpty)
  }

  @Test("a refusal is final, an overload is not")
  func refusals() throws {
    for (status, expected) in [(403, Failure.Code.storeDenied), (500, .storeUnavailable), (429, .storeUnavailable)] {
      let exchange = ScriptedExchange { _ in .text("{}", status: status) }
      let source = ContainerCredentials(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], exchange: exchange)
      let error = try #require(failure { _ = try source.look() })
      #expect(error.code == expected)
      #expect((error.retry != nil) == (expected == .storeUnavailable))
    }
    let garbage = ScriptedExchange { _ in .text("<html>secret</html>") }
    let source = ContainerCredentials(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], exchange: garbage)
    let error = try #require(failure { _ = try source.look() })
    #expect(error.code == .storeDenied)
    #expect(!error.description.contains("secret"))
  }
}

@Suite("Credentials of an instance")
struct InstanceCredentialsTests {
  private static let base = "http://169.254.169.254/latest"

  private static func service(
    _ request: HTTPRequest, credentials: String = json, roles: String = "backup-role\n"
  ) -> HTTPAnswer {
    switch request.line {
    case "PUT \(base)/api/token":
      request.header("x-aws-ec2-metadata-token-ttl-seconds") == nil ? .text("", status: 400) : .text("TOKEN")
    case _ where request.header("x-aws-ec2-metadata-token") != "TOKEN": .text("", status: 401)
    case "GET \(base)/meta-data/iam/security-credentials/": roles.isEmpty ? .text("", status: 404) : .text(roles)
    case "GET \(base)/meta-data/iam/security-credentials/backup-role": .text(credentials)
    default: .text("", status: 404)
    }
  }

  @Test("version 2: a token first, then the role's name, then its credentials; through no proxy, with short patience")
  func whole() throws {
    let exchange = ScriptedExchange { Self.service($0) }
    let credentials = try #require(try found(InstanceCredentials([:], exchange: exchange)))
    #expect(credentials.accessKey == "ASIA1")
    #expect(credentials.source == "the instance's role backup-role")
    #expect(exchange.requests.count == 3)
    #expect(exchange.requests.allSatisfy { $0.isDirect && $0.connectTimeout <= 1 })
  }

  @Test("switched off: nobody is asked")
  func disabled() throws {
    let exchange = ScriptedExchange { Self.service($0) }
    #expect(try found(InstanceCredentials(["AWS_EC2_METADATA_DISABLED": "TRUE"], exchange: exchange)) == nil)
    #expect(exchange.requests.isEmpty)
  }

  @Test("elsewhere: the address may be set, with a slash at its end or not")
  func endpoint() throws {
    let exchange = ScriptedExchange.silence()
    let variables = [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3",
    ]
    #expect(try found(InstanceCredentials(variables, exchange: exchange)) == nil)
    #expect(exchange.requests.map(\.line) == Array(repeating: "PUT http://127.0.0.1:1338/latest/api/token", count: 3))
    let other = ScriptedExchange.silence()
    _ = try InstanceCredentials(["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], exchange: other).look()
    #expect(other.requests.map(\.line) == ["PUT http://[fd00:ec2::254]/latest/api/token"])
  }

  @Test("no role, no service, another service: nothing is found")
  func absent() throws {
    #expect(
      try found(InstanceCredentials([:], exchange: ScriptedExchange { Self.service($0, roles: "") })) == nil)
    #expect(try found(InstanceCredentials([:], exchange: ScriptedExchange.silence())) == nil)
    for status in [400, 403, 404, 405, 500] {
      #expect(
        try found(InstanceCredentials([:], exchange: ScriptedExchange { _ in .text("no", status: status) })) == nil)
    }
    #expect(
      try found(InstanceCredentials([:], exchange: ScriptedExchange { Self.service($0, roles: "../../x\n") })) == nil)
  }

  @Test("once it has answered, silence is an outage")
  func outage() throws {
    let isUp = Counter(1)
    let exchange = ScriptedExchange { (request) throws(Failure) in
      guard isUp.value > 0 else { throw Failure(.storeUnavailable, "no answer", retry: RetryAdvice()) }
      return Self.service(request)
    }
    let source = InstanceCredentials([:], exchange: exchange)
    _ = try source.look()
    isUp.add(-1)
    let error = try #require(failure { _ = try source.look() })
    #expect(error.code == .storeUnavailable)
    #expect(error.retry != nil)
  }

  @Test("a code other than Success, or half of a key, is refused")
  func unusable() throws {
    for text in [
      #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no"}"#, #"{"Code":"Success","AccessKeyId":"A"}"#, "x",
    ] {
      let exchange = ScriptedExchange { Self.service($0, credentials: text) }
      #expect(code { _ = try InstanceCredentials([:], exchange: exchange).look() } == .storeDenied, "\(text)")
    }
  }
}
