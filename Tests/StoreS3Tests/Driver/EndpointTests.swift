import Bytes
import StoreS3
import TestKit
import Testing

@Suite("Endpoints")
struct EndpointTests {
  @Test("are read with scheme, host, port and path")
  func reading() throws {
    for (text, url) in [
      ("https://s3.example.com", "https://s3.example.com"), ("HTTPS://S3.Example.COM/", "https://s3.example.com"),
      ("http://127.0.0.1:9000", "http://127.0.0.1:9000"), ("https://host:443", "https://host"),
      ("http://host:80/", "http://host"), ("http://[::1]:9000/a/b/", "http://[::1]:9000/a/b"),
      ("https://[fd00::1]", "https://[fd00::1]"),
    ] { #expect(try S3Endpoint(text).url == url) }
  }

  @Test("anything else is refused, and a password in it not repeated")
  func refused() {
    for text in [
      "", "host", "host:9000", "ftp://host", "https://", "https:///path", "https://host:0", "https://host:70000",
      "https://host:x", "https://ho st", "https://host/a?b", "https://host/a b", "https://user:pass-word@host",
      "https://[::1", "https://é",
    ] {
      let failure = failure { _ = try S3Endpoint(text) }
      #expect(failure?.code == .usage, "\(text)")
      #expect(failure?.description.contains("pass-word") != true)
    }
  }

  @Test("the bucket stands in the host's name on AWS, and in the path elsewhere, unless told otherwise")
  func style() throws {
    #expect(try !S3Endpoint("https://s3.eu-central-1.amazonaws.com").isPathStyle)
    #expect(try !S3Endpoint.amazon(region: "eu-central-1").isPathStyle)
    #expect(try S3Endpoint.amazon(region: "cn-north-1").url == "https://s3.cn-north-1.amazonaws.com.cn")
    #expect(try S3Endpoint("https://example.com").isPathStyle)
    #expect(try S3Endpoint("https://notamazonaws.com").isPathStyle)
    #expect(try !S3Endpoint("https://example.com", isPathStyle: false).isPathStyle)
    #expect(failure { _ = try S3Endpoint.amazon(region: "a/b") }?.code == .usage)
  }

  @Test("this machine is known")
  func loopback() throws {
    for text in ["http://localhost:1", "http://b.localhost", "http://127.0.0.1", "http://[::1]:5"] {
      #expect(try S3Endpoint(text).isLoopback, "\(text)")
    }
    #expect(try !S3Endpoint("http://localhost.example.com").isLoopback)
  }
}

@Suite("Quirks of stores")
struct QuirkTests {
  @Test("are found by host, and by no more than it")
  func found() {
    #expect(S3Quirks.of(host: "s3.eu-central-1.amazonaws.com").name == "AWS")
    #expect(S3Quirks.of(host: "amazonaws.com.example.com") == .unknown)
    #expect(S3Quirks.of(host: "s3.eu-central-1.amazonaws.com").writeOnce == .honoured)
    #expect(S3Quirks.of(host: "127.0.0.1") == .unknown)
  }
}
