import Bytes
import Glibc
import TestKit
import Testing

@Suite("Keys")
struct KeyTests {
  @Test("with the wrong key at hand the error says which is needed, names the file, and ends with 5")
  func roles() throws {
    let scene = try Scene()
    try scene.backUp(Array("x".utf8))
    let back = scene.folder.path("back")
    for (role, command, needed) in [
      ("writer", ["snapshots"], "keeper or restorer"), ("writer", ["restore", "--to", back], "restorer"),
      ("keeper", ["restore", "--to", back], "restorer"), ("keeper", ["dump", "latest"], "restorer"),
      ("writer", ["check"], "keeper or restorer"), ("writer", ["show", "latest"], "keeper or restorer"),
      ("keeper", ["backup", "--component", "x", "--directory", "/etc"], "writer"),
      ("restorer", ["backup", "--component", "x", "--directory", "/etc"], "writer"),
      ("writer", ["key", "list"], "keeper or restorer"),
      ("restorer", ["key", "new", "writer", "--out", scene.folder.path("new.key")], "keeper"),
      ("writer", ["drill", "history"], "keeper or restorer"),
    ] {
      let outcome = try scene.run(role, command)
      #expect(outcome.status == 5, "\(role) \(command): \(outcome.errors)")
      #expect(outcome.errors.contains("a \(role) key cannot "), "\(outcome.errors)")
      #expect(outcome.errors.contains("where: key file \(scene.key(role))"), "\(outcome.errors)")
      #expect(outcome.errors.contains("Give a \(needed) key with --key."), "\(outcome.errors)")
    }
    #expect(!Files.exists(back))
    #expect(!Files.exists(scene.folder.path("new.key")))
  }

  @Test("a key file that is missing, is no key file, or belongs to another repository ends with 5")
  func bad() throws {
    let scene = try Scene()
    let other = try Scene()
    try Files.write(scene.folder.path("noise"), Array("noise".utf8))
    for path in [scene.folder.path("none"), scene.folder.path("noise"), other.key("keeper")] {
      let outcome = try scene.run(["snapshots", "--repository", scene.repository, "--key", path])
      #expect(outcome.status == 5, "\(outcome.errors)")
    }
  }

