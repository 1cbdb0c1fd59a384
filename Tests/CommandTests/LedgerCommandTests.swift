import Bytes
import Cryptography
import Glibc
import TestKit
import Testing

@Suite("The ledger on the command line")
struct LedgerCommandTests {
  /// A scene with two proven drills, the first of which is scheduled.
  private func scene(drills: Int = 2) throws -> Scene {
    let scene = try Scene()
    try scene.backUp(Array("orders".utf8))
    let drill = """
      drill: comes-back
      component: orders
      repository: \(scene.repository)
      keys: {restorer: \(scene.key("restorer"))}
      checks: [manifest]
      """
    try Files.write(scene.folder.path("drill.yaml"), Array(drill.utf8))
    for _ in 0..<drills { #expect(try scene.run(["drill", "drill.yaml", "-q"]).status == 0) }
    return scene
  }

  private func records(_ scene: Scene) throws -> [String] {
    let history = try Object.lines(try scene.run("keeper", ["drill", "history", "--json"]).text)
    return history.filter { $0["type"] == "record" }.compactMap { $0["record"] }
  }

  @Test("a whole one ends with 0, with a keeper's key alone, and says what it rests on")
  func whole() throws {
    let scene = try scene()
    let ids = try records(scene)
    let verify = try scene.run("keeper", ["drill", "verify", "--since", ids[0]])
    #expect(verify.status == 0, "\(verify.errors)")
    for part in [": whole, 2 records", "head \(ids[1])", "noted \(ids[0].prefix(12)) is there, number 1", "root key "] {
      #expect(verify.text.contains(part), "\(verify.text)")
    }
    let lines = try Object.lines(try scene.run("keeper", ["drill", "verify", "--json", "--since", ids[0]]).text)
    #expect(lines.first?["type"] == "noted" && lines.first?["source"] == "given")
    #expect(lines.last?["type"] == "ledger" && lines.last?["whole"] == "true" && lines.last?["records"] == "2")
    #expect(try scene.run("writer", ["drill", "verify"]).status == 5)
    #expect(try scene.run("keeper", ["drill", "verify", "--since", "nonsense"]).status == 2)
    #expect(try scene.run("keeper", ["drill", "verify", "--root", ids[0]]).status == 2)
  }

  @Test("a broken one ends with 6, and the record is named: an edited byte, a deleted one, a noted one that is gone")
  func broken() throws {
    let scene = try scene(drills: 3)
    let ids = try records(scene)
    let path = "\(scene.repository)/records/\(ids[1])"
    let bytes = try Files.read(path)
    var edited = bytes
    edited[bytes.count / 2] ^= 1
    unlink(path)
    try Files.write(path, edited)
    let damaged = try scene.run("keeper", ["drill", "verify"])
    #expect(damaged.status == 6 && damaged.text.contains(": broken, 2 records"))
    #expect(damaged.text.contains("damage: the record \(ids[1].prefix(12))") && damaged.errors.contains(ids[1]))
    unlink(path)
    let deleted = try scene.run("keeper", ["drill", "verify", "--json"])
    #expect(deleted.status == 6)
    let problem = try #require(try Object.lines(deleted.text).first { $0["type"] == "problem" })
    #expect(problem["kind"] == "missing" && problem["record"] == ids[1] && problem["severity"] == "damage")
    try Files.write(path, bytes)
    #expect(try scene.run("keeper", ["drill", "verify"]).status == 0)
    unlink("\(scene.repository)/records/\(ids[2])")
    #expect(try scene.run("keeper", ["drill", "verify"]).status == 6)
    let elsewhere = ["LIFEBOAT_STATE": scene.folder.path("other")]
    #expect(try scene.run("keeper", ["drill", "verify"], environment: elsewhere).status == 0)
    let noted = try scene.run("keeper", ["drill", "verify", "--since", ids[2]], environment: elsewhere)
    #expect(noted.status == 6 && noted.text.contains("was noted, is gone"))
  }

  @Test("an export is verified without repository and key, and its signature by minisign; a change shows in both")
  func export() throws {
    let scene = try scene()
    let path = scene.folder.path("ledger.json")
    let ids = try records(scene)
    let made = try scene.run(
      "restorer", ["drill", "export", "orders", "--format", "json", "--sign", "--to", path, "--json"])
    #expect(made.status == 0, "\(made.errors)")
    let export = try #require(try Object.lines(made.text).last { $0["type"] == "export" })
    let key = try #require(export["minisign"])
    #expect(export["path"] == path && export["signature"] == "\(path).minisig" && export["records"] == "2")
    let keys = try Object.lines(try scene.run("restorer", ["key", "list", "--json"]).text)
    #expect(keys.filter { $0["minisign"] != "null" }.map { $0["minisign"] } == [key])
    #expect(try scene.run("restorer", ["key", "list"]).text.contains("minisign -V -P \(key)"))
    #expect(!(try scene.run("keeper", ["key", "list"]).text.contains("minisign")))
    let root = try #require(keys.first { $0["role"] == "root" }?["publicKey"])

    func minisign() throws -> Program.Outcome { try Program.run(["minisign", "-V", "-H", "-P", key, "-m", path]) }
    func verify(_ more: [String] = []) throws -> Program.Outcome {
      try scene.run(["drill", "verify", "--export", path] + more)
    }
    let signed = try minisign()
    #expect(signed.status == 0 && signed.text.contains(ids[1]), "\(signed.errors)")
    let whole = try verify()
    #expect(whole.status == 0 && whole.text.contains("rests on the root key \(root)"), "\(whole.errors)")
    #expect(try verify(["--root", root]).status == 0 && verify(["--root", String(root.prefix(16))]).status == 0)
    #expect(try verify(["--root", String(root.reversed())]).status == 5)
    #expect(try Files.read(path).firstRange(of: Array(key.utf8)) != nil)

    let text = String(decoding: try Files.read(path), as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.contains("\"envelope\"") })
    let start = text.index(line.startIndex, offsetBy: 400)
    let digit = text[start] == "A" ? "B" : "A"
    let edited = text[..<start] + digit + text[text.index(after: start)...]
    try Files.write(path, Array(edited.utf8))
    #expect(try minisign().status != 0)
    let broken = try verify()
    #expect(
      broken.status == 6 && broken.text.contains(ids[0].prefix(12)), "\(broken.text)\(broken.errors)")
    #expect(try verify(["--root", "00"]).status == 5)
    #expect(try scene.run(["drill", "verify", "--export", scene.folder.path("nothing")]).status == 2)
  }

  @Test("JUnit and the page go to a file, a folder or standard output, with a keeper's key; signing needs a restorer's")
  func places() throws {
    let scene = try scene(drills: 1)
    let junit = try scene.run("keeper", ["drill", "export", "--format", "junit"])
    #expect(junit.status == 0 && junit.text.hasPrefix("<?xml") && junit.text.contains("comes-back"))
    let folder = scene.folder.path("out")
    mkdir(folder, 0o700)
    #expect(try scene.run("keeper", ["drill", "export", "--format", "html", "--to", folder]).status == 0)
    let page = String(decoding: try Files.read("\(folder)/lifeboat-drills.html"), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("comes-back"))
    #expect(try scene.run("restorer", ["drill", "export", "--format", "html", "--sign", "--to", folder]).status == 0)
    #expect(Files.names(in: folder) == ["lifeboat-drills.html", "lifeboat-drills.html.minisig"])
    for words in [["--format", "pdf"], ["--sign"]] {
      #expect(try scene.run("restorer", ["drill", "export"] + words).status == 2)
    }
    #expect(try scene.run("keeper", ["drill", "export", "--sign", "--to", folder]).status == 5)
    let nowhere = scene.folder.path("no/where.json")
    #expect(try scene.run("keeper", ["drill", "export", "--to", nowhere]).status == 9)
  }

  @Test("a drill hands its verdict, its time and the id of its record to the programs of the profile's notify")
  func notified() throws {
    let scene = try Scene()
    try scene.backUp(Array("orders".utf8))
    let told = scene.folder.path("told")
    let profile = """
      component: orders
      repository: \(scene.repository)
      keys: {restorer: \(scene.key("restorer"))}
      source: {kind: stdin}
      notify:
        - on: [proven]
          run: 'echo "$LIFEBOAT_EVENT $LIFEBOAT_VERDICT $LIFEBOAT_SORT $LIFEBOAT_DRILL $LIFEBOAT_RECORD $LIFEBOAT_TTR" >> \(told)'
        - {on: [unproven], run: 'echo "$LIFEBOAT_EVENT $LIFEBOAT_VERDICT $LIFEBOAT_ERROR" >> \(told)'}
        - {on: [complete, failed], run: 'echo wrong >> \(told)'}
      """
    try Files.write(scene.folder.path("orders.yaml"), Array(profile.utf8))
    for (name, checks) in [("good", "[manifest]"), ("bad", "[manifest, {run: {name: no, command: 'exit 3'}}]")] {
      let drill = "drill: \(name)\nprofile: orders.yaml\nchecks: \(checks)\n"
      try Files.write(scene.folder.path("\(name).yaml"), Array(drill.utf8))
      let outcome = try scene.run(["drill", "\(name).yaml"])
      #expect(outcome.status == (name == "good" ? 0 : 10), "\(outcome.errors)")
    }
    let lines = String(decoding: try Files.read(told), as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines.count == 2)
    let good = lines.first?.split(separator: " ").map(String.init) ?? []
    #expect(good.prefix(4) == ["proven", "proven", "drill", "good"] && good.count == 6)
    #expect(try records(scene).first == good[4] && (Double(good[5]) ?? 0) > 0)
    #expect(lines.last?.hasPrefix("unproven failed the drill failed: no: exit status 3") == true, "\(lines)")
  }
}
