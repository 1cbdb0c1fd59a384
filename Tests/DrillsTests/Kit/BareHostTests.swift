import Bytes
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

/// A minimal Debian system that has the packages of the page, and nothing else but what the kit brings.
@Suite("A bare host", .serialized)
struct BareHostTests {
  /// Packages of the smallest Debian that a program of C and C++ needs, too.
  private static let always: Set = ["libc6", "libgcc-s1", "libstdc++6", "ca-certificates"]

  /// Runs a way in a system of its own; looks at what came, and sees that nothing stays.
  private func recover(
    _ scene: KitScene, _ component: String, by tool: KitWay.Tool, in host: BareHost,
    _ look: (KitRestored) throws -> Void
  ) throws {
    try BareHost.alone { try recoverAlone(scene, component, by: tool, in: host, look) }
  }

  private func recoverAlone(
    _ scene: KitScene, _ component: String, by tool: KitWay.Tool, in host: BareHost,
    _ look: (KitRestored) throws -> Void
  ) throws {
    var job = try scene.job(component, by: tool)
    job.root = host.root
    job.folder = nil
    let run = KitRun()
    do {
      try look(try run.restore(job))
    } catch {
      _ = try? run.destroy()
      throw error
    }
    #expect(try run.destroy().hasPrefix("process gone"))
    #expect(host.leftovers.isEmpty, "\(host.leftovers)")
    let mounts = String(decoding: try Files.read("/proc/self/mounts"), as: UTF8.self)
    #expect(!mounts.contains(host.root))
  }

  @Test("the page lists the packages of the libraries that the program itself names")
  func packages() throws {
    guard let needed = try BareHost.packages(of: Product.path) else { return }
    let scene = try KitScene("text")
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 10']}")
    let listed = Set(try scene.kit("text").way(.lifeboat).packages)
    #expect(needed.subtracting(BareHostTests.always) == listed.subtracting(BareHostTests.always))
  }

  @Test("PostgreSQL comes back from a bucket, by the page's commands alone", arguments: KitWay.Tool.allCases)
  func postgres(_ tool: KitWay.Tool) throws {
    guard try BareHost.packages(of: Product.path) != nil, let store = try S3Server.ceph(),
      let server = try DatabaseServer.postgres()
    else { return }
    let bucket = try S3Bucket(on: store)
    let scene = try KitScene("shop", in: bucket.location("kit"), store.variables())
    let name = "bare_\(tool)"
    func sql(_ settings: ServerSettings, _ database: String, _ script: String) throws -> String {
      let answer = try Program.run(
        ["\(server["TOOLS"])/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", script],
        environment: [
          "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PGHOST": settings.socket ?? "",
          "PGPORT": "\(settings.port ?? 0)", "PGUSER": settings.user ?? "",
        ])
      #expect(answer.status == 0, "\(answer.errors)")
      return answer.text
    }
    let source = ServerSettings(port: server.port, socket: server.socket, user: server.owner)
    defer { _ = try? sql(source, "postgres", "DROP DATABASE \(name) WITH (FORCE)") }
    _ = try sql(source, "postgres", "CREATE DATABASE \(name)")
    _ = try sql(source, name, "CREATE TABLE t AS SELECT i AS id, md5(i::text) AS w FROM generate_series(1, 100000) i")
    _ = try sql(source, name, "ALTER TABLE t ADD PRIMARY KEY (id)")
    try Files.write(scene.folder.path("password"), Array(server.ownerPassword.utf8))
    try scene.backUp(
      "shop",
      source: """
        {kind: postgresql, host: \(server.host), port: \(server.port), user: \(server.owner),
          password: {file: password}, tls: {mode: verify-full, ca-file: \(server.certificateFile)}, databases: [\(name)]}
        """)
    guard let host = try BareHost(try scene.kit("shop").way(tool).packages) else { return }
    #expect(try host.run(["test", "-e", "/usr/local/bin/lifeboat"]).status != 0)
    try recover(scene, "shop", by: tool, in: host) { restored in
      let fresh = try #require(restored.server)
      #expect(try sql(fresh, name, "SELECT count(*), count(DISTINCT w) FROM t") == "100000|100000\n")
      #expect(try sql(fresh, name, "SELECT count(*) FROM pg_indexes WHERE tablename = 't'") == "1\n")
    }
  }

  @Test("SQLite comes back from a folder that is shown to it")
  func sqlite() throws {
    guard try BareHost.packages(of: Product.path) != nil else { return }
    let scene = try KitScene("shop")
    let database = scene.folder.path("shop.db")
    let made = try Program.run(["sqlite3", database, "create table item(id); insert into item values (1),(2),(3)"])
    #expect(made.status == 0)
    try scene.backUp("shop", source: "{kind: sqlite, path: shop.db}")
    guard let host = try BareHost(try scene.kit("shop").way(.lifeboat).packages) else { return }
    try recover(scene, "shop", by: .lifeboat, in: host) { restored in
      let folder = try #require(restored.folder)
      #expect(folder.hasPrefix("\(host.root)/var/tmp/"))
      #expect(try Program.run(["sqlite3", "\(folder)/shop.db", "select count(*) from item"]).text == "3\n")
    }
  }
}
