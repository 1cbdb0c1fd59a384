import Bytes
import Glibc
import TestKit
import Testing

@Suite("Profiles on the command line")
struct ProfileCommandTests {
  /// A repository, and a profile `orders` that extends `base`.
  private func scene() throws -> Scene {
    let scene = try Scene()
    mkdir(scene.folder.path("profiles"), 0o700)
    let base = """
      repository: ../repository
      keys: {writer: ../keys/writer.key, keeper: ../keys/keeper.key, restorer: ../keys/restorer.key}
      objectives: {rpo: 24h}
      """
    let orders = """
      extends: base
      component: orders
      source:
        kind: command
        run: 'echo "$GREETING ${NAME:-you}"'
        environment: {GREETING: literal-in-the-file, TOKEN: {file: token}}
      objectives: {rto: 15m}
      """
    try Files.write(scene.folder.path("profiles/base.yaml"), Array(base.utf8))
    try Files.write(scene.folder.path("profiles/orders.yaml"), Array(orders.utf8))
    try Files.write(scene.folder.path("profiles/token"), Array("secret-token\n".utf8))
    return scene
  }

  @Test("the profile of a snapshot is a file that a bare host can use")
  func saved() throws {
    let scene = try scene()
    let backup = try scene.run(["backup", "orders"])
    #expect(backup.status == 0, "\(backup.errors)")
    for name in ["base", "orders"] { unlink(scene.folder.path("profiles/\(name).yaml")) }
    let place = ["--repository", scene.repository, "--key", scene.key("keeper")]
    let shown = try scene.run(["profile", "show", "--snapshot", "latest", "orders"] + place)
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.text.hasPrefix("# The profile of orders as it was at 2"))
    #expect(shown.text.contains("# Merged from it and base.\n"))
    #expect(shown.text.contains("put it back: source.environment.GREETING\n"))
    #expect(shown.text.contains("${NAME:-you}"))
    #expect(!shown.text.contains("literal-in-the-file") && !shown.text.contains("secret-token"))
    let again = shown.text.split(separator: "\n").map { line in
      line.hasPrefix("  environment:") ? "\(line)\n    GREETING: greetings-to-all" : String(line)
    }
    try Files.write(scene.folder.path("profiles/orders.yaml"), Array(again.joined(separator: "\n").utf8))
    #expect(try scene.run(["profile", "validate"]).text == "profiles/orders.yaml: component orders, good\n")
    #expect(try scene.run(["backup", "orders"]).status == 0)
    #expect(try scene.run(["dump", "latest", "--component", "orders"]).text == "greetings-to-all you\n")
  }

  @Test("the profile of a snapshot is an object with --json, and one of a run without a profile lacks a repository")
  func json() throws {
    let scene = try Scene()
    try scene.backUp(Array("x".utf8))
    let shown = try scene.run("restorer", ["profile", "show", "--snapshot", "latest"])
    #expect(shown.text.contains("# The backup was made without a profile: add repository and keys to use this one.\n"))
    #expect(shown.text.hasSuffix("component: orders\nsource:\n  kind: stdin\n  stream: dump\n"), "\(shown.text)")
    let object = try #require(
      try Object.lines(try scene.run("restorer", ["profile", "show", "--snapshot", "latest", "--json"]).text).first)
    #expect(object["type"] == "profile" && object["component"] == "orders")
    #expect(object["yaml"] == "component: orders\nsource:\n  kind: stdin\n  stream: dump\n")
    #expect(object["notRecorded"] == "[]" && object["extended"] == "[]")
  }

  @Test("a snapshot that is not there, a key that may not look, and options without a snapshot are refused")
  func refused() throws {
    let scene = try scene()
    #expect(try scene.run(["backup", "orders"]).status == 0)
    #expect(try scene.run("restorer", ["profile", "show", "--snapshot", "ffff"]).status == 2)
    #expect(try scene.run("restorer", ["profile", "show", "--snapshot", "latest", "nobody"]).status == 2)
    #expect(try scene.run("restorer", ["profile", "show", "--snapshot", "x y"]).status == 2)
    #expect(try scene.run("writer", ["profile", "show", "--snapshot", "latest"]).status != 0)
    for arguments in [["profile", "show"], ["profile", "show", "orders", "--repository", "x"]] {
      let outcome = try scene.run(arguments)
      #expect(outcome.status == 2 && outcome.errors.contains("  next: "))
    }
  }

  @Test("mistakes are told with the file where they stand, those of a base once")
  func validate() throws {
    let scene = try scene()
    let good = try scene.run(["profile", "validate"])
    #expect(
      good.text
        == "profiles/base.yaml: a base that other profiles extend, good\nprofiles/orders.yaml: component orders, good\n"
    )
    let list = try scene.run(["profile", "list"])
    #expect(list.status == 0 && !list.text.contains("base.yaml"))
    try Files.write(
      scene.folder.path("profiles/base.yaml"), Array("repository: r\nobjectives: {rpoo: 24h}\n".utf8))
    let bad = try scene.run(["profile", "validate"])
    #expect(bad.status == 2)
    let told = bad.errors.split(separator: "\n").filter { $0.contains("profiles/base.yaml:2:14: objectives.rpoo: ") }
    #expect(told.count == 1 && told[0].hasSuffix("unknown key; did you mean rpo?"), "\(bad.errors)")
    let backup = try scene.run(["backup", "orders"])
    #expect(backup.status == 2 && backup.errors.contains("profiles/base.yaml:2:14: "))
    let base = try scene.run(["backup", "profiles/base.yaml"])
    #expect(base.status == 2 && base.errors.contains("component: missing"))
  }

  @Test("a database's profile is shown with its plan in short, its origins and no secret")
  func plan() throws {
    let folder = TemporaryFolder()
    let text = """
      component: shop
      repository: /srv/lifeboat
      source:
        kind: postgresql
        exclude: [scratch]
        host: db.example
        user: lifeboat
        password: {environment: SHOP_PASSWORD}
        tls: {mode: verify-full}
      targets:
        standby: {socket: /run/postgresql, tools: {account: postgres}}
      gate: {rows: off}
      retention: {keep-last: 3}
      """
    try Files.write(folder.path("shop.yaml"), Array(text.utf8))
    let variables = ["SHOP_PASSWORD": "secret-of-the-shop"]
    let shown = try Product.run(
      ["profile", "show", "shop.yaml"], state: folder.path("state"), environment: variables, in: folder.path)
    #expect(shown.status == 0, "\(shown.errors)")
    for part in [
      "source.stall-timeout", "shop.yaml:6:9",
      "  dumps: all databases but scratch, roles and tablespaces too, 2 streams at a time, every row hashed\n",
      "  from: PostgreSQL at db.example, as lifeboat, password from environment variable SHOP_PASSWORD, TLS verify-full\n",
      "  gives up: after 15s without a connection, 1m for a lock, 15m without a byte, no limit in all\n",
      "  can load: into standby: PostgreSQL by the socket /run/postgresql, tools run as postgres\n",
      "  only recorded, nothing acts on it yet: retention\n",
      "  quarantines: a dump that ends early, one that shrank by more than 50%, one that grew by more than 300%, a table that is gone\n",
    ] {
      #expect(shown.text.contains(part), "\(part)\n\(shown.text)")
    }
    #expect(!shown.text.contains("secret-of-the-shop"))
  }

  @Test("the schema is printed as JSON")
  func schema() throws {
    let folder = TemporaryFolder()
    let plain = try Product.run(["profile", "schema"], state: folder.path("state"))
    #expect(plain.status == 0)
    let schema = try #require(try Object.lines(plain.text).first)
    #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    let event = try #require(
      try Object.lines(try Product.run(["profile", "schema", "--json"], state: folder.path("state")).text).first)
    #expect(event["type"] == "schema" && event["schema"]?.contains("properties") == true)
  }

  @Test("a password in a URL is refused, on the command line and in a profile, and not repeated")
  func password() throws {
    let folder = TemporaryFolder()
    let url = "postgresql://me:hunter2@db/shop"
    let typed = try Product.run(
      ["backup", "--component", "shop", "--repository", "x", "--key", "y", "--", "pg_dump", url],
      state: folder.path("state"), in: folder.path)
    #expect(typed.status == 2 && typed.errors.contains("~/.pgpass"), "\(typed.errors)")
    let text = "component: a\nrepository: r\nsource: {kind: command, run: [pg_dump, '\(url)']}\n"
    try Files.write(folder.path("a.yaml"), Array(text.utf8))
    let written = try Product.run(["backup", "a.yaml"], state: folder.path("state"), in: folder.path)
    #expect(written.status == 2 && written.errors.contains("a.yaml:3:40: source.run[1]: a URL with a password"))
    for outcome in [typed, written] { #expect(!"\(outcome.text)\(outcome.errors)".contains("hunter2")) }
  }
}
