import Bytes
import Glibc
import Profiles
import TestKit
import Testing

@Suite("A profile that extends others")
struct ExtendsTests {
  private let folder = TemporaryFolder()

  private func write(_ name: String, _ text: String) throws {
    let path = folder.path(name)
    mkdir(DurableFile.folder(of: path), 0o700)
    try Files.write(path, Array(text.utf8))
  }

  private func load(_ name: String, folders: [String] = []) throws -> Profile {
    try Profile.load(folder.path(name), folders: folders) { ["BASE": "base"][$0] }
  }

  /// What is wrong, without the folder.
  private func problems(_ name: String, folders: [String] = []) -> [String] {
    do {
      _ = try load(name, folders: folders)
      return []
    } catch let failure as Failure where failure.code == .profileInvalid {
      return failure.what.replacing("\(folder.path)/", with: "").split(separator: "\n").map(String.init)
    } catch {
      return ["another error: \(error)"]
    }
  }

  private let base = """
    repository: /srv/lifeboat
    keys: {writer: writer.key, restorer: ../restorer.key}
    source:
      kind: postgresql
      host: db.example
      password: {file: password}
      tls: {mode: verify-full, ca-file: ca.pem}
      exclude: [a, b]
    hooks: {failed: [mail, x]}
    objectives: {rto: 1h, rpo: 24h}

    """

