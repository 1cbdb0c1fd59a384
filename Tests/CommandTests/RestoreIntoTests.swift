import Bytes
import Glibc
import TestKit
import Testing

@Suite("restore into a running server", .serialized)
struct RestoreIntoTests {
  /// A repository, a profile that dumps one database of the test server, and the program.
  final class Site {
    let scene: Scene
    let server: DatabaseServer
    let database: String

    /// Nil, said loudly, where no server runs.
    init?(_ database: String) throws {
      guard let server = try DatabaseServer.postgres() else { return nil }
      self.server = server
      self.database = database
      scene = try Scene(["--component", "orders"])
      try Files.write(scene.folder.path("backup-password"), Array(server.backupPassword.utf8))
      try Files.write(scene.folder.path("owner-password"), Array(server.ownerPassword.utf8))
      let profile = """
        component: orders
        repository: \(scene.repository)
        keys: {writer: \(scene.key("writer")), restorer: \(scene.key("restorer"))}
        source:
          kind: postgresql
          host: \(server.host)
          port: \(server.port)
          user: \(server.backup)
          password: {file: \(scene.folder.path("backup-password"))}
          tls: {mode: verify-full, ca-file: \(server.certificateFile)}
          databases: [\(database)]
        targets:
          here:
            host: \(server.host)
            port: \(server.port)
            user: \(server.owner)
            password: {file: \(scene.folder.path("owner-password"))}
            tls: {mode: verify-full, ca-file: \(server.certificateFile)}
        objectives: {rto: 1h, rpo: 1h}

        """
      try Files.write(scene.folder.path("orders.yaml"), Array(profile.utf8))
      drop(database)
      sql("postgres", "CREATE DATABASE \(database)")
      sql(database, "CREATE TABLE t AS SELECT i AS id, md5(i::text) AS word FROM generate_series(1, 200000) i")
      sql(database, "ALTER TABLE t ADD PRIMARY KEY (id)")
      let backup = try run(["backup", "orders.yaml"])
      #expect(backup.status == 0, "\(backup.errors)")
    }

    deinit { drop(database) }

    /// Drops a database and all that were made of it.
    func drop(_ name: String) {
      let all = sql(
        "postgres", "SELECT datname FROM pg_database WHERE datname = '\(name)' OR datname LIKE '\(name)\\_%'")
      for name in all.split(separator: "\n") { sql("postgres", "DROP DATABASE \"\(name)\" WITH (FORCE)") }
    }

    var databases: [String] {
      sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE '\(database)%' ORDER BY 1")
        .split(separator: "\n").map(String.init)
    }

    @discardableResult
    func sql(_ database: String, _ script: String) -> String {
      let place = "host=\(server.socket) port=\(server.port) user=\(server.owner) dbname=\(database)"
      let words = ["env", "HOME=/nonexistent", "\(server["TOOLS"])/psql", "-X", "-q", "-A", "-t", "-d", place]
      return (try? Program.run(words + ["-c", script]).text) ?? ""
    }

    func run(_ arguments: [String]) throws -> Program.Outcome { try scene.run(arguments) }

    func restore(_ arguments: [String]) throws -> Program.Outcome {
      try run(["restore", "orders.yaml", "--into"] + arguments)
    }
  }

  @Test("says the plan and changes nothing, refuses the source itself, loads beside it")
  func planAndLoad() throws {
    guard let site = try Site("cmd_plan") else { return }
    let dry = try site.restore(["here", "--as", "cmd_plan_b", "--dry-run"])
    #expect(dry.status == 0, "\(dry.errors)")
    #expect(dry.text.contains("to cmd_plan_b\n"))
    #expect(site.databases == ["cmd_plan"])
    let refused = try site.restore(["here"])
    #expect(refused.status == 9)
    #expect(refused.errors.contains("cmd_plan is the very database that was backed up"))
    #expect(try site.restore(["source"]).status == 2)
    #expect(try site.restore(["nowhere"]).errors.contains("It has here, source."))
    let loaded = try site.restore(["here", "--as", "cmd_plan_b", "--json"])
    #expect(loaded.status == 0, "\(loaded.errors)\(loaded.text)")
    let end = try Object.lines(loaded.text).first { $0["type"] == "restore" }
    #expect(end?["verified"] == "true")
    #expect(site.databases == ["cmd_plan", "cmd_plan_b"])
    #expect(site.sql("cmd_plan_b", "SELECT count(*), count(DISTINCT word) FROM t") == "200000|200000\n")
  }

