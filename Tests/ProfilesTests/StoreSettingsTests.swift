import Bytes
import Glibc
import Profiles
import Testing

@Suite("The store of a profile")
struct StoreSettingsTests {
  private static func base(_ rest: String, repository: String = "s3://backups/main") -> String {
    "component: a\nrepository: \(repository)\nsource: {kind: stdin}\n\(rest)\n"
  }

  private static let whole = """
    store:
      endpoint: https://s3.example:9000
      region: eu-central-1
      aws-profile: backup
      addressing: virtual
      ca-file: ca.pem
      storage-class: STANDARD_IA
      encryption: {kms: "arn:aws:kms:eu-central-1:1:key/a-b"}
      lock: {mode: governance, days: 30}
      conditional-puts: false
      upload-limit: 10MiB/s
      download-limit: 1GB
      retry-for: 30m
    copies:
      - /mnt/copy
      - location: s3://other/main
        store: {endpoint: "http://[::1]:8080", region: default, upload-limit: 5MiB}
      - {location: copy, store: {download-limit: 2MiB}}
    """

  @Test("is read whole, with its copies")
  func whole() throws {
    let profile = try Samples.profile(Self.base(Self.whole))
    #expect(profile.repository == "s3://backups/main")
    var expected = StoreSettings()
    expected.endpoint = "https://s3.example:9000"
    expected.region = "eu-central-1"
    expected.awsProfile = "backup"
    expected.addressing = .virtual
    expected.certificates = "profiles/ca.pem"
    expected.storageClass = "STANDARD_IA"
    expected.encryption = .kms(key: "arn:aws:kms:eu-central-1:1:key/a-b")
    expected.lock = StoreSettings.Lock(mode: .governance, days: 30)
    expected.hasConditionalPuts = false
    expected.uploadLimit = ByteCount(10 << 20)
    expected.downloadLimit = ByteCount(1_000_000_000)
    expected.retryFor = Seconds(1_800)
    #expect(profile.store == expected)
    var second = StoreSettings()
    second.endpoint = "http://[::1]:8080"
    second.region = "default"
    second.uploadLimit = ByteCount(5 << 20)
    var third = StoreSettings()
    third.downloadLimit = ByteCount(2 << 20)
    #expect(
      profile.copies == [
        CopySettings(location: "/mnt/copy"), CopySettings(location: "s3://other/main", store: second),
        CopySettings(location: "profiles/copy", store: third),
      ])
  }

  @Test("stands on the effective profile with every value and its origin")
  func described() throws {
    let description = try Samples.profile(Self.base(Self.whole)).description
    for (key, value) in [
      ("repository", "s3://backups/main"), ("store.endpoint", "https://s3.example:9000"),
      ("store.ca-file", Samples.here("profiles/ca.pem")),
      ("store.encryption.kms", "arn:aws:kms:eu-central-1:1:key/a-b"),
      ("store.lock.mode", "governance"), ("store.lock.days", "30"), ("store.conditional-puts", "false"),
      ("store.upload-limit", "10MiB/s"), ("store.download-limit", "1GB/s"), ("store.retry-for", "30m"),
      ("copies[0]", "/mnt/copy"), ("copies[1].location", "s3://other/main"),
      ("copies[1].store.upload-limit", "5MiB/s"), ("copies[2].location", Samples.here("profiles/copy")),
    ] {
      #expect(description[key] == value)
    }
    #expect(description.entries.first { $0.key == "store.region" }?.origin == "profiles/test.yaml:6:11")
  }

  @Test(
    "takes every form of an encryption",
    arguments: [
      ("s3", StoreSettings.Encryption.s3), ("kms", .kms(key: nil)), ("{kms: a-b-c}", .kms(key: "a-b-c")),
      ("{customer: {file: key}}", .customer(.file("profiles/key"))),
      ("{customer: {command: [pass, key]}}", .customer(.command(["pass", "key"]))),
    ])
  func encryptions(text: String, expected: StoreSettings.Encryption) throws {
    let profile = try Samples.profile(Self.base("store: {encryption: \(text)}"))
    #expect(profile.store.encryption == expected)
    #expect(!profile.description.json.contains("secret"))
  }

  @Test(
    "is at a folder or in a bucket",
    arguments: [
      ("s3://abc", "s3://abc"), ("S3://b.c-d_e/x/y.z/", "S3://b.c-d_e/x/y.z/"), ("${BUCKET}/main", "s3://fromenv/main"),
      ("a/b://c", "profiles/a/b://c"), ("./s3:x", "profiles/./s3:x"),
    ])
  func locations(text: String, expected: String) throws {
    let profile = try Samples.profile(Self.base("", repository: text), ["BUCKET": "s3://fromenv"])
    #expect(profile.repository == expected)
  }

  private static let folderOnly = "only a store at s3:// has this; a folder has upload-limit and download-limit"
  private static let noAddress =
    "an address such as https://host:port is expected, without a user's name or a password"

  private static let mistakes: [(String, [String])] = [
    (base("store: x"), ["4:8: store: a group of keys is expected, this is a single value"]),
    (base("store: {regon: x}"), ["4:9: store.regon: unknown key; did you mean region?"]),
    (base("store: {endpoint: s3.example}"), ["4:19: store.endpoint: \(noAddress)"]),
    (base("store: {endpoint: 'https://'}"), ["4:19: store.endpoint: \(noAddress)"]),
    (base("store: {endpoint: 'https://:80'}"), ["4:19: store.endpoint: \(noAddress)"]),
    (base("store: {endpoint: 'https://me@s3.example'}"), ["4:19: store.endpoint: \(noAddress)"]),
    (base("store: {endpoint: 'https://me:hunter2@s3.example'}"), ["4:19: store.endpoint: \(PasswordURL.refusal)"]),
    (base("store: {endpoint: 'https://s3.example?x=1'}"), ["4:19: store.endpoint: \(noAddress)"]),
    (base("store: {endpoint: 'ftp://s3.example'}"), ["4:19: store.endpoint: \(noAddress)"]),
    (
      base("store: {region: eu central}"),
      [#"4:17: store.region: "eu central" is not the name of a region such as eu-central-1"#]
    ),
    (
      base("store: {aws-profile: }"),
      ["4:22: store.aws-profile: the name of a profile of the AWS tools is expected, this is nothing"]
    ),
    (
      base("store: {addressing: dns}"), [#"4:21: store.addressing: "dns" is not known; valid here: path, virtual"#]
    ),
    (base("store: {ca-file: [a]}"), ["4:18: store.ca-file: a path is expected, this is a list"]),
    (
      base("store: {storage-class: 'A B'}"),
      [#"4:24: store.storage-class: "A B" is not a storage class such as STANDARD_IA"#]
    ),
    (
      base("store: {encryption: aes}"), [#"4:21: store.encryption: "aes" is not known; did you mean kms?"#]
    ),
    (
      base("store: {encryption: {kms: a, customer: {file: b}}}"),
      ["4:21: store.encryption: s3, kms, {kms: …} or {customer: …} is expected"]
    ),
    (
      base("store: {encryption: {}}"), ["4:21: store.encryption: s3, kms, {kms: …} or {customer: …} is expected"]
    ),
    (
      base("store: {encryption: {kms: 'a b'}}"),
      [#"4:27: store.encryption.kms: "a b" is not the id or the ARN of a key"#]
    ),
    (
      base("store: {encryption: {customer: c2VjcmV0}}"),
      [
        "4:32: store.encryption.customer: {file: …}, {command: […]} or {credential: …} is expected, this is a single value"
      ]
    ),
    (
      base("store: {encryption: {customer: {environment: KEY}}}"),
      [
        "4:32: store.encryption.customer: exactly one of file, command or credential is expected",
        "4:33: store.encryption.customer.environment: unknown key; valid here: file, command, credential",
      ]
    ),
    (
      base("store: {lock: {mode: legal, days: 0}}"),
      [
        #"4:22: store.lock.mode: "legal" is not known; valid here: governance, compliance"#,
        #"4:35: store.lock.days: "0" is not a whole number from 1 to 36500"#,
      ]
    ),
    (
      base("store: {lock: {}}"),
      [
        "4:15: store.lock.mode: missing; governance or compliance is expected",
        "4:15: store.lock.days: missing; a number of days is expected",
      ]
    ),
    (base("store: {lock: 30d}"), ["4:15: store.lock: {mode: …, days: …} is expected, this is a single value"]),
    (
      base("store: {conditional-puts: maybe}"), [#"4:27: store.conditional-puts: "maybe" is not true or false"#]
    ),
    (
      base("store: {upload-limit: 10, download-limit: 5B/s}"),
      [
        #"4:23: store.upload-limit: "10" is not a rate such as 10MiB/s, and not below 1KiB/s"#,
        #"4:43: store.download-limit: "5B/s" is not a rate such as 10MiB/s, and not below 1KiB/s"#,
      ]
    ),
    (
      base("store: {retry-for: forever}"),
      [#"4:20: store.retry-for: "forever" is not a span of time such as 90s, 15m, 24h or 7d"#]
    ),
    (
      base("store: {region: a, upload-limit: 1MiB, lock: {mode: x}}", repository: "/srv"),
      ["4:17: store.region: \(folderOnly)", "4:46: store.lock: \(folderOnly)"]
    ),
    (base("copies: /mnt"), ["4:9: copies: a list of locations is expected, this is a single value"]),
    (base("copies: []"), ["4:9: copies: a list of locations is expected, this is an empty list"]),
    (
      base("copies: [gs://a]"),
      ["4:10: copies[0]: gs:// is no kind of store; a folder or s3://bucket/prefix is expected"]
    ),
    (
      base("copies: [{store: {region: a}}]"),
      ["4:10: copies[0].location: missing; a folder or s3://bucket/prefix is expected"]
    ),
    (
      base("copies: [{location: /a, store: {region: a}}, {location: /a, name: b}]"),
      [
        "4:41: copies[0].store.region: \(folderOnly)", "4:46: copies[1]: this copy is named already",
        "4:61: copies[1].name: unknown key; valid here: location, store",
      ]
    ),
    (base("copies: [s3://backups/main]"), ["4:10: copies[0]: this is the repository itself"]),
    (
      base("", repository: "s3://a"), [#"2:13: repository: "s3://a" is not a folder or s3://bucket/prefix"#]
    ),
    (
      base("", repository: "s3://bucket/a b"),
      [#"2:13: repository: "s3://bucket/a b" is not a folder or s3://bucket/prefix"#]
    ),
  ]

  @Test("with a mistake is told with file, line, column, key and what is valid", arguments: mistakes)
  func told(text: String, expected: [String]) {
    let problems = Samples.problems(text)
    #expect(problems == expected.map { "profiles/test.yaml:\($0)" })
    #expect(!problems.contains { $0.contains("hunter2") || $0.contains("c2VjcmV0") })
  }
}

@Suite("The store of a drill")
struct DrillStoreTests {
  private let folder = "/tmp/lifeboat-drill-\(Identifier.random().hex)"

  private func drill(_ text: String) throws -> Drill {
    let profile = """
      component: a
      repository: s3://backups/main
      store: {endpoint: "https://s3.example", aws-profile: writer, encryption: {kms: k}}
      copies: [/mnt/copy]
      source: {kind: stdin}

      """
    try DurableFile.createFolder(folder)
    defer {
      unlink("\(folder)/p.yaml")
      rmdir(folder)
    }
    try Array(profile.utf8).withUnsafeBytes { _ = try DurableFile.create("\(folder)/p.yaml", $0) }
    return try Drill.parse(
      Array("drill: d\nprofile: p.yaml\nchecks: [manifest]\n\(text)\n".utf8), file: "\(folder)/d.yaml")
  }

  @Test("is its profile's, but for what the drill itself says")
  func merged() throws {
    let drill = try drill("store: {aws-profile: restorer, encryption: s3}")
    #expect(drill.repository == "s3://backups/main")
    #expect(drill.store.endpoint == "https://s3.example")
    #expect(drill.store.awsProfile == "restorer")
    #expect(drill.store.encryption == .s3)
    #expect(drill.copies == [CopySettings(location: "/mnt/copy")])
    #expect(drill.description["store.endpoint"] == "https://s3.example")
    #expect(drill.description["store.aws-profile"] == "restorer")
    #expect(drill.description["store.encryption"] == "s3")
    #expect(drill.description["store.encryption.kms"] == nil)
    #expect(drill.description["copies[0]"] == "/mnt/copy")
  }

  @Test("takes nothing of a profile whose repository is another: an endpoint is no business of other stores")
  func another() throws {
    let drill = try drill("repository: s3://elsewhere/main\nstore: {region: a}")
    #expect(drill.store.endpoint == nil && drill.store.awsProfile == nil && drill.store.region == "a")
    #expect(drill.copies.isEmpty)
    #expect(drill.description["store.endpoint"] == nil)
    #expect(drill.description["copies[0]"] == nil)
  }

  @Test("names copies of its own in place of its profile's")
  func copies() throws {
    let drill = try drill("copies: [/mnt/a, /mnt/b]")
    #expect(drill.copies.map(\.location) == ["/mnt/a", "/mnt/b"])
    #expect(drill.description["copies[1]"] == "/mnt/b")
  }
}
