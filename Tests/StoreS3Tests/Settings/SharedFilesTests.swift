import Bytes
import StoreS3
import TestKit
import Testing

@Suite("The files that the AWS tools share")
struct SharedFilesTests {
  private let folder = TemporaryFolder()

  private func files(_ config: String, _ credentials: String = "") throws -> SharedFiles {
    try Files.write(folder.path("config"), Array(config.utf8))
    try Files.write(folder.path("credentials"), Array(credentials.utf8))
    return try SharedFiles(
      variables: [
        "AWS_CONFIG_FILE": folder.path("config"), "AWS_SHARED_CREDENTIALS_FILE": folder.path("credentials"),
      ], home: "/nowhere")
  }

  @Test("sections, keys in any case, blanks, remarks, line ends of Windows, a mark at the start")
  func reading() throws {
    let files = try files(
      "\u{feff}# a remark\r\n; another\r\n\r\n[ profile  a ]  # behind\r\nREGION=eu-1\r\noutput = json ; no\r\n"
        + "key = a#b;c\r\nempty =\r\nx = 1 = 2\r\n[profile \"with blank\"]\nregion = q\n[profile 'single']\nregion=s\n")
    let profile = try #require(files.profile("a"))
    #expect(profile["region"] == "eu-1")
    #expect(profile["key"] == "a#b;c")
    #expect(profile["empty"] == nil)
    #expect(profile["x"] == "1 = 2")
    #expect(files.profile("with blank")?["region"] == "q")
    #expect(files.profile("single")?["region"] == "s")
    #expect(files.profile("b") == nil)
  }

  @Test("indented keys are keys; what is indented further belongs to the key above")
  func nesting() throws {
    let files = try files(
      """
      [default]
        region = r
        s3 =
          addressing_style = path
          max_concurrent_requests = 10
        output = text
      services = mine
      long = one
        two
      [services mine]
      s3 =
        endpoint_url = http://s3:1
      sts =
        endpoint_url = http://sts:2
      """)
    let profile = try #require(files.profile("default"))
    #expect(profile["region"] == "r")
    #expect(profile["output"] == "text")
    #expect(profile["s3"] == nil)
    #expect(profile["s3", "addressing_style"] == "path")
    #expect(profile["s3", "endpoint_url"] == nil)
    #expect(profile["long"] == "one\ntwo")
    #expect(files.endpoint(of: "s3", services: "mine") == "http://s3:1")
    #expect(files.endpoint(of: "sts", services: "mine") == "http://sts:2")
    #expect(files.endpoint(of: "ec2", services: "mine") == nil)
    #expect(files.endpoint(of: "s3", services: "other") == nil)
  }

  @Test("default may be spelled with profile, and that spelling counts; a section twice is one")
  func defaults() throws {
    let files = try files(
      "[default]\nregion=plain\n[profile default]\nregion=spelled\n[profile a]\nx=1\ny=1\n[profile a]\nx=2\n",
      "[default]\nregion=secret\n[profile a]\nx=3\n")
    #expect(files.profile("default")?["region"] == "secret")
    #expect(files.profile("a")?["x"] == "2")
    #expect(files.profile("a")?["y"] == "1")
  }

  @Test("a file that isn't there is empty; one that means nothing is refused with its line")
  func problems() throws {
    let missing = try SharedFiles(variables: [:], home: folder.path("nowhere"))
    #expect(missing.profile("default") == nil)
    #expect(missing.configPath == folder.path("nowhere/.aws/config"))
    let home = try SharedFiles(variables: ["AWS_CONFIG_FILE": "~/x"], home: "/h")
    #expect(home.configPath == "/h/x")
    for text in [
      "[default]\nregion = a\nnonsense SECRETTEXT", "key = 1\n[a]", "\n\n[]", "[a]\nb = 1\n[open", "[a]\n= b",
    ] {
      let error = try #require(failure { _ = try files(text) }, "\(text)")
      #expect(error.code == .usage)
      #expect(error.place.hasPrefix(folder.path("config:")), "\(error.place)")
      #expect(!error.description.contains("SECRETTEXT"))
    }
    let third = try #require(failure { _ = try files("[default]\nregion = a\nnonsense") })
    #expect(third.place == folder.path("config:3"))
    #expect(code { _ = try SharedFiles(variables: ["AWS_CONFIG_FILE": folder.path], home: "/h") } == .usage)
  }

  @Test("no text makes the reader trap")
  func random() throws {
    let sample = Array("[default]\nregion = a # b\ns3 =\n  endpoint_url = x\n\n[profile \"q\"]\r\n;\n".utf8)
    fuzz(seed: 41, count: 500) { _, random in
      let text = String(decoding: random.mutation(of: sample), as: UTF8.self)
      _ = try? files(text).profile("default")
    }
  }
}
