import Bytes
import FoundationEssentials
import Glibc
import TestKit
import Testing

@Suite("The page of a rescue kit")
struct RescueKitTests {
  /// What of the JSON is compared with the page.
  private struct Kit: Decodable {
    struct Way: Decodable {
      struct Variable: Decodable { let line: String }
      struct Time: Decodable { let record: String }
      struct Step: Decodable {
        let title: String
        let command: String
        let measured: Time?
      }
      let tool: String
      let packages: [String]
      let variables: [Variable]
      let steps: [Step]
    }
    struct Key: Decodable {
      let role: String
      let path: String?
      let `protected`: Bool?
    }
    let component: String
    let reader: String
    let rto: Int?
    let databases: [String]?
    let keys: [Key]
    let ways: [Way]
    let file: String?
  }

  private func kits(_ text: String) throws -> [Kit] {
    try text.split(separator: "\n").filter { $0.contains(#""type":"kit""#) }.map {
      try JSONDecoder().decode(Kit.self, from: Data($0.utf8))
    }
  }

  /// A repository with a SQLite database whose profile lies beside it.
  private func scene() throws -> Scene {
    let scene = try Scene(["--component", "shop"])
    let database = scene.folder.path("shop.db")
    #expect(try Program.run(["sqlite3", database, "create table item(id); insert into item values (1)"]).status == 0)
    let profile = """
      component: shop
      repository: \(scene.repository)
      keys: {writer: keys/writer.key, restorer: keys/restorer.key, keeper: keys/keeper.key}
      source: {kind: sqlite, path: shop.db}
      copies: [{location: "s3://far-away/shop", store: {endpoint: "https://store.example:9000", region: north}}]
      objectives: {rto: 30m, rpo: 1d}

      """
    try Files.write(scene.folder.path("shop.yaml"), Array(profile.utf8))
    let backup = try scene.run(["backup", "shop.yaml"])
    #expect(backup.status == 0, "\(backup.errors)")
    return scene
  }

  @Test("says where, which keys, which packages and every command, and they are what the JSON has")
  func page() throws {
    let scene = try scene()
    let page = try scene.run("restorer", ["rescue-kit", "shop"])
    #expect(page.status == 0, "\(page.errors)")
    let kit = try #require(try kits(try scene.run("restorer", ["rescue-kit", "shop", "--json"]).text).first)
    #expect(kit.ways.map(\.tool) == ["lifeboat", "reader"])
    for way in kit.ways {
      #expect(way.packages.contains("sqlite3"))
      #expect(page.text.contains("apt-get install \(way.packages.joined(separator: " "))\n"))
      for variable in way.variables { #expect(page.text.contains("\n\(variable.line)  # ")) }
      for step in way.steps {
        #expect(page.text.contains("\n\(step.command)\n"), "\(step.title)")
        #expect(page.text.contains("\(step.title) (never measured)"))
      }
      #expect(Set(way.steps.map(\.title)).count == way.steps.count)
    }
    #expect(kit.rto == 1800)
    #expect(kit.keys.map(\.role) == ["restorer", "keeper", "writer"])
    #expect(kit.keys.allSatisfy { $0.path?.hasPrefix(scene.folder.path) == true && $0.protected == false })
    // The profile that travels in the snapshot knows the copy; the repository alone was named.
    for part in ["copy 1: s3://far-away/shop, at https://store.example:9000, region north", "RTO 30m, RPO 1d"] {
      #expect(page.text.contains(part), "\(page.text)")
    }
    let check = #"echo "\#(kit.reader)  $WORK/rescue.py" | sha256sum -c -"#
    let reader = try #require(kit.ways.last)
    #expect(reader.steps.first?.command.contains(check) == true)
    #expect(!reader.steps[0].command.contains("$KEY"))
  }

  @Test("holds no secret, printed by whichever key", arguments: ["restorer", "keeper"], ["text", "html"])
  func secrets(_ role: String, _ format: String) throws {
    let scene = try scene()
    let credentials = ["AWS_ACCESS_KEY_ID": "AKIDNOTONPAPER", "AWS_SECRET_ACCESS_KEY": "secretNotOnPaper/1234"]
    let place = ["--repository", scene.repository, "--key", scene.key(role)]
    let page = try scene.run(["rescue-kit", "--format", format] + place, credentials)
    #expect(page.status == 0, "\(page.errors)")
    var secrets = Array(credentials.values)
    for role in ["restorer", "keeper", "writer"] {
      let text = String(decoding: try Files.read(scene.key(role)), as: UTF8.self)
      // Every value of a key file but what everybody may know.
      let known = ["repository", "root", "statement", "rescue", "location", "lifeboat"]
      var last = ""
      for part in text.split(separator: "\"").map(String.init) {
        if part.utf8.count >= 32, !known.contains(last), !part.hasPrefix("#"), !part.contains(" ") {
          secrets.append(part)
        }
        if part.contains(where: \.isLetter) { last = part }
      }
    }
    #expect(secrets.count > 8)
    for secret in secrets { #expect(!page.text.contains(secret), "\(secret.prefix(20))") }
    #expect(!page.text.contains("AGE-SECRET-KEY"))
    #expect(page.text.contains(role))
  }

  @Test("as HTML it is one file that loads nothing, with every command in it")
  func html() throws {
    let scene = try scene()
    let path = scene.folder.path("kit.html")
    let said = try scene.run("keeper", ["rescue-kit", "--format", "html", "--to", path, "--json"])
    #expect(said.status == 0, "\(said.errors)")
    let kit = try #require(try kits(said.text).first)
    #expect(kit.file == path)
    let page = String(decoding: try Files.read(path), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>"))
    for word in ["src=", "href=", "url(", "@import", "<script", "<link", "<img", "<iframe"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page.contains("default-src 'none'"))
    func escaped(_ text: String) -> String {
      [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")].reduce(text) { text, pair in
        text.split(separator: pair.0, omittingEmptySubsequences: false).joined(separator: pair.1)
      }
    }
    for step in kit.ways.flatMap(\.steps) { #expect(page.contains("<pre>\(escaped(step.command))</pre>")) }
  }

  @Test("tells that a key file asks for its passphrase")
  func protected() throws {
    let scene = try scene()
    try Files.write(scene.folder.path("passphrase"), Array("correct horse\n".utf8))
    let file = ["--new-passphrase-file", scene.folder.path("passphrase")]
    let done = try scene.run(["key", "protect", scene.key("restorer")] + file)
    #expect(done.status == 0, "\(done.errors)")
    let page = try scene.run("keeper", ["rescue-kit", "shop"])
    #expect(page.text.contains("restorer: \(scene.key("restorer")) (asks for its passphrase)"), "\(page.text)")
    #expect(!page.text.contains("correct horse"))
  }

  @Test("shows how long the last drill took, with its verdict and record")
  func measured() throws {
    let scene = try scene()
    let drill = """
      drill: shop-lost
      component: shop
      repository: \(scene.repository)
      keys: {restorer: \(scene.key("restorer"))}
      checks: [integrity, manifest]
      """
    try Files.write(scene.folder.path("drill.yaml"), Array(drill.utf8))
    let ran = try scene.run(["drill", "drill.yaml", "--json"])
    let record = try #require(try Object.lines(ran.text).last { $0["type"] == "drill" }?["record"])
    let page = try scene.run("keeper", ["rescue-kit", "shop"])
    #expect(page.text.contains("last: drill shop-lost at "))
    #expect(page.text.contains("proven, TTR "))
    #expect(page.text.contains("record \(record.prefix(12))"))
  }

  @Test("a page for each component where none is named; none for one that is not there")
  func several() throws {
    let scene = try Scene()
    for name in ["one", "two"] { try scene.backUp(Array("bytes".utf8), as: name) }
    let all = try kits(try scene.run("restorer", ["rescue-kit", "--json"]).text)
    #expect(all.map(\.component) == ["one", "two"])
    #expect(try scene.run("restorer", ["rescue-kit", "three"]).status == 2)
    #expect(try scene.run("writer", ["rescue-kit", "one"]).status == 5)
    #expect(try Scene().run("restorer", ["rescue-kit"]).status == 2)
  }

  @Test("a dump that a program of somebody's own made is no dump of ours, whatever engine it names")
  func command() throws {
    let scene = try Scene(["--component", "shop"])
    let profile = """
      component: shop
      repository: \(scene.repository)
      keys: {writer: keys/writer.key, restorer: keys/restorer.key}
      source: {kind: command, run: [/bin/echo, bytes], engine: {name: postgresql}}

      """
    try Files.write(scene.folder.path("shop.yaml"), Array(profile.utf8))
    #expect(try scene.run(["backup", "shop.yaml"]).status == 0)
    let kit = try #require(try kits(try scene.run("restorer", ["rescue-kit", "--json"]).text).first)
    #expect(kit.ways.allSatisfy { $0.steps.allSatisfy { !$0.command.contains("pg_") } })
  }

  @Test("PostgreSQL's, the longest, prints on one sheet of paper")
  func sheet() throws {
    guard let browser = ["chromium", "chromium-browser"].first(where: { access("/usr/bin/\($0)", X_OK) == 0 }) else {
      Files.say("*** NOT TESTED: no chromium; whether a page fits on one sheet was skipped ***")
      return
    }
    guard let site = try RestoreIntoTests.Site("cmd_sheet") else { return }
    let scene = site.scene
    let path = scene.folder.path("kit.html")
    let made = try scene.run("restorer", ["rescue-kit", "orders", "--format", "html", "--to", path])
    #expect(made.status == 0, "\(made.errors)")
    #expect(String(decoding: try Files.read(path), as: UTF8.self).contains("pg_restore"))
    let sheet = scene.folder.path("kit.pdf")
    let words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--print-to-pdf=\(sheet)"]
    let printed = try Program.run([browser] + words + ["--user-data-dir=\(scene.folder.path("browser"))", path])
    #expect(printed.status == 0, "\(printed.errors)")
    #expect(String(decoding: try Files.read(sheet), as: UTF8.self).contains("/Count 1\n"))
  }
}