  @Test("is merged key by key, lists and single values replace, and every value keeps its origin and its folder")
  func merged() throws {
    try write("bases/base.yaml", base)
    try write(
      "p/orders.yaml",
      """
      extends: ../bases/base.yaml
      component: orders
      keys: {keeper: keeper.key}
      source:
        exclude: [c]
        tls: {ca-file: own.pem}
        password: {environment: DB}
      hooks: {failed: null, after: [x]}
      objectives: {rto: 5m}
      """)
    let profile = try load("p/orders.yaml")
    let bases = folder.path("p/../bases")
    #expect(
      profile.keys
        == KeyFiles(
          writer: "\(bases)/writer.key", restorer: "\(bases)/../restorer.key", keeper: folder.path("p/keeper.key")))
    #expect(
      profile.source
        == .postgresql(
          PostgreSQLSettings(
            server: ServerSettings(
              host: "db.example", password: .environment("DB"),
              tls: TLSSettings(mode: .verifyFull, caFile: folder.path("p/own.pem"))), exclude: ["c"])))
    #expect(profile.hooks == Hooks(after: [Hook(run: ["x"])]))
    #expect(profile.objectives == Objectives(recoveryTime: Seconds(300), recoveryPoint: Seconds(86_400)))
    func origin(_ key: String) -> String? { profile.description.entries.first { $0.key == key }?.origin }
    #expect(origin("source.host") == "\(bases)/base.yaml:5:9")
    #expect(origin("source.exclude") == "\(folder.path("p/orders.yaml")):5:12")
    #expect(origin("objectives.rpo") == "\(bases)/base.yaml:10:28")
    #expect(origin("objectives.rto") == "\(folder.path("p/orders.yaml")):9:19")
    #expect(profile.description["extends"] == #"["../bases/base.yaml"]"#)
  }

  @Test("finds names in its own folder first, then where profiles are looked up; the last of a list wins")
  func names() throws {
    try write("p/a.yaml", "extends: ['${BASE}', other]\ncomponent: a\nrepository: r\n")
    try write("p/base.yaml", "source: {kind: stdin, stream: one, marker: M}\nobjectives: {rto: 1h, rpo: 2h}\n")
    try write("system/base.yaml", "source: {kind: stdin, stream: never}\n")
    try write("system/other.yaml", "extends: base\nsource: {stream: two}\nobjectives: {rto: 3h}\n")
    let profile = try load("p/a.yaml", folders: [folder.path("nowhere"), folder.path("system")])
    #expect(profile.source == .standardInput(StandardInputSettings(stream: "two", marker: "M")))
    #expect(profile.objectives == Objectives(recoveryTime: Seconds(10_800), recoveryPoint: Seconds(7_200)))
  }

  @Test("replaces a group of another kind as a whole, and so a reference to a secret, but no variables")
  func whole() throws {
    try write(
      "base.yaml",
      """
      repository: r
      passphrase: {file: a}
      store: {encryption: {kms: k}}
      source: {kind: command, run: x, environment: {file: a, command: b}}
      """)
    try write(
      "a.yaml",
      "extends: base\ncomponent: a\npassphrase: {command: [c]}\nstore: null\nsource: {kind: redis, host: h}\n")
    let other = try load("a.yaml")
    #expect(other.source == .redis(RedisSettings(server: ServerSettings(host: "h"))))
    #expect(other.passphrase == .command(["c"]))
    try write("b.yaml", "extends: base\ncomponent: b\nstore: null\nsource: {environment: {command: c}}\n")
    guard case .command(let settings) = try load("b.yaml").source else {
      Issue.record("another source")
      return
    }
    #expect(
      settings.environment == [
        EnvironmentSetting(name: "file", value: .literal("a")),
        EnvironmentSetting(name: "command", value: .literal("c")),
      ])
  }

  @Test("tells every mistake with the file and the line where it stands, its own first")
  func mistakes() throws {
    try write("base.yaml", "repository: r\nsource: {kind: redis, prt: 1}\ntuning: {threads: 0}\n")
    try write("broken.yaml", "a: [b\n")
    try write("list.yaml", "- a\n")
    try write("twice.yaml", "repository: a\nrepository: b\n")
    try write("a.yaml", "extends: [base, broken, list, twice, nobody, ./gone.yaml, Not A Name]\ncomponnt: a\n")
    #expect(
      problems("a.yaml") == [
        "a.yaml:1:38: extends: no profile nobody in \(folder.path); valid here: a, base, broken, list, twice",
        "a.yaml:1:46: extends: there is no such file: ./gone.yaml",
        "a.yaml:1:59: extends: \"Not A Name\" is not the name of a profile; names have 1 to 64 letters a-z, digits and -; "
          + "a path has a / or ends with .yaml.",
        "a.yaml:2:1: componnt: unknown key; did you mean component?",
        "broken.yaml:2:1: not valid YAML: did not find expected ',' or ']'",
        "list.yaml:1:1: a profile is expected, this is a list",
        "twice.yaml:2:1: repository: the key stands here a second time; first at line 1",
        "base.yaml:2:23: source.prt: unknown key; did you mean port?",
        #"base.yaml:3:19: tuning.threads: "0" is not a whole number from 1 to 256"#,
      ])
    try write("b.yaml", "extends: {a: b}\ncomponent: b\n")
    #expect(
      problems("b.yaml") == [
        "b.yaml:1:10: extends: a profile, or a list of them is expected, this is a group of keys"
      ])
    try write("c.yaml", "extends: base\ncomponent: null\nrepository: null\nsource: {port: null, prt: ~}\ntuning: ~\n")
    #expect(
      problems("c.yaml") == [
        "c.yaml:1:1: repository: missing; a folder or s3://bucket/prefix is expected",
        "c.yaml:2:12: component: a name of 1 to 64 letters a-z, digits and - is expected, this is nothing",
        "c.yaml:4:16: source.port: a whole number from 1 to 65535 is expected, this is nothing",
      ])
  }

  @Test("that comes back to itself is refused, by whatever way it is reached")
  func circles() throws {
    try write("a.yaml", "extends: b\ncomponent: a\n")
    try write("b.yaml", "extends: ./sub/../c.yaml\n")
    try write("c.yaml", "extends: link\n")
    mkdir(folder.path("sub"), 0o700)
    symlink("a.yaml", folder.path("link.yaml"))
    #expect(
      problems("a.yaml") == [
        "./sub/../c.yaml:1:10: extends: profiles extend each other in a circle: "
          + "a.yaml → b.yaml → ./sub/../c.yaml → ./sub/../link.yaml"
      ])
    try write("self.yaml", "extends: self\ncomponent: a\nrepository: r\nsource: {kind: stdin}\n")
    #expect(
      problems("self.yaml") == [
        "self.yaml:1:10: extends: profiles extend each other in a circle: self.yaml → self.yaml"
      ])
  }

  @Test("may reach a base twice, but not without end")
  func diamonds() throws {
    try write("z0.yaml", "repository: r\nsource: {kind: stdin}\n")
    try write("d.yaml", "extends: [e, f]\ncomponent: d\n")
    try write("e.yaml", "extends: z0\n")
    try write("f.yaml", "extends: z0\n")
    #expect(try load("d.yaml").component == "d")
    for number in 1...20 { try write("z\(number).yaml", "extends: [z\(number - 1), z\(number - 1)]\n") }
    try write("g.yaml", "extends: z20\ncomponent: g\n")
    #expect(problems("g.yaml").contains { $0.hasSuffix("more than 64 files are extended") })
  }

  @Test("is checked as a base where it has no component: what is there must be right, what is missing may be")
  func bases() throws {
    try write("base.yaml", base)
    #expect(try Profile.check(folder.path("base.yaml"), folders: []) == nil)
    try write("part.yaml", "source: {host: a}\ntargets: {b: {host: c}}\nstore: {lock: {days: 3}}\n")
    #expect(try Profile.check(folder.path("part.yaml"), folders: []) == nil)
    try write("whole.yaml", "extends: base\ncomponent: a\n")
    #expect(try Profile.check(folder.path("whole.yaml"), folders: [])?.component == "a")
    try write("bad.yaml", "componnt: x\nsource: {kind: redis, prt: 1}\n")
    do {
      _ = try Profile.check(folder.path("bad.yaml"), folders: [])
      Issue.record("no problem")
    } catch {
      let place = folder.path("bad.yaml")
      #expect(
        error.what
          == "\(place):1:1: componnt: unknown key; did you mean component?\n"
          + "\(place):2:23: source.prt: unknown key; did you mean port?")
    }
    #expect(problems("base.yaml") == ["base.yaml:1:1: component: missing; the component's name is expected"])
  }
}
