import Bytes
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("The commands of a rescue kit, run", .serialized)
struct KitRunTests {
  /// Runs a way, looks at what came, and sees that nothing stays.
  private func recover(
    _ scene: KitScene, _ component: String, by tool: KitWay.Tool, _ look: (KitRestored) throws -> Void
  ) throws {
    let clock = RecoveryClock()
    let job = try scene.job(component, by: tool, clock: clock)
    let run = KitRun()
    let restored: KitRestored
    do {
      restored = try run.restore(job)
    } catch {
      _ = try? run.destroy()
      throw error
    }
    try look(restored)
    let steps = job.way.steps
    #expect(zip(restored.commands, steps).allSatisfy { $0.hasSuffix("\ncd /\n\($1.command)") })
    #expect(restored.commands.count == steps.count)
    // Nothing that was brought along outlives the commands that need it.
    #expect(Files.tree(scene.scratch).allSatisfy { !$0.contains("restorer.key") && !$0.contains("/kit/") })
    #expect(try run.destroy() == "process gone, socket gone, folder gone, key file gone")
    #expect(scene.leftovers.isEmpty)
    let phases = clock.finish().phases.map(\.name)
    for step in steps { #expect(phases.contains("step: \(step.title)")) }
  }

  @Test("SQLite comes back, by lifeboat and by rescue.py", arguments: KitWay.Tool.allCases)
  func sqlite(_ tool: KitWay.Tool) throws {
    let scene = try KitScene("shop")
    let database = scene.folder.path("it's a \"shop\".db")
    let made = try Program.run(["sqlite3", database, "create table item(id); insert into item values (1),(2),(3)"])
    #expect(made.status == 0)
    try scene.backUp("shop", source: "{kind: sqlite, path: 'it''s a \"shop\".db'}")
    try recover(scene, "shop", by: tool) { restored in
      let folder = try #require(restored.folder)
      let answer = try Program.run(["sqlite3", "\(folder)/it's a \"shop\".db", "select count(*) from item"])
      #expect(answer.text == "3\n", "\(answer.errors)")
    }
  }

  @Test(
    "a bucket over TLS is reached by both ways, with credentials that no command line shows",
    arguments: KitWay.Tool.allCases)
  func bucket(_ tool: KitWay.Tool) throws {
    guard let server = try S3Server.ceph(), let endpoint = server.secureEndpoint, let file = server.certificateFile
    else { return }
    let bucket = try S3Bucket(on: server)
    let secure = server.at(endpoint).variables().merging(["AWS_CA_BUNDLE": file]) { $1 }
    let scene = try KitScene("text", in: bucket.location("some/where"), secure)
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 1000']}")
    let page = try scene.run(["rescue-kit", "--repository", scene.repository, "--key", scene.restorerFile]).text
    for part in [endpoint, file, scene.repository, "AWS_SECRET_ACCESS_KEY", "ca-certificates"] {
      #expect(page.contains(part))
    }
    for secret in [server.owner.secret, server.owner.keyID] { #expect(!page.contains(secret)) }
    for step in try scene.kit("text").way(tool).steps { #expect(page.contains("\n\(step.command)\n"), "\(step.title)") }
    try recover(scene, "text", by: tool) { restored in
      let folder = try #require(restored.folder)
      #expect(try Files.read("\(folder)/dump").count == 3893)
      #expect(restored.commands.allSatisfy { !$0.contains(server.owner.secret) && !$0.contains(server.owner.keyID) })
    }
  }

  @Test(
    "PostgreSQL comes back, by lifeboat and by rescue.py, whatever its databases are called",
    arguments: KitWay.Tool.allCases)
  func postgres(_ tool: KitWay.Tool) throws {
    guard let server = try DatabaseServer.postgres() else { return }
    let scene = try KitScene("shop")
    let odd = "kit 'odd/ \"\(tool)=x"
    let place = "host=\(server.socket) port=\(server.port) user=\(server.owner)"
    func sql(_ place: String, _ database: String, _ script: String) throws -> String {
      let words = ["env", "PGDATABASE=\(database)", "HOME=/nonexistent", "\(server["TOOLS"])/psql", "-XqAt"]
      let answer = try Program.run(
        words + ["-v", "ON_ERROR_STOP=1"] + ["-c", script],
        environment: [
          "PGHOST": String(place.split(separator: " ")[0].dropFirst(5)),
          "PGPORT": String(place.split(separator: " ")[1].dropFirst(5)),
          "PGUSER": String(place.split(separator: " ")[2].dropFirst(5)), "PATH": "/usr/bin:/bin",
        ])
      #expect(answer.status == 0, "\(script): \(answer.errors)")
      return answer.text
    }
    let quoted = "\"\(odd.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    defer {
      _ = try? sql(place, "postgres", "DROP DATABASE \(quoted) WITH (FORCE)")
      _ = try? sql(place, "postgres", "DROP ROLE kit_owner_\(tool)")
    }
    _ = try sql(place, "postgres", "CREATE ROLE kit_owner_\(tool)")
    _ = try sql(place, "postgres", "CREATE DATABASE \(quoted) OWNER kit_owner_\(tool)")
    _ = try sql(place, odd, "CREATE TABLE t (id serial PRIMARY KEY, w text)")
    _ = try sql(place, odd, "INSERT INTO t (w) SELECT md5(i::text) FROM generate_series(1, 5000) i")
    _ = try sql(place, odd, "CREATE INDEX ON t (w); ALTER TABLE t OWNER TO kit_owner_\(tool)")
    try Files.write(scene.folder.path("password"), Array(server.ownerPassword.utf8))
    try scene.backUp(
      "shop",
      source: """
        {kind: postgresql, host: \(server.host), port: \(server.port), user: \(server.owner),
          password: {file: password}, tls: {mode: verify-full, ca-file: \(server.certificateFile)},
          databases: [postgres, \(JSONText.text(odd).encoded)]}
        """)
    try recover(scene, "shop", by: tool) { restored in
      let fresh = try #require(restored.server)
      #expect(Set(restored.databases) == [odd, "postgres"])
      let place = "host=\(fresh.socket ?? "") port=\(fresh.port ?? 0) user=\(fresh.user ?? "")"
      #expect(try sql(place, odd, "SELECT count(*), max(id), nextval('t_id_seq') FROM t") == "5000|5000|5001\n")
      #expect(try sql(place, odd, "SELECT tableowner FROM pg_tables WHERE tablename = 't'") == "kit_owner_\(tool)\n")
      #expect(try sql(place, odd, "SELECT count(*) FROM pg_indexes WHERE tablename = 't'") == "2\n")
      #expect(try sql(place, "postgres", "SELECT reltuples FROM pg_class WHERE relname = 'pg_class'") != "-1\n")
    }
  }

  @Test("MariaDB comes back with its users, by lifeboat and by rescue.py", arguments: KitWay.Tool.allCases)
  func mariadb(_ tool: KitWay.Tool) throws {
    guard let server = try DatabaseServer.server("mariadb") else { return }
    let scene = try KitScene("shop")
    let odd = "kit 'odd\(tool)"
    func sql(_ script: String) throws {
      let answer = try Program.run(
        ["mariadb", "--no-defaults", "--socket=\(server.socket)", "--user=\(server.owner)", "-e", script],
        environment: ["MYSQL_PWD": server.ownerPassword, "PATH": "/usr/bin:/bin"])
      #expect(answer.status == 0, "\(answer.errors)")
    }
    defer { try? sql("DROP DATABASE `\(odd)`; DROP USER kit_\(tool)@localhost") }
    try sql(
      "CREATE DATABASE `\(odd)`; CREATE TABLE `\(odd)`.t (a INT PRIMARY KEY); INSERT INTO `\(odd)`.t VALUES (1),(2)")
    try sql(
      "CREATE USER kit_\(tool)@localhost IDENTIFIED BY 'not-on-paper'; GRANT SELECT ON `\(odd)`.* TO kit_\(tool)@localhost"
    )
    try Files.write(scene.folder.path("password"), Array(server.ownerPassword.utf8))
    try scene.backUp(
      "shop",
      source: "{kind: mariadb, socket: \(server.socket), user: \(server.owner), password: {file: password}, "
        + "databases: [\(JSONText.text(odd).encoded)]}")
    try recover(scene, "shop", by: tool) { restored in
      let fresh = try #require(restored.server)
      let answer = try Program.run(
        ["mariadb", "--no-defaults", "--socket=\(fresh.socket ?? "")", "--user=kit_\(tool)", "-N", "-e"]
          + ["SELECT COUNT(*) FROM `\(odd)`.t"],
        environment: ["MYSQL_PWD": "not-on-paper", "PATH": "/usr/bin:/bin"])
      #expect(answer.text == "2\n", "\(answer.errors)")
    }
  }

  @Test("Redis comes back, by lifeboat and by rescue.py", arguments: KitWay.Tool.allCases)
  func redis(_ tool: KitWay.Tool) throws {
    guard let server = try DatabaseServer.server("redis") else { return }
    let scene = try KitScene("keys")
    func ask(_ socket: String, _ words: [String], password: String? = nil) throws -> String {
      var variables = ["PATH": "/usr/bin:/bin"]
      variables["REDISCLI_AUTH"] = password
      return try Program.run(["redis-cli", "-s", socket, "--no-auth-warning"] + words, environment: variables).text
    }
    _ = try ask(server.socket, ["SET", "kit:\(tool)", "there"], password: server.ownerPassword)
    defer { _ = try? ask(server.socket, ["DEL", "kit:\(tool)"], password: server.ownerPassword) }
    try Files.write(scene.folder.path("password"), Array(server.ownerPassword.utf8))
    try scene.backUp("keys", source: "{kind: redis, socket: \(server.socket), password: {file: password}}")
    try recover(scene, "keys", by: tool) { restored in
      let socket = try #require(restored.server?.socket)
      #expect(try ask(socket, ["GET", "kit:\(tool)"]) == "there\n")
    }
  }

  @Test("a socket whose path would be too long has another one")
  func longPath() throws {
    guard let server = try DatabaseServer.server("redis") else { return }
    let scene = try KitScene("keys")
    try Files.write(scene.folder.path("password"), Array(server.ownerPassword.utf8))
    try scene.backUp("keys", source: "{kind: redis, socket: \(server.socket), password: {file: password}}")
    var job = try scene.job("keys", by: .lifeboat)
    let long = "\(scene.scratch)/\(String(repeating: "l", count: 100))"
    mkdir(long, 0o711)
    job.folder = long
    let run = KitRun()
    defer { _ = try? run.destroy() }
    let restored = try run.restore(job)
    let socket = try #require(restored.server?.socket)
    #expect(socket.utf8.count < 108)
    #expect(try Program.run(["redis-cli", "-s", socket, "PING"]).text == "PONG\n")
    let info = try Program.run(["redis-cli", "-s", socket, "INFO", "server"]).text
    let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("process_id:") }
    let process = try #require(line.flatMap { pid_t($0.dropFirst("process_id:".count)) })
    #expect(try run.destroy().hasPrefix("process gone"))
    // One that nobody has buried yet has no command line.
    #expect((try? Files.read("/proc/\(process)/cmdline"))?.isEmpty ?? true, "the server has outlived its folder")
    #expect(access(socket, F_OK) != 0)
    var status = stat()
    #expect(lstat(DurableFile.folder(of: socket), &status) != 0)
    #expect(Files.names(in: long).isEmpty)
  }

  @Test("damage ends the step that reads with what it is, and nothing stays", arguments: KitWay.Tool.allCases)
  func damaged(_ tool: KitWay.Tool) throws {
    let scene = try KitScene("text")
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 100000']}")
    let job = try scene.job("text", by: tool)
    for path in Files.tree(scene.repository) where path.contains("/packs/") {
      var bytes = try Files.read("\(scene.repository)/\(path)")
      let place = "\(scene.repository)/\(path)"
      chmod(place, 0o600)
      for at in stride(from: 100, to: bytes.count, by: 100) { bytes[at] ^= 1 }
      try Files.write(place, bytes)
    }
    let run = KitRun()
    let error = #expect(throws: Failure.self) { _ = try run.restore(job) }
    #expect(error?.code == .damaged, "\(error?.description ?? "")")
    #expect(error?.what.contains("restored with") == true)
    _ = try run.destroy()
    #expect(scene.leftovers.isEmpty)
  }

  @Test("a run that is over time, or stopped, ends its command and says so")
  func late() throws {
    let scene = try KitScene("text")
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 100000']}")
    var job = try scene.job("text", by: .reader)
    job.limit = 1
    let run = KitRun()
    let late = #expect(throws: Failure.self) { _ = try run.restore(job) }
    #expect(late?.code == .unproven)
    _ = try run.destroy()
    job.limit = nil
    job.stop.stop(because: Failure(.interrupted, "stopped by a test"))
    let stopped = #expect(throws: Failure.self) { _ = try run.restore(job) }
    #expect(stopped?.code == .interrupted)
    _ = try run.destroy()
    #expect(scene.leftovers.isEmpty)
  }

  @Test("what is kept for a look has the dump in it, and no key")
  func kept() throws {
    let scene = try KitScene("text")
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 1000']}")
    let run = KitRun()
    _ = try run.restore(try scene.job("text", by: .reader))
    let place = try run.keep()
    #expect(try Files.read("\(place)/dump/dump").count == 3893)
    #expect(Files.tree(place).allSatisfy { !$0.contains("key") })
    #expect(try run.destroy() == "nothing was made")
    #expect(scene.leftovers.count == 1)
  }

  @Test("what was made goes by itself when its time is over")
  func timeToLive() throws {
    let scene = try KitScene("text")
    try scene.backUp("text", source: "{kind: command, run: [/bin/sh, -c, 'seq 10']}")
    var job = try scene.job("text", by: .lifeboat)
    job.timeToLive = 1
    let run = KitRun()
    _ = try? run.restore(job)
    for _ in 0..<1000 where !scene.leftovers.isEmpty { usleep(10_000) }
    #expect(scene.leftovers.isEmpty)
    _ = try run.destroy()
  }
}
