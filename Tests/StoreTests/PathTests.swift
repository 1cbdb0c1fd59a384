import Bytes
import Store
import TestKit
import Testing

@Suite("Paths and locations")
struct PathTests {
  @Test("valid paths", arguments: ["a", "a/b", "writers/0af3/packs/00/ff", "rescue/ab/FORMAT.md", "a.b-c_d", "0"])
  func valid(text: String) throws {
    let path = try #require(StorePath(text))
    #expect(path.text == text)
    #expect(path.components.joined(separator: "/") == text)
    #expect(path.name == text.split(separator: "/").last.map(String.init))
  }

  @Test(
    "what could mean something else is no path",
    arguments: [
      "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", ".hidden", "a/.hidden", "a b", "a\\b", "ä",
      "a\0b",
      "a\nb", "a:b", "a%2fb", "~", "a*", "a?b", "e\u{301}",
    ])
  func invalid(text: String) {
    #expect(StorePath(text) == nil)
    let error = #expect(throws: Failure.self) { try StorePath(checking: text) }
    #expect(error?.code == .defect)
  }

  @Test("lengths are limited")
  func lengths() {
    #expect(StorePath(String(repeating: "a", count: 255)) != nil)
    #expect(StorePath(String(repeating: "a", count: 256)) == nil)
    #expect(StorePath(Array(repeating: "aaa", count: 128).joined(separator: "/")) != nil)
    #expect(StorePath(Array(repeating: "aaa", count: 129).joined(separator: "/")) == nil)
  }

  @Test("paths are ordered by their bytes")
  func order() throws {
    let sorted = try ["A", "a", "a-b", "a.b", "a/b", "a0", "aa", "b"].map { try StorePath(checking: $0) }
    #expect(sorted.shuffled().sorted() == sorted)
  }

  @Test("random text is a path only if every byte is allowed")
  func random() {
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./".utf8)
    fuzz(seed: 31, count: 2000) { _, random in
      let bytes = (0..<random.number(in: 0...8)).map { _ in Array("ab./-_A0 \n%".utf8)[random.number(in: 0...10)] }
      let text = String(decoding: bytes, as: UTF8.self)
      if StorePath(text) != nil {
        #expect(bytes.allSatisfy { allowed.contains($0) })
        #expect(!"/\(text)/".contains("//") && !"/\(text)/".contains("/."))
      }
    }
  }

  @Test(
    "locations are plain paths or file addresses",
    arguments: [
      ("/srv/store", "/srv/store"), ("store", "store"), ("./store", "./store"), ("file:///srv/store", "/srv/store"),
      ("file:///srv/my%20store", "/srv/my store"), ("FILE:///srv", "/srv"), ("file://localhost/srv", "/srv"),
      ("a:b", "a:b"), ("/srv/a://b", "/srv/a://b"), ("c://x", "c://x"),
    ])
  func locations(text: String, path: String) throws {
    #expect(try StoreLocation(text) == .local(path))
  }

  @Test(
    "locations are buckets with a prefix",
    arguments: [
      ("s3://bucket", "bucket", ""), ("S3://bucket/", "bucket", ""), ("s3://my.bucket/a", "my.bucket", "a"),
      ("s3://bucket/a/b-c/", "bucket", "a/b-c"),
    ])
  func buckets(text: String, bucket: String, prefix: String) throws {
    #expect(try StoreLocation(text) == .s3(bucket: bucket, prefix: prefix))
  }

  @Test(
    "what cannot be opened is a mistake of usage",
    arguments: [
      "", "s3://", "s3://bu/prefix", "s3://bucket//prefix", "s3://bucket/pre fix", "https://example.org",
      "file://host/path", "file://", "file:///a%zz",
      "file:///a%", "file:///a%00", "a\0b",
    ])
  func refused(text: String) {
    let error = #expect(throws: Failure.self) { try StoreLocation(text) }
    #expect(error?.code == .usage)
  }
}
