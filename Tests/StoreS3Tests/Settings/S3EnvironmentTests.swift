import Bytes
import Pipeline
import StoreS3
import TestKit
import Testing

@Suite("Where a store is: profile, environment, shared files")
struct S3EnvironmentTests {
  private static let config = """
    [default]
    region = eu-west-1
    [profile minio]
    region = home
    endpoint_url = http://general:9000
    services = local
    ca_bundle = /etc/ca.pem
    s3 =
      addressing_style = virtual
    [profile old]
    s3 =
      endpoint_url = https://old.example
    [profile ignoring]
    endpoint_url = http://general:9000
    ignore_configured_endpoint_urls = true
    [profile odd]
    s3 =
      addressing_style = sideways
    [services local]
    s3 =
      endpoint_url = http://s3.local:9000/
    """

  private func settings(_ variables: [String: String], _ choices: S3Choices = S3Choices()) throws -> S3Settings {
    try SharedScene(config: Self.config).resolve(variables, choices).settings
  }

  @Test("without a word from anyone: AWS in the region of the shared files, the bucket in the host's name")
  func amazon() throws {
    let settings = try settings([:])
    #expect(settings.endpoint.url == "https://s3.eu-west-1.amazonaws.com")
    #expect(settings.region == "eu-west-1")
    #expect(!settings.endpoint.isPathStyle)
    #expect(settings.caFile == nil)
    #expect(settings.bucket == "bucket")
  }

  @Test("the nearer the word the more it counts: profile, service's variable, general variable, services, profile")
  func endpoints() throws {
    let aws = ["AWS_PROFILE": "minio"]
    #expect(try settings(aws).endpoint.url == "http://s3.local:9000")
    #expect(try settings(["AWS_PROFILE": "old"]).endpoint.url == "https://old.example")
    var variables = aws
    variables["AWS_ENDPOINT_URL"] = "https://general.example"
    #expect(try settings(variables).endpoint.url == "https://general.example")
    variables["AWS_ENDPOINT_URL_S3"] = "https://s3.example:8443"
    #expect(try settings(variables).endpoint.url == "https://s3.example:8443")
    let choices = S3Choices(endpoint: "http://127.0.0.1:18000")
    #expect(try settings(variables, choices).endpoint.url == "http://127.0.0.1:18000")
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    #expect(try settings(variables).endpoint.url == "https://s3.home.amazonaws.com")
    #expect(try settings(variables, choices).endpoint.url == "http://127.0.0.1:18000")
    #expect(try settings(["AWS_PROFILE": "ignoring"]).endpoint.url == "https://s3.us-east-1.amazonaws.com")
  }

  @Test("regions: profile, two variables, shared files, the endpoint's name, us-east-1")
  func regions() throws {
    #expect(try settings(["AWS_DEFAULT_REGION": "b"]).region == "b")
    #expect(try settings(["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"]).region == "a")
    #expect(try settings(["AWS_REGION": "a"], S3Choices(region: "c")).region == "c")
    let none = ["AWS_PROFILE": "old"]
    let named = [
      ("https://s3.us-west-002.backblazeb2.com", "us-west-002"), ("https://s3.dualstack.eu-a.amazonaws.com", "eu-a"),
      ("https://example.com", "us-east-1"), ("https://s3.example.com", "us-east-1"),
      ("http://127.0.0.1:1", "us-east-1"),
    ]
    for (url, region) in named { #expect(try settings(none, S3Choices(endpoint: url)).region == region) }
    #expect(try settings(["AWS_REGION": "cn-north-1"]).endpoint.url == "https://s3.cn-north-1.amazonaws.com.cn")
    #expect(
      try settings(["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"]).endpoint.url
        == "https://s3-fips.dualstack.eu-west-1.amazonaws.com")
  }

  @Test("addressing and certificates")
  func others() throws {
    let minio = ["AWS_PROFILE": "minio"]
    #expect(try !settings(minio).endpoint.isPathStyle)
    #expect(try settings(minio, S3Choices(isPathStyle: true)).endpoint.isPathStyle)
    #expect(try settings([:], S3Choices(isPathStyle: true)).endpoint.isPathStyle)
    #expect(try settings([:], S3Choices(endpoint: "https://minio.example")).endpoint.isPathStyle)
    #expect(try settings(minio).caFile == "/etc/ca.pem")
    #expect(try settings(minio.merging(["AWS_CA_BUNDLE": "/b"]) { $1 }).caFile == "/b")
    #expect(try settings(minio.merging(["AWS_CA_BUNDLE": "/b"]) { $1 }, S3Choices(caFile: "/c")).caFile == "/c")
  }

  @Test("what means nothing is refused, with where it stands and no password")
  func refused() throws {
    let bad: [([String: String], S3Choices, String)] = [
      (["AWS_ENDPOINT_URL": "example.com"], S3Choices(), "AWS_ENDPOINT_URL"),
      (["AWS_ENDPOINT_URL_S3": "https://user:SECRETTEXT@example.com"], S3Choices(), "AWS_ENDPOINT_URL_S3"),
      ([:], S3Choices(endpoint: "ftp://x"), "endpoint"),
      (["AWS_REGION": "eu/west"], S3Choices(), ""),
      (["AWS_PROFILE": "odd"], S3Choices(), "profile odd"),
    ]
    for (variables, choices, place) in bad {
      let error = try #require(failure { _ = try settings(variables, choices) }, "\(variables)")
      #expect(error.code == .usage)
      #expect(error.place.contains(place), "\(error)")
      #expect(!error.description.contains("SECRETTEXT"))
    }
  }

  @Test("a home folder without HOME")
  func home() throws {
    let environment = S3Environment(variables: [
      "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    ])
    #expect(
      try environment.resolve(bucket: "b", prefix: "p", stop: StopSignal(), exchange: ScriptedExchange.silence())
        .settings.prefix == "p")
  }
}
