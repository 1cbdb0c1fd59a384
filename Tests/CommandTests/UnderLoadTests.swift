import Bytes
import Glibc
import TestKit
import Testing

/// A database that others write to while it is dumped, over TCP with the certificate verified and by the role of least
/// privilege, then loaded into a fresh server and compared. At full size about 500 MB.
@Suite("A database under load", .serialized)
struct UnderLoadTests {
  private static let pgbenchScale = Product.isLong ? 22 : 2
  private static let documents = Product.isLong ? 900_000 : 40_000

  private func psql(_ server: DatabaseServer, _ database: String, _ script: String) throws -> Program.Outcome {
    try Program.run(tool(server, "psql") + ["-X", "-q", "-A", "-t", "-d", place(server, database), "-c", script])
  }

  private func tool(_ server: DatabaseServer, _ name: String) -> [String] {
    ["/usr/bin/env", "HOME=/nonexistent", "\(server["TOOLS"])/\(name)"]
  }

  private func place(_ server: DatabaseServer, _ database: String) -> String {
    "host=\(server.socket) port=\(server.port) user=\(server.owner) dbname=\(database)"
  }

  private func way(_ scene: Scene, _ server: DatabaseServer, _ user: String, _ password: String) throws -> String {
    let file = scene.folder.path("\(server.port)-\(user).password")
    try Files.write(file, Array(password.utf8))
    return "host: \(server.host), port: \(server.securePort), user: \(user), password: {file: \(file)}, "
      + "tls: {mode: verify-full, ca-file: \(server.certificateFile)}"
  }

  private func backUp(
    _ scene: Scene, _ kind: String, _ database: String, from server: DatabaseServer, to target: DatabaseServer
  ) throws {
    let profile = """
      component: shop
      repository: \(scene.repository)
      keys: {writer: \(scene.key("writer")), restorer: \(scene.key("restorer"))}
      source: {kind: \(kind), databases: [\(database)], \(try way(scene, server, server.backup, server.backupPassword))}
      targets: {fresh: {\(try way(scene, target, target.owner, target.ownerPassword))}}

      """
    try Files.write(scene.folder.path("shop.yaml"), Array(profile.utf8))
    let backup = try scene.run(["backup", "shop.yaml"])
    #expect(backup.status == 0, "\(backup.errors)")
  }

