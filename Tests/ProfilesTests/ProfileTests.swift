import Bytes
import Glibc
import Profiles
import Testing

@Suite("A profile")
struct ProfileTests {
  @Test("of a sqlite source is read whole")
  func sqlite() throws {
    let profile = try Samples.profile(Samples.sqlite)
    #expect(profile.component == "orders")
    #expect(profile.repository == "/srv/lifeboat")
    #expect(profile.keys == KeyFiles(writer: "profiles/writer.key", restorer: "/etc/lifeboat/restorer.key"))
    #expect(profile.passphrase == .file("profiles/passphrase"))
    #expect(
      profile.source
        == .sqlite(SQLiteSettings(path: "profiles/../data/orders.db", scratch: "/var/tmp", busyTimeout: Seconds(30))))
    #expect(profile.objectives == Objectives(recoveryTime: Seconds(900), recoveryPoint: Seconds(86_400)))
    #expect(profile.tuning == Tuning(compression: 6, threads: 4))
    #expect(profile.file == "profiles/test.yaml")
  }

  @Test("of a command source is read whole, with references to secrets and values of the environment")
  func command() throws {
    let profile = try Samples.profile(Samples.command, ["DATABASE": "ledger2"])
    let expected = CommandSettings(
      run: ["pg_dump", "--format=custom", "ledger2"], stream: "ledger.dump",
      marker: "-- PostgreSQL database dump complete",
      environment: [
        EnvironmentSetting(name: "PGHOST", value: .literal("db.example")),
        EnvironmentSetting(name: "PGPASSWORD", value: .reference(.file("/etc/lifeboat/ledger.password"))),
        EnvironmentSetting(name: "PGUSER", value: .reference(.environment("LEDGER_USER"))),
        EnvironmentSetting(name: "TOKEN", value: .reference(.command(["pass", "ledger"]))),
      ],
      directory: "/srv", engine: EngineSettings(name: "postgresql", version: ["pg_dump", "--version"]),
      expectedSize: ByteCount(10 << 30))
    #expect(profile.source == .command(expected))
    #expect(profile.objectives == Objectives())
  }

  @Test("takes a line for the shell as a command")
  func shellLine() throws {
    let text = "component: a\nrepository: r\nsource: {kind: command, run: 'dump | gzip'}\n"
    let expected = CommandSettings(run: ["/bin/sh", "-c", "dump | gzip"], stream: "dump")
    #expect(try Samples.profile(text).source == .command(expected))
  }

  @Test("of standard input and of a directory is read whole")
  func others() throws {
    let input = "component: a\nrepository: r\nsource: {kind: stdin, stream: a.sql, marker: END}\n"
    #expect(try Samples.profile(input).source == .standardInput(StandardInputSettings(stream: "a.sql", marker: "END")))
    let folder = "component: a\nrepository: r\nsource: {kind: directory, path: /srv/www, exclude: ['*.tmp', cache/]}\n"
    let expected = DirectorySettings(path: "/srv/www", exclude: ["*.tmp", "cache/"])
    #expect(try Samples.profile(folder).source == .directory(expected))
  }

  @Test(
    "takes relative paths from its own folder",
    arguments: [("a.yaml", "r"), ("/a.yaml", "/r"), ("x/y/a.yaml", "x/y/r")])
  func relativePaths(file: String, expected: String) throws {
    let text = "component: a\nrepository: r\nsource: {kind: stdin}\n"
    #expect(try Profile.parse(Array(text.utf8), file: file).repository == expected)
  }

  @Test("keeps words that YAML would turn into something else")
  func words() throws {
    let text = "component: no\nrepository: 1e3\nsource: {kind: stdin, stream: 0x10, marker: yes}\n"
    let profile = try Samples.profile(text)
    #expect(profile.component == "no")
    #expect(profile.repository == "profiles/1e3")
    #expect(profile.source == .standardInput(StandardInputSettings(stream: "0x10", marker: "yes")))
  }

  @Test("replaces variables, takes defaults, and leaves other dollar signs alone")
  func substitution() throws {
    let text = """
      component: a
      repository: ${ROOT}/b/${EMPTY:-c}/${NONE:-}d
      source: {kind: command, run: 'echo $HOME $$ $${ROOT} ${ROOT}'}

      """
    let profile = try Samples.profile(text, ["ROOT": "/r", "EMPTY": ""])
    #expect(profile.repository == "/r/b/c/d")
    #expect(profile.source == .command(CommandSettings(run: ["/bin/sh", "-c", "echo $HOME $$ ${ROOT} /r"])))
  }

  @Test("describes itself with every value and its origin, and with no secret")
  func description() throws {
    let variables = ["DATABASE": "secret-in-the-environment"]
    let text = Samples.command.replacing("db.example", with: "secret-in-the-file")
    let description = try Samples.profile(text, variables).description
    #expect(description["component"] == "ledger")
    #expect(description["source.kind"] == "command")
    #expect(description["source.run"] == #"["pg_dump", "--format=custom", "${DATABASE:-ledger}"]"#)
    #expect(description["source.environment.PGHOST"] == "(set)")
    #expect(description["source.environment.PGPASSWORD.file"] == "/etc/lifeboat/ledger.password")
    #expect(description["source.expected-size"] == "10GiB")
    #expect(description.entries.first?.origin == "profiles/test.yaml:1:12")
    #expect(!description.json.contains("secret"))
    #expect(description.json.hasPrefix(#"{"component":"ledger","repository":"/srv/lifeboat","source.kind":"command""#))
  }

  @Test("says in its description what came from the environment and what is a default")
  func origins() throws {
    let text = "component: a\nrepository: ${ROOT}\nsource: {kind: sqlite, path: b}\n"
    let entries = try Samples.profile(text, ["ROOT": "/r"]).description.entries
    #expect(entries.first { $0.key == "repository" }?.origin == "profiles/test.yaml:2:13, from ${ROOT}")
    #expect(entries.first { $0.key == "source.busy-timeout" }?.origin == "default")
  }

  @Test("is read from a file, and a missing file is a usage failure")
  func load() throws {
    let path = "/tmp/lifeboat-profile-\(Identifier.random().hex).yaml"
    defer { unlink(path) }
    try Array(Samples.sqlite.utf8).withUnsafeBytes { _ = try DurableFile.create(path, $0) }
    #expect(try Profile.load(path).keys.writer == "/tmp/writer.key")
    let failure = #expect(throws: Failure.self) { try Profile.load("/nowhere/a.yaml") }
    #expect(failure?.code == .usage)
    #expect(failure?.place == "/nowhere/a.yaml")
  }
}
