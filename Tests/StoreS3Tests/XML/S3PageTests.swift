import Bytes
import StoreS3
import TestKit
import Testing

@Suite("Pages of listings")
struct S3PageTests {
  static let objects = """
    <?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment with <tags> in it -->
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p/</Prefix>
      <KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>
      <NextContinuationToken>l/7/00587+ &#233;&amp;&lt;=/ </NextContinuationToken>
      <Contents><Key>p/a &amp; b &lt;&gt;&quot;&apos;&#x1F600;&#13;</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified>
        <ETag>&quot;0&quot;</ETag><Size>0</Size><Owner><ID>1</ID><DisplayName/></Owner></Contents>
      <Contents><Size>18446744073709551615</Size><Key>p/c</Key></Contents>
      <s3:Contents><Key>p/d</Key><Size>7</Size><Restore state='>'/></s3:Contents>
      <CommonPrefixes><Prefix>p/e/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/f/</Prefix></CommonPrefixes>
    </ListBucketResult>
    """

  static let versions = """
    <ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>
    <NextVersionIdMarker>v2</NextVersionIdMarker>
    <DeleteMarker><Key>k</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest></DeleteMarker>
    <Version><Key>k</Key><VersionId>v2</VersionId><IsLatest>false</IsLatest><Size>3</Size></Version>
    <Version><Key>k</Key><VersionId>null</VersionId><Size>4</Size></Version></ListVersionsResult>
    """

  @Test("objects, folders and the odd mark of the next page are read")
  func reading() throws {
    let page = try S3Page(objects: Array(Self.objects.utf8))
    #expect(page.entries.map(\.key) == ["p/a & b <>\"'😀\r", "p/c", "p/d"])
    #expect(page.entries.map(\.size) == [0, .max, 7])
    #expect(page.prefixes == ["p/e/", "p/f/"])
    #expect(page.token == "l/7/00587+ é&<=/ ")
  }

  @Test("versions are read, and markers of deletions passed over")
  func readingVersions() throws {
    let page = try S3Page(versions: Array(Self.versions.utf8))
    #expect(page.entries.map(\.version) == ["v2", "null"])
    #expect(page.entries.map(\.isLatest) == [false, false])
    #expect(page.next == .after(key: "k", version: "v2"))
  }

  @Test("the last page has no next, whatever else it says")
  func lastPage() throws {
    for end in ["<IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken>", ""] {
      let page = try S3Page(objects: Array("<ListBucketResult>\(end)</ListBucketResult>".utf8))
      #expect(page.token == nil)
      #expect(page.entries.isEmpty)
    }
  }

  @Test("a page that ends early is no page, wherever it ends")
  func truncated() {
    for document in [Self.objects, Self.versions] {
      let bytes = Array(document.utf8)
      for count in 0..<(bytes.count - 1) {
        let error = #expect(throws: Failure.self, "\(count)") {
          _ =
            document == Self.objects
            ? try S3Page(objects: Array(bytes[..<count])) : try S3Page(versions: Array(bytes[..<count]))
        }
        #expect(error?.code == .storeUnavailable)
      }
    }
  }

  static let broken = [
    "", "no XML", "<html><body>503</body></html>", "<Error><Code>x</Code></Error>", "<ListBucketResult/>x<",
    "<ListBucketResult></ListVersionsResult>", "<ListBucketResult><Contents></ListBucketResult></Contents>",
    "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key><Size>99999999999999999999</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a&b;</Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>&#xD800;</Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key><b>a</b></Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>", "< ListBucketResult/>",
    String(repeating: "<ListBucketResult>", count: 100_000),
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken></ListBucketResult>",
  ]

  @Test("what is no listing is refused", arguments: broken.indices)
  func refused(_ index: Int) {
    let document = Self.broken[index]
    // What follows the one element does not matter.
    if document.hasPrefix("<ListBucketResult/>") { return }
    let error = #expect(throws: Failure.self, "\(document.prefix(80))") { try S3Page(objects: Array(document.utf8)) }
    #expect(error?.code == .storeUnavailable)
  }

  @Test("changed bytes are read or refused, and nothing worse")
  func fuzzed() {
    var read = 0
    fuzz(seed: 31, count: 3000) { _, random in
      let document = random.mutation(of: Array((random.next() & 1 == 0 ? Self.objects : Self.versions).utf8))
      if (try? S3Page(objects: document)) != nil { read += 1 }
      if (try? S3Page(versions: document)) != nil { read += 1 }
      _ = S3Error(document: document)
    }
    #expect(read > 0)
  }
}

@Suite("What a store says of a refusal")
struct S3ErrorTests {
  @Test("code, message and region are read")
  func reading() {
    let text = """
      <?xml version="1.0"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu'</Message>
      <Region>eu-central-1</Region><HostId>x</HostId></Error>
      """
    #expect(
      S3Error(document: Array(text.utf8))
        == S3Error(code: "AuthorizationHeaderMalformed", message: "expecting 'eu'", region: "eu-central-1"))
  }

  @Test("what came before it broke off counts, and what is no such document says nothing")
  func broken() {
    #expect(S3Error(document: Array("<Error><Code>SlowDown</Code><Mess".utf8)).code == "SlowDown")
    for text in ["", "<html><Code>x</Code></html>", "Service Unavailable"] {
      #expect(S3Error(document: Array(text.utf8)) == S3Error())
    }
  }

  @Test("nothing in it moves a terminal's cursor")
  func controls() {
    let error = S3Error(document: Array("<Error><Message>a\u{1b}[2Jb&#10;c</Message></Error>".utf8))
    #expect(error.message == "a [2Jb c")
  }
}
