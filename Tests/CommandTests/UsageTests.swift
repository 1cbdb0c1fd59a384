import Bytes
import Engine
import Glibc
import TestKit
import Testing

@Suite("Usage and exit status")
struct UsageTests {
  @Test(
    "a command line that is not understood ends with 2 and three parts",
    arguments: [
      ["--no-such-flag"], ["no-such-command"], ["backup", "--no-such-flag"], ["restore"], ["snapshots", "a", "b"],
      ["backup", "--level", "many"], ["backup"], ["backup", "--component", "orders"],
      ["backup", "--component", "Orders!", "--stdin"], ["backup", "--component", "o", "--stdin", "--sqlite", "x"],
      ["backup", "--component", "o", "--directory", "/", "--marker", "x"], ["backup", "orders", "--stdin"],
      ["backup", "--component", "o", "--stdin", "--expected-size", "big"],
      ["backup", "--component", "o", "--stdin", "--stream", "../x"],
      ["backup", "no-such-profile"], ["snapshots"], ["dump", "xyz"], ["key", "new", "admin", "--out", "x"],
      ["restore", "--to", "x", "--as-of", "yesterday"],
      ["restore", "--to", "x", "--latest-proven", "--snapshot", "abcd"],
      ["rescue-kit"], ["rescue-kit", "--format", "pdf"], ["drill", "no-such-drill"], ["init"], ["init", "s3://b"],
      ["init", "gs://bucket"],
      ["init", "x", "--component", "Not Good"],
      ["snapshots", "--repository", "x"], ["check", "--repository", "x", "--key", "y", "--threads", "0"],
    ])
  func usage(_ arguments: [String]) throws {
    let folder = TemporaryFolder()
    let outcome = try Product.run(arguments, state: folder.path("state"), in: folder.path)
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.text == "")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.first?.hasPrefix("lifeboat: ") == true)
    #expect(lines.contains { $0.hasPrefix("  next: ") }, "\(outcome.errors)")
    #expect(Files.names(in: folder.path).isEmpty)
  }

  @Test("help, version and completions are printed and end with 0")
  func help() throws {
    let folder = TemporaryFolder()
    for arguments in [
      [], ["--help"], ["help", "restore"], ["backup", "-h"], ["key"], ["drill", "--help"],
      ["profile", "show", "--help"],
    ] {
      let outcome = try Product.run(arguments, state: folder.path("state"))
      #expect(outcome.status == 0 && outcome.text.contains("USAGE: lifeboat"), "\(arguments)")
    }
    #expect(try Product.run(["--version"], state: folder.path("state")).text == "\(Release.version)\n")
    for shell in ["bash", "zsh", "fish"] {
      let script = try Product.run(["--generate-completion-script", shell], state: folder.path("state"))
      #expect(script.status == 0 && script.text.contains("snapshots"))
    }
  }

  @Test("every mistake in a profile is told with file, line and column, and ends with 2")
  func profile() throws {
    let folder = TemporaryFolder()
    let text =
      "component: orders\nrepository: /srv\nsource:\n  kind: sqlite\n  path: a.db\n  pth: b.db\ntuning: {threads: 0}\n"
    try Files.write(folder.path("bad.yaml"), Array(text.utf8))
    for arguments in [
      ["profile", "validate", "bad.yaml"], ["backup", "bad.yaml"], ["profile", "show", "./bad.yaml"],
    ] {
      let outcome = try Product.run(arguments, state: folder.path("state"), in: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("bad.yaml:6:3: source.pth: "), "\(outcome.errors)")
      #expect(outcome.errors.contains("bad.yaml:7:19: tuning.threads: "), "\(outcome.errors)")
    }
  }

  @Test("a store that is not there, is no repository or is one already ends with 4")
  func store() throws {
    let scene = try Scene()
    let nowhere = try scene.run(["snapshots", "--repository", "nowhere", "--key", scene.key("keeper")])
    #expect(nowhere.status == 4)
    #expect(nowhere.errors.contains("no store here"))
    #expect(try scene.run(["snapshots", "--repository", "keys", "--key", scene.key("keeper")]).status == 4)
    let again = try scene.run(["init", scene.repository, "--keys", "others"])
    #expect(again.status == 4)
    #expect(again.errors.contains("there is a repository already"))
    #expect(!Files.exists(scene.folder.path("others")))
  }

  @Test("key files that are there are never replaced, and none is left when no repository was made")
  func keyFilesStay() throws {
    let scene = try Scene()
    let before = try Files.read(scene.key("restorer"))
    let again = try scene.run(["init", "elsewhere", "--keys", "keys"])
    #expect(again.status == 9)
    #expect(again.errors.contains("key files are never replaced"))
    #expect(try Files.read(scene.key("restorer")) == before)
    #expect(!Files.exists(scene.folder.path("elsewhere")))
    let missing = try scene.run(["init", "elsewhere", "--keys", "/proc/no/such/folder"])
    #expect(missing.status == 9)
    #expect(Files.names(in: scene.folder.path("elsewhere")).isEmpty)
  }

  @Test("a restore into a folder with something in it is refused with 9, and touches nothing")
  func target() throws {
    let scene = try Scene()
    try scene.backUp(Array("x".utf8))
    mkdir(scene.folder.path("full"), 0o700)
    try Files.write(scene.folder.path("full/mine"), Array("mine".utf8))
    let restore = try scene.run("restorer", ["restore", "--to", scene.folder.path("full")])
    #expect(restore.status == 9)
    #expect(restore.errors.contains("Name a new or empty folder."))
    #expect(Files.names(in: scene.folder.path("full")) == ["mine"])
  }

  @Test("damage is named with 6 by check, and restore and dump give no wrong bytes")
  func damage() throws {
    let scene = try Scene()
    var random = RandomSource(seed: 3)
    try scene.backUp(random.bytes(2_000_000))
    let pack = try #require(Files.tree(scene.repository).first { $0.contains("/packs/") })
    var bytes = try Files.read("\(scene.repository)/\(pack)")
    bytes[1000] ^= 1
    chmod("\(scene.repository)/\(pack)", 0o600)
    try Files.write("\(scene.repository)/\(pack)", bytes)
    let check = try scene.run("keeper", ["check", "--read-data"])
    #expect(check.status == 6)
    #expect(check.text.contains(pack))
    #expect(check.text.contains("costs"))
    #expect(check.errors.contains("lifeboat: the repository is damaged"))
    #expect(try scene.run("restorer", ["restore", "--to", scene.folder.path("back")]).status == 6)
    #expect(!Files.exists(scene.folder.path("back/dump")))
    #expect(try scene.run("restorer", ["dump", "latest"]).status == 6)
  }
}
