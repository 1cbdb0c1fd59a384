import Bytes
import Pipeline
import StoreS3
import TestKit
import Testing

@Suite("Roles: credentials that STS hands out")
struct RoleCredentialsTests {
  private static func answer(_ key: String, action: String = "AssumeRole") -> HTTPAnswer {
    .text(
      """
      <?xml version="1.0"?>
      <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
      <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/lifeboat</Arn></AssumedRoleUser>
      <Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey>
      <SessionToken>tok/+=</SessionToken><Expiration>2026-11-21T13:00:00Z</Expiration></Credentials>
      </\(action)Result></\(action)Response>
      """)
  }

  private static let config = """
    [profile base]
    aws_access_key_id = BASE
    aws_secret_access_key = basesecret
    region = eu-west-1
    [profile one]
    role_arn = arn:aws:iam::1:role/one two
    source_profile = base
    external_id = a+b
    role_session_name = nightly
    duration_seconds = 900
    region = eu-west-1
    [profile two]
    role_arn = arn:aws:iam::1:role/two
    source_profile = one
    region = eu-west-1
    [profile env]
    role_arn = arn:aws:iam::1:role/env
    credential_source = Environment
    """

  @Test("a role with another profile's keys: one signed request to the region's service")
  func role() throws {
    let exchange = ScriptedExchange { _ in Self.answer("ASIA1") }
    let scene = try SharedScene(exchange, config: Self.config)
    let credentials = try scene.credentials(["AWS_PROFILE": "one"])
    #expect(credentials.accessKey == "ASIA1")
    #expect(credentials.secretText == "a&b")
    #expect(credentials.sessionToken == "tok/+=")
    #expect(credentials.expiry == 1_795_266_000_000_000_000)
    #expect(credentials.source.contains("role/one"))
    let request = try #require(exchange.requests.first)
    #expect(exchange.requests.count == 1)
    #expect(request.line == "POST https://sts.eu-west-1.amazonaws.com/")
    #expect(
      request.text
        == "Action=AssumeRole&DurationSeconds=900&ExternalId=a%2Bb&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fone%20two"
        + "&RoleSessionName=nightly&Version=2011-06-15")
    let authorization = try #require(request.header("authorization"))
    #expect(authorization.contains("Credential=BASE/"))
    #expect(authorization.contains("/eu-west-1/sts/aws4_request"))
    #expect(!authorization.contains("basesecret"))
    #expect(request.header("x-amz-content-sha256") == nil)
  }

  @Test("a role by way of another role")
  func chain() throws {
    let exchange = ScriptedExchange { request in
      Self.answer(request.text.contains("role%2Ftwo") ? "SECOND" : "FIRST")
    }
    let scene = try SharedScene(exchange, config: Self.config)
    #expect(try scene.credentials(["AWS_PROFILE": "two"]).accessKey == "SECOND")
    #expect(exchange.requests.count == 2)
    #expect(exchange.requests[1].header("authorization")?.contains("Credential=FIRST/") == true)
    #expect(exchange.requests[1].header("x-amz-security-token") == "tok/+=")
  }

  @Test("keys of the environment for a profile's role")
  func environment() throws {
    let exchange = ScriptedExchange { _ in Self.answer("ASIA") }
    let scene = try SharedScene(exchange, config: Self.config)
    let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]
    let credentials = try scene.credentials(keys, S3Choices(awsProfile: "env"))
    #expect(credentials.accessKey == "ASIA")
    #expect(exchange.requests[0].header("authorization")?.contains("Credential=ENV/") == true)
  }

  @Test("the token of another provider: an unsigned request, the token read anew each time")
  func webIdentity() throws {
    let exchange = ScriptedExchange { _ in Self.answer("WEB", action: "AssumeRoleWithWebIdentity") }
    let scene = try SharedScene(exchange)
    let token = scene.folder.path("token")
    let variables = [
      "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod", "AWS_REGION": "us-west-2",
      "AWS_ROLE_SESSION_NAME": "pod",
    ]
    #expect(code { _ = try scene.credentials(variables) } == .storeDenied)
    try Files.write(token, Array("eyJ.one\n".utf8))
    let provider = try scene.resolve(variables).credentials
    let first = try provider.credentials()
    #expect(first.accessKey == "WEB")
    #expect(exchange.requests[0].header("authorization") == nil)
    #expect(exchange.requests[0].line == "POST https://sts.us-west-2.amazonaws.com/")
    #expect(exchange.requests[0].text.contains("WebIdentityToken=eyJ.one"))
    #expect(exchange.requests[0].text.contains("Action=AssumeRoleWithWebIdentity"))
    try Files.write(token, Array("eyJ.two".utf8))
    provider.discard(first)
    _ = try provider.credentials()
    #expect(exchange.requests[1].text.contains("WebIdentityToken=eyJ.two"))
    let half = try #require(failure { _ = try scene.credentials(["AWS_WEB_IDENTITY_TOKEN_FILE": token]) })
    #expect(half.what.contains("AWS_ROLE_ARN"))
  }

  @Test("the service's address: its own variable, the general one, the shared files")
  func endpoint() throws {
    let cases: [([String: String], String)] = [
      (["AWS_ENDPOINT_URL_STS": "http://a:1", "AWS_ENDPOINT_URL": "http://b:2"], "POST http://a:1/"),
      (["AWS_ENDPOINT_URL": "http://b:2"], "POST http://b:2/"),
      (["AWS_ENDPOINT_URL_S3": "http://c:3"], "POST https://sts.eu-west-1.amazonaws.com/"),
      (["AWS_REGION": "cn-north-1"], "POST https://sts.cn-north-1.amazonaws.com.cn/"),
      (["AWS_REGION": "default region"], "POST https://sts.us-east-1.amazonaws.com/"),
    ]
    for (variables, line) in cases {
      let exchange = ScriptedExchange { _ in Self.answer("ASIA") }
      let scene = try SharedScene(exchange, config: Self.config)
      let extra = ["AWS_PROFILE": "one", "AWS_ENDPOINT_URL_S3": "http://s3:1"].merging(variables) { _, new in new }
      _ = try scene.credentials(extra)
      #expect(exchange.requests.map(\.line) == [line])
    }
  }

  @Test("a refusal says why; what may pass is to be tried again")
  func refusals() throws {
    func failing(_ status: Int, _ body: String) throws -> Failure {
      let exchange = ScriptedExchange { _ in .text(body, status: status) }
      let scene = try SharedScene(exchange, config: Self.config)
      return try #require(failure { _ = try scene.credentials(["AWS_PROFILE": "one"]) })
    }
    let denied = try failing(
      403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>")
    #expect(denied.code == .storeDenied)
    #expect(denied.what.contains("AccessDenied: not you"))
    #expect(denied.retry == nil)
    let busy = try failing(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")
    #expect(busy.code == .storeUnavailable)
    #expect(busy.retry?.isThrottled == true)
    #expect(try failing(503, "").retry != nil)
    #expect(try failing(200, "<html>").code == .storeDenied)
    #expect(try failing(200, "<a><AccessKeyId>A</AccessKeyId></a>").code == .storeDenied)
  }
}
