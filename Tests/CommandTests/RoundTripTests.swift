import Bytes
import Glibc
import TestKit
import Testing

@Suite("Out and back")
struct RoundTripTests {
  private var random = RandomSource(seed: 7)

  @Test("what arrives on standard input comes back bit by bit, by dump and by restore")
  mutating func standardInput() throws {
    let scene = try Scene()
    let bytes = random.bytes(3_000_000)
    let backup = try scene.backUp(bytes)
    #expect(backup.status == 0)
    #expect(backup.errors == "")
    #expect(backup.text.hasPrefix("orders: complete, 2.86 MiB in "))
    #expect(backup.text.split(separator: "\n").count == 1)
    #expect(try scene.latest() == bytes)
    let restore = try scene.run("restorer", ["restore", "orders", "--to", scene.folder.path("back")])
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(restore.text.contains("restored 1 stream, 2.86 MiB"))
    #expect(restore.text.contains("sequence 1, writer "))
    #expect(try Files.read(scene.folder.path("back/dump")) == bytes)
    #expect(try scene.complaints() == [])
  }

  @Test("a command's output comes back, and a second run stores nothing new")
  func command() throws {
    let scene = try Scene()
    let line = "seq 1 400000; echo '-- done'"
    let first = try scene.backUp(shell: line, as: "ledger", ["--marker", "-- done", "--stream", "ledger.sql"])
    #expect(first.status == 0, "\(first.errors)")
    let second = try scene.backUp(shell: line, as: "ledger", ["--marker", "-- done", "--stream", "ledger.sql"])
    #expect(second.text.contains(", 0 B new, "))
    let dump = try scene.run("restorer", ["dump", "latest", "--stream", "ledger.sql"])
    #expect(dump.text.hasPrefix("1\n2\n3\n"))
    #expect(dump.text.hasSuffix("\n400000\n-- done\n"))
  }

  @Test("a folder comes back with files, folders, links and modes, whole or in part")
  func directory() throws {
    let scene = try Scene()
    let tree = scene.folder.path("tree")
    for folder in [tree, "\(tree)/a", "\(tree)/a/b"] { mkdir(folder, 0o750) }
    try Files.write("\(tree)/a/one", Array("one".utf8))
    try Files.write("\(tree)/a/b/two", [])
    try Files.write("\(tree)/left-out.tmp", Array("no".utf8))
    symlink("one", "\(tree)/a/link")
    chmod("\(tree)/a/one", 0o640)
    let backup = try scene.run(
      "writer", ["backup", "--component", "files", "--directory", tree, "--exclude", "*.tmp"])
    #expect(backup.status == 0, "\(backup.errors)")
    let whole = scene.folder.path("whole")
    #expect(try scene.run("restorer", ["restore", "files", "--to", whole]).status == 0)
    #expect(Files.tree(whole) == ["a/b/two", "a/one"])
    #expect(try Files.read("\(whole)/a/one") == Array("one".utf8))
    var status = stat()
    #expect(lstat("\(whole)/a/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(lstat("\(whole)/a/one", &status) == 0 && status.st_mode & 0o777 == 0o640)
    let part = scene.folder.path("part")
    #expect(try scene.run("restorer", ["restore", "files", "--to", part, "--stream", "a/b"]).status == 0)
    #expect(Files.tree(part) == ["a/b/two"])
  }

  @Test("a SQLite database comes back with what was true of it")
  func sqlite() throws {
    let scene = try Scene()
    let database = scene.folder.path("shop.db")
    let script =
      "create table item(id integer primary key, name text); insert into item(name) values ('a'),('b'),('c');"
    #expect(try Program.run(["sqlite3", database, script]).status == 0)
    let backup = try scene.run("writer", ["backup", "--component", "shop", "--sqlite", database])
    #expect(backup.status == 0, "\(backup.errors)")
    let back = scene.folder.path("back")
    #expect(try scene.run("restorer", ["restore", "shop", "--to", back]).status == 0)
    let answer = try Program.run(["sqlite3", "\(back)/shop.db", "pragma integrity_check; select count(*) from item"])
    #expect(answer.text == "ok\n3\n")
    let shown = try scene.run("restorer", ["show", "latest"])
    #expect(shown.text.contains("Truth (sqlite, 3 rows)"))
    #expect(shown.text.contains("source.path: \(database)"))
    let keeper = try scene.run("keeper", ["show", "latest"])
    #expect(keeper.text.contains("shop.db"))
    #expect(keeper.text.contains("opens with a restorer key only"))
    #expect(!keeper.text.contains("3 rows"))
  }

  @Test("a profile is all that a backup, a list and a restore need")
  func profile() throws {
    let scene = try Scene()
    mkdir(scene.folder.path("profiles"), 0o700)
    let text = """
      component: orders
      repository: ../repository
      keys: {writer: ../keys/writer.key, keeper: ../keys/keeper.key, restorer: ../keys/restorer.key}
      source: {kind: command, run: [echo, hello]}
      """
    try Files.write(scene.folder.path("profiles/orders.yaml"), Array(text.utf8))
    #expect(try scene.run(["backup", "orders"]).status == 0)
    #expect(try scene.run(["backup", "profiles/orders.yaml"]).status == 0)
    let list = try scene.run(["snapshots", "orders"])
    #expect(list.status == 0 && list.text.split(separator: "\n").count == 3)
    #expect(try scene.run(["restore", "orders", "--to", "back"]).status == 0)
    #expect(try Files.read(scene.folder.path("back/dump")) == Array("hello\n".utf8))
    #expect(try scene.run(["dump", "latest", "--component", "orders"]).text == "hello\n")
    #expect(try scene.run(["snapshots", "profiles/orders.yaml"]).text == list.text)
    #expect(try scene.run(["profile", "validate"]).text == "profiles/orders.yaml: component orders, good\n")
    #expect(try scene.run(["profile", "list"]).text.contains("orders     command  profiles/../repository"))
    #expect(try scene.run(["profile", "show", "orders"]).text.contains("profiles/orders.yaml:4:"))
  }

  @Test("repository and key come from the environment, and an option goes before it")
  func environment() throws {
    let scene = try Scene()
    try scene.backUp(Array("x".utf8))
    let variables = ["LIFEBOAT_REPOSITORY": scene.repository, "LIFEBOAT_KEY": scene.key("keeper")]
    #expect(try scene.run(["snapshots"], variables).status == 0)
    #expect(try scene.run(["snapshots", "--repository", scene.folder.path("nowhere")], variables).status == 4)
  }

  @Test("a restore takes the snapshot that was asked for: by id, as of a moment, the latest")
  func selection() throws {
    let scene = try Scene()
    try scene.backUp(Array("first".utf8))
    let first = try #require(try scene.snapshots().first)
    // Moments are whole seconds: the second run must finish in a later one.
    sleep(2)
    try scene.backUp(Array("second".utf8))
    func restored(_ options: [String], to name: String) throws -> [UInt8] {
      let outcome = try scene.run("restorer", ["restore", "--to", scene.folder.path(name)] + options)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Files.read(scene.folder.path("\(name)/dump"))
    }
    let id = try #require(first["id"])
    #expect(try restored([], to: "latest") == Array("second".utf8))
    #expect(try restored(["--snapshot", String(id.prefix(8))], to: "named") == Array("first".utf8))
    #expect(try restored(["--as-of", try #require(first["finished"])], to: "past") == Array("first".utf8))
    let proven = try scene.run("restorer", ["restore", "--to", scene.folder.path("none"), "--latest-proven"])
    #expect(proven.status == 2)
  }
}