  @Test("key files are for their owner alone")
  func modes() throws {
    let scene = try Scene()
    for role in ["writer", "keeper", "restorer"] {
      var status = stat()
      #expect(stat(scene.key(role), &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
  }

  @Test("a new writer gets components that then nobody else may write")
  func newWriter() throws {
    let scene = try Scene()
    let path = scene.folder.path("second.key")
    let made = try scene.run(
      "keeper", ["key", "new", "writer", "--out", path, "--component", "wiki", "--label", "web1", "--json"])
    #expect(made.status == 0, "\(made.errors)")
    let id = try #require(try Object.lines(made.text).first?["writer"])
    let list = try scene.run("keeper", ["key", "list"])
    #expect(list.text.contains("web1") && list.text.contains("wiki") && list.text.contains("this key"))
    func backUp(_ component: String, key: String) throws -> Int32 {
      try scene.run(
        ["backup", "--component", component, "--stdin", "--repository", scene.repository, "--key", key],
        input: Array("x".utf8)
      ).status
    }
    #expect(try backUp("wiki", key: path) == 0)
    #expect(try backUp("orders", key: path) == 5)
    #expect(try scene.run("keeper", ["key", "grant", "orders", "--writer", String(id.prefix(8))]).status == 0)
    #expect(try backUp("orders", key: path) == 0)
    let taken = try scene.run(
      "keeper", ["key", "new", "writer", "--out", scene.folder.path("third.key"), "--component", "wiki"])
    #expect(taken.status == 2)
    #expect(!Files.exists(scene.folder.path("third.key")))
    #expect(try scene.run("keeper", ["key", "grant", "x", "--writer", "ffffffff"]).status == 2)
  }

  @Test("a new keeper and a new restorer can do what theirs can; a closed key no longer counts")
  func admission() throws {
    let scene = try Scene()
    try scene.backUp(Array("x".utf8))
    let (keeper, restorer) = (scene.folder.path("k2"), scene.folder.path("r2"))
    #expect(try scene.run("restorer", ["key", "new", "keeper", "--out", keeper]).status == 0)
    #expect(try scene.run("restorer", ["key", "new", "restorer", "--out", restorer]).status == 0)
    let place = ["--repository", scene.repository, "--key"]
    #expect(try scene.run(["snapshots"] + place + [keeper]).status == 0)
    #expect(try scene.run(["dump", "latest"] + place + [restorer]).text == "x")
    #expect(try scene.run(["key", "new", "keeper", "--out", scene.folder.path("k3")] + place + [restorer]).status == 5)
    let keys = try Object.lines(try scene.run("keeper", ["key", "list", "--json"]).text)
    let writer = try #require(keys.first { $0["role"] == "writer" }?["publicKey"])
    #expect(try scene.run("keeper", ["key", "close", writer]).status == 5)
    #expect(try scene.run("restorer", ["key", "close", String(writer.prefix(16))]).status == 0)
    let refused = try scene.backUp(Array("y".utf8))
    #expect(refused.status == 5)
    #expect(refused.errors.contains("where: key file \(scene.key("writer"))"))
    #expect(try scene.run("restorer", ["key", "close", "0123"]).status == 2)
    #expect(try scene.run("keeper", ["key", "list"]).text.contains("closed"))
  }

  @Test("a passphrase comes from a file, a command or the environment; a wrong one ends with 5 and is not repeated")
  func passphrase() throws {
    let words = TemporaryFolder()
    try Files.write(words.path("right"), Array("correct horse\n".utf8))
    try Files.write(words.path("wrong"), Array("battery staple\n".utf8))
    let scene = try Scene(["--new-passphrase-file", words.path("right")])
    let sealed = String(decoding: try Files.read(scene.key("keeper")), as: UTF8.self)
    #expect(sealed.hasPrefix("-----BEGIN AGE ENCRYPTED FILE-----\n"))
    let list = ["snapshots"]
    #expect(try scene.run("keeper", list, ["--passphrase-file", words.path("right")]).status == 0)
    #expect(try scene.run("keeper", list, ["--passphrase-command", "cat \(words.path("right"))"]).status == 0)
    let variables = ["LIFEBOAT_PASSPHRASE_FILE": words.path("right")]
    #expect(try scene.run("keeper", list, environment: variables).status == 0)
    let command = ["LIFEBOAT_PASSPHRASE_COMMAND": "cat '\(words.path("right"))'"]
    #expect(try scene.run("keeper", list, environment: command).status == 0)
    for option in [
      ["--passphrase-file", words.path("wrong")], ["--passphrase-file", words.path("none")], [],
      ["--passphrase-command", "false"], ["--passphrase-command", "true"],
    ] {
      let outcome = try scene.run("keeper", list, option)
      #expect(outcome.status == 5, "\(option): \(outcome.errors)")
      #expect(!outcome.errors.contains("battery"))
    }
    let json = try scene.run("keeper", list, ["--passphrase-file", words.path("wrong"), "--json"])
    #expect(try Object.lines(json.text).last?["code"] == "key-wrong-passphrase")
  }

  @Test("a passphrase is put on a key file, is asked for from then on, and is taken off")
  func protect() throws {
    let scene = try Scene()
    let before = try Files.read(scene.key("keeper"))
    let file = scene.folder.path("passphrase")
    try Files.write(file, Array("sesame\n".utf8))
    #expect(try scene.run(["key", "protect", scene.key("keeper"), "--new-passphrase-file", file]).status == 0)
    #expect(try Files.read(scene.key("keeper")) != before)
    #expect(try scene.run("keeper", ["snapshots"], ["--passphrase-file", file]).status == 0)
    #expect(try scene.run(["key", "protect", scene.key("keeper"), "--remove"]).status == 5)
    let off = try scene.run(["key", "protect", scene.key("keeper"), "--remove", "--passphrase-file", file])
    #expect(off.status == 0, "\(off.errors)")
    #expect(try Files.read(scene.key("keeper")) == before)
  }

  @Test("a restore asks when another writer's key signs than the one that a drill proved")
  func writerKey() throws {
    let scene = try Scene()
    try scene.changeWriter()
    let back = scene.folder.path("back")
    let refused = try scene.run("restorer", ["restore", "orders", "--to", back])
    #expect(refused.status == 5)
    #expect(refused.errors.contains("when a drill last proved orders"), "\(refused.errors)")
    #expect(refused.errors.contains("--accept-writer-key"))
    #expect(!Files.exists(back))
    let accepted = try scene.run("restorer", ["restore", "orders", "--to", back, "--accept-writer-key"])
    #expect(accepted.status == 1, "the older snapshot no longer counts, which is a warning: \(accepted.errors)")
    #expect(try Files.read("\(back)/dump") == Array("new".utf8))
  }
}