  @Test("is killed without a word, leaves the name free, and goes through when it is run again")
  func killed() throws {
    guard let site = try Site("cmd_kill") else { return }
    let running = try Running(
      site.scene, ["restore", site.scene.folder.path("orders.yaml"), "--into", "here", "--as", "cmd_kill_b"])
    for _ in 0..<600 {
      if site.databases.count == 2 { break }
      usleep(10_000)
    }
    running.signal(SIGKILL)
    #expect(running.wait() == -SIGKILL)
    #expect(site.databases.count == 2)
    #expect(!site.databases.contains("cmd_kill_b"))
    let again = try site.restore(["here", "--as", "cmd_kill_b", "--json"])
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.text.contains("was left by a restore that did not end"))
    #expect(site.databases == ["cmd_kill", "cmd_kill_b"])
  }

  @Test("damage in the store ends it before anything has the name")
  func damaged() throws {
    guard let site = try Site("cmd_harm") else { return }
    let pack = try #require(
      Files.tree(site.scene.repository).filter { $0.contains("/packs/") }.max {
        ((try? Files.read("\(site.scene.repository)/\($0)").count) ?? 0)
          < ((try? Files.read("\(site.scene.repository)/\($1)").count) ?? 0)
      })
    var bytes = try Files.read("\(site.scene.repository)/\(pack)")
    bytes[bytes.count / 2] ^= 1
    chmod("\(site.scene.repository)/\(pack)", 0o600)
    try Files.write("\(site.scene.repository)/\(pack)", bytes)
    let loaded = try site.restore(["here", "--as", "cmd_harm_b"])
    #expect(loaded.status == 6, "\(loaded.errors)")
    #expect(site.databases == ["cmd_harm"])
  }

  @Test("replaces what is spelled out, and a recovery of an incident is on the record, timed from its declaration")
  func incident() throws {
    guard let site = try Site("cmd_incident") else { return }
    site.sql("cmd_incident", "DELETE FROM t")
    let replaced = try site.restore([
      "source", "--replace", "cmd_incident", "--incident", "INC-42", "--since", "2026-01-01T00:00:00Z", "--json",
    ])
    // The role of backups may not create databases.
    #expect(replaced.status == 9)
    let recovered = try site.restore([
      "here", "--replace", "cmd_incident", "--incident", "INC-42", "--since", "2026-01-01T00:00:00Z", "--json",
    ])
    #expect(recovered.status == 1, "an objective is missed: \(recovered.errors)\(recovered.text)")
    let end = try #require(try Object.lines(recovered.text).first { $0["type"] == "restore" })
    #expect(end["setAside"]?.hasPrefix("cmd_incident_before_") == true)
    #expect(site.sql("cmd_incident", "SELECT count(*) FROM t") == "200000\n")
    let history = try site.scene.run("restorer", ["drill", "history", "--json"])
    let record = try #require(try Object.lines(history.text).first { $0["type"] == "record" })
    #expect(record["sort"] == "recovery")
    #expect(record["drill"] == "INC-42")
    #expect(record["verdict"] == "proven")
    #expect(record["recoveryTime"] == "missed")
    let text = try site.scene.run("restorer", ["drill", "history"]).text
    #expect(text.contains("incident INC-42") && text.contains("recoveries"), "\(text)")
  }

  @Test("options that contradict each other, or mean nothing, are told apart")
  func usage() throws {
    let scene = try Scene(["--component", "orders"])
    try scene.backUp(Array("bytes".utf8))
    func restore(_ options: [String]) throws -> Program.Outcome {
      try scene.run("restorer", ["restore", "orders"] + options)
    }
    #expect(try restore([]).status == 2)
    #expect(try restore(["--to", scene.folder.path("x"), "--into", "here"]).status == 2)
    #expect(try restore(["--to", scene.folder.path("x"), "--jobs", "2"]).errors.contains("--jobs needs --into"))
    #expect(try restore(["--into", "here"]).errors.contains("needs the component's profile"))
    let out = try restore(["--to", "-"])
    #expect(out.status == 0)
    #expect(out.text == "bytes")
  }
}