  @Test("of PostgreSQL comes back in a fresh server with equal rows, a sound heap and the same definitions")
  func postgres() throws {
    guard let server = try DatabaseServer.postgres(), let fresh = try DatabaseServer.own("postgres") else { return }
    let database = "under_load"
    _ = try psql(server, "postgres", "DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
    _ = try psql(server, "postgres", "CREATE DATABASE \(database)")
    defer { _ = try? psql(server, "postgres", "DROP DATABASE IF EXISTS \(database) WITH (FORCE)") }
    let scale = "\(UnderLoadTests.pgbenchScale)"
    let filled = try Program.run(tool(server, "pgbench") + ["-i", "-q", "-s", scale, place(server, database)])
    #expect(filled.status == 0, "\(filled.errors)")
    _ = try psql(
      server, database,
      """
      CREATE TABLE documents AS SELECT i AS id, jsonb_build_object('number', i, 'word', md5(i::text)) AS body,
      repeat(md5((i * 7)::text) || ' ', 4) AS note FROM generate_series(1, \(UnderLoadTests.documents)) i
      """)
    _ = try psql(server, database, "ALTER TABLE documents ADD PRIMARY KEY (id)")
    _ = try psql(server, database, "CREATE INDEX ON documents USING gin (body)")
    let load = try RunningProgram(
      tool(server, "pgbench") + ["-n", "-c", "2", "-T", "3600", place(server, database)], environment: [:])
    let scene = try Scene(["--component", "shop"])
    try backUp(scene, "postgresql", database, from: server, to: fresh)
    #expect(!load.hasEnded)
    // Signals that may be ignored are blocked in tests, and in what they start.
    load.signal(SIGKILL)
    load.wait()
    let restore = try scene.run(["restore", "shop.yaml", "--into", "fresh", "--json"])
    #expect(restore.status == 0, "\(restore.errors)\(restore.text)")
    let end = try Object.lines(restore.text).first { $0["type"] == "restore" }
    #expect(end?["verified"] == "true")
    #expect(try definitions(fresh, database) == definitions(server, database))
    let amcheck = try Program.run(
      tool(fresh, "pg_amcheck") + ["--install-missing", "--heapallindexed", place(fresh, database)])
    #expect(amcheck.status == 0, "\(amcheck.text)\(amcheck.errors)")
  }

  /// What `pg_dump` says of everything but rows, without the lines that are random.
  private func definitions(_ server: DatabaseServer, _ database: String) throws -> [Substring] {
    let dump = try Program.run(
      tool(server, "pg_dump") + ["--schema-only", "-d", place(server, database)])
    #expect(dump.status == 0, "\(dump.errors)")
    return dump.text.split(separator: "\n").filter { !$0.hasPrefix("\\") }
  }

  @Test("of MariaDB comes back in a fresh server, sound, with its routines and events")
  func mariadb() throws {
    guard let server = try DatabaseServer.server("mariadb"), let fresh = try DatabaseServer.own("mariadb") else {
      return
    }
    let scene = try Scene(["--component", "shop"])
    func words(_ server: DatabaseServer, _ tool: String) throws -> [String] {
      let options = scene.folder.path("\(server.port).cnf")
      try Files.write(
        options, Array("[client]\nuser=\(server.owner)\npassword='\(server.ownerPassword)'\n".utf8))
      return [tool, "--defaults-file=\(options)", "-S", server.socket]
    }
    func sql(_ server: DatabaseServer, _ script: String) throws -> Program.Outcome {
      try Program.run(try words(server, "mariadb") + ["-N", "-B", "-e", script])
    }
    let rows = UnderLoadTests.documents
    let made = try sql(
      server,
      """
      DROP DATABASE IF EXISTS under_load; CREATE DATABASE under_load CHARACTER SET utf8mb4; USE under_load;
      CREATE TABLE documents (id int PRIMARY KEY, body json, note text, KEY (note(20)));
      INSERT INTO documents SELECT seq, json_object('number', seq, 'word', md5(seq)), repeat(md5(seq * 7), 4)
        FROM seq_1_to_\(rows);
      CREATE PROCEDURE touch(n int) UPDATE documents SET note = concat(note, '!') WHERE id = n;
      CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN 2 * n;
      CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM documents WHERE id < 0;
      CREATE TRIGGER stamped BEFORE INSERT ON documents FOR EACH ROW SET NEW.note = coalesce(NEW.note, 'none');
      """)
    #expect(made.status == 0, "\(made.errors)")
    defer { _ = try? sql(server, "DROP DATABASE IF EXISTS under_load") }
    // It ends by a file, for what a shell has started outlives it.
    let over = scene.folder.path("over")
    let line =
      "n=0; while [ ! -e \(over) ]; do n=$((n + 1)); echo \"CALL touch($((n % \(rows))));\"; sleep 0.002; done | \"$@\""
    let load = try RunningProgram(
      ["/bin/sh", "-c", line, "sh"] + (try words(server, "/usr/bin/mariadb")) + ["under_load"],
      environment: ["PATH": "/usr/bin:/bin"])
    defer { load.wait() }
    defer { try? Files.write(over, []) }
    try backUp(scene, "mariadb", "under_load", from: server, to: fresh)
    #expect(!load.hasEnded)
    try Files.write(over, [])
    let restore = try scene.run(["restore", "shop.yaml", "--into", "fresh", "--json"])
    #expect(restore.status == 0, "\(restore.errors)\(restore.text)")
    #expect(try sql(fresh, "SELECT count(*) FROM under_load.documents").text == "\(rows)\n")
    let check = try Program.run(try words(fresh, "mariadb-check") + ["--check", "--extended", "under_load"])
    #expect(check.status == 0 && check.text.split(separator: "\n").allSatisfy { $0.hasSuffix("OK") }, "\(check.text)")
    let kept = """
      SELECT group_concat(name ORDER BY name) FROM (SELECT routine_name AS name FROM information_schema.routines
      WHERE routine_schema = 'under_load' UNION ALL SELECT event_name FROM information_schema.events
      WHERE event_schema = 'under_load' UNION ALL SELECT trigger_name FROM information_schema.triggers
      WHERE trigger_schema = 'under_load') AS all_of_them
      """
    #expect(try sql(fresh, kept).text == "nightly,stamped,touch,twice\n")
  }
}
