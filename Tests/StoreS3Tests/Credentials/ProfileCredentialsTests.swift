import Bytes
import Pipeline
import StoreS3
import TestKit
import Testing

/// Two shared files in a folder of a test's own, and what leads from them to credentials.
struct SharedScene {
  let folder = TemporaryFolder()
  let exchange: ScriptedExchange

  init(_ exchange: ScriptedExchange = .silence(), config: String = "", credentials: String = "") throws {
    self.exchange = exchange
    if !config.isEmpty { try Files.write(folder.path("config"), Array(config.utf8)) }
    if !credentials.isEmpty { try Files.write(folder.path("credentials"), Array(credentials.utf8)) }
  }

  var variables: [String: String] {
    ["AWS_CONFIG_FILE": folder.path("config"), "AWS_SHARED_CREDENTIALS_FILE": folder.path("credentials")]
  }

  /// Everything as a run finds it, with more variables.
  func resolve(
    _ more: [String: String] = [:], _ choices: S3Choices = S3Choices()
  ) throws -> (settings: S3Settings, credentials: any CredentialsProvider) {
    let environment = S3Environment(
      variables: variables.merging(more) { _, new in new }, home: folder.path("home"))
    return try environment.resolve(
      bucket: "bucket", prefix: "", explicit: choices, stop: StopSignal(), exchange: exchange)
  }

  func credentials(_ more: [String: String] = [:], _ choices: S3Choices = S3Choices()) throws -> S3Credentials {
    try resolve(more, choices).credentials.credentials()
  }
}

@Suite("Credentials of profiles in the shared files")
struct ProfileCredentialsTests {
  @Test("keys of the credentials file, of the config file, of a named profile; a key's parts stay together")
  func keys() throws {
    let scene = try SharedScene(
      config: """
        [default]
        aws_access_key_id = CONFIGKEY
        aws_secret_access_key = configsecret
        aws_session_token = configtoken
        [profile other]
        aws_access_key_id=OTHER
        aws_secret_access_key=s # a remark
        """,
      credentials: """
        ; keys
        [default]
          aws_access_key_id = FILEKEY
          aws_secret_access_key = file/secret+=
        """)
    let first = try scene.credentials()
    #expect(first.accessKey == "FILEKEY")
    #expect(first.secretText == "file/secret+=")
    #expect(first.sessionToken == nil)
    #expect(first.source == "profile default in \(scene.folder.path("credentials"))")
    let other = try scene.credentials(["AWS_PROFILE": "other"])
    #expect(other.accessKey == "OTHER")
    #expect(other.secretText == "s")
    try Files.write(scene.folder.path("credentials"), Array("[else]\n".utf8))
    #expect(try scene.credentials().sessionToken == "configtoken")
  }

  @Test("the environment comes before the shared files, but not before a profile that lifeboat's own profile names")
  func order() throws {
    let scene = try SharedScene(credentials: "[p]\naws_access_key_id=FILE\naws_secret_access_key=s")
    let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "p"]
    #expect(try scene.credentials(keys).accessKey == "ENV")
    #expect(try scene.credentials(keys, S3Choices(awsProfile: "p")).accessKey == "FILE")
    let missing = try #require(failure { _ = try scene.credentials(keys, S3Choices(awsProfile: "q")) })
    #expect(missing.code == .storeDenied)
    #expect(missing.what.contains("no profile q"))
  }

  @Test("a profile that somebody named must be there; the default one need not")
  func missing() throws {
    let scene = try SharedScene()
    let named = try #require(failure { _ = try scene.credentials(["AWS_PROFILE": "nope"]) })
    #expect(named.what.contains("no profile nope"))
    let nothing = try #require(failure { _ = try scene.credentials() })
    #expect(nothing.code == .storeDenied)
    for word in ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile default", "container", "no answer"] {
      #expect(nothing.place.contains(word), "\(word) in \(nothing.place)")
    }
  }

  @Test("half of a key, a browser sign-in, a code of a device: refused with what to do")
  func refused() throws {
    let scene = try SharedScene(
      config: """
        [profile half]
        aws_access_key_id = A
        [profile sso]
        sso_session = x
        [profile mfa]
        role_arn = arn:aws:iam::1:role/r
        mfa_serial = arn:aws:iam::1:mfa/me
        source_profile = half
        [profile both]
        role_arn = arn:aws:iam::1:role/r
        source_profile = half
        credential_source = Environment
        [profile neither]
        role_arn = arn:aws:iam::1:role/r
        [profile unknown]
        role_arn = arn:aws:iam::1:role/r
        credential_source = Somewhere
        [profile nowhere]
        role_arn = arn:aws:iam::1:role/r
        source_profile = gone
        [profile a]
        role_arn = arn:aws:iam::1:role/a
        source_profile = b
        [profile b]
        role_arn = arn:aws:iam::1:role/b
        source_profile = a
        [profile self]
        role_arn = arn:aws:iam::1:role/self
        source_profile = self
        """)
    for name in ["half", "sso", "mfa", "both", "neither", "unknown", "nowhere", "a", "self"] {
      let error = try #require(failure { _ = try scene.credentials(["AWS_PROFILE": name]) }, "\(name)")
      #expect(error.code == .storeDenied, "\(name)")
      #expect(!error.next.isEmpty, "\(name)")
      #expect(error.place.contains("profile"), "\(name)")
    }
  }

  @Test("a program of the profile, whose command line is taken whole")
  func process() throws {
    let scene = try SharedScene()
    try Files.write(
      scene.folder.path("tool"),
      Array(#"#!/bin/sh\#nprintf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s"}' "$2"\#n"#.utf8))
    _ = try Program.run(["/bin/chmod", "700", scene.folder.path("tool")])
    try Files.write(
      scene.folder.path("config"), Array("[default]\ncredential_process = \(scene.folder.path("tool")) 'a' '#2'\n".utf8)
    )
    #expect(try scene.credentials().accessKey == "#2")
  }

  @Test("exchanged keys are found once the old ones are discarded")
  func exchanged() throws {
    let scene = try SharedScene(credentials: "[default]\naws_access_key_id=ONE\naws_secret_access_key=s")
    let provider = try scene.resolve().credentials
    let first = try provider.credentials()
    try Files.write(
      scene.folder.path("credentials"), Array("[default]\naws_access_key_id=TWO\naws_secret_access_key=s".utf8))
    #expect(try provider.credentials().accessKey == "ONE")
    provider.discard(first)
    #expect(try provider.credentials().accessKey == "TWO")
  }
}
