import Bytes
import Glibc
import TestKit
import Testing

/// The examples of the repository, run as they stand: only what differs from machine to machine is replaced, by a
/// profile that extends them. The program finds a bare environment, as cron gives it, and the roles may do no more than
/// the examples say.
@Suite("The example profiles", .serialized)
struct ExampleProfileTests {
  private let scene: Scene

  init() throws {
    scene = try Scene()
    mkdir(scene.folder.path("profiles"), 0o700)
  }

  /// Writes a profile that extends an example and backs it up.
  private func backUp(_ example: String, source: String, more: String = "") throws -> Program.Outcome {
    let text = """
      extends: \(Checkout.root)/profiles/\(example).yaml
      repository: ../repository
      keys: {writer: ../keys/writer.key, restorer: ../keys/restorer.key}
      source: \(source)
      \(more)
      """
    try Files.write(scene.folder.path("profiles/\(example).yaml"), Array(text.utf8))
    return try scene.run(["backup", example])
  }

  @Test("of a SQLite database backs one up, and it comes back")
  func sqlite() throws {
    let database = scene.folder.path("packages.db")
    #expect(try Program.run(["sqlite3", database, "create table t(a); insert into t values (1),(2)"]).status == 0)
    let backup = try backUp("packages", source: "{path: ../packages.db}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "packages", "--to", "back"]).status == 0)
    let answer = try Program.run(["sqlite3", scene.folder.path("back/packages.db"), "select count(*) from t"])
    #expect(answer.text == "2\n")
  }

  @Test("of a directory backs one up, leaving out what it says")
  func directory() throws {
    let tree = scene.folder.path("etc")
    for folder in [tree, "\(tree)/ssl", "\(tree)/ssl/certs"] { mkdir(folder, 0o700) }
    for name in ["hosts", "hosts.dpkg-old", "ssl/certs/a.pem"] { try Files.write("\(tree)/\(name)", Array("x".utf8)) }
    let backup = try backUp("machine-settings", source: "{path: ../etc}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "machine-settings", "--to", "back"]).status == 0)
    #expect(Files.tree(scene.folder.path("back")) == ["hosts"])
  }

  /// How a server is reached over TCP, with its certificate verified.
  private func place(_ server: DatabaseServer, _ user: String, _ password: String) throws -> String {
    let file = scene.folder.path("\(server.kind)-\(user).password")
    try Files.write(file, Array(password.utf8))
    return "host: \(server.host), port: \(server.securePort), user: \(user), password: {file: \(file)}, "
      + "tls: {mode: verify-full, ca-file: \(server.certificateFile)}"
  }

  @Test("of PostgreSQL backs a database up, and it comes back into a server")
  func postgres() throws {
    guard let server = try DatabaseServer.postgres() else { return }
    func sql(_ database: String, _ script: String) throws -> String {
      let place = "host=\(server.socket) port=\(server.port) user=\(server.owner) dbname=\(database)"
      return try Program.run(["\(server["TOOLS"])/psql", "-X", "-q", "-A", "-t", "-d", place, "-c", script]).text
    }
    for name in ["example", "example_back"] { _ = try sql("postgres", "DROP DATABASE IF EXISTS \(name)") }
    _ = try sql("postgres", "CREATE DATABASE example")
    defer {
      for name in ["example", "example_back"] { _ = try? sql("postgres", "DROP DATABASE IF EXISTS \(name)") }
    }
    _ = try sql("example", "CREATE TABLE t AS SELECT i, md5(i::text) AS word FROM generate_series(1, 5000) i")
    let backup = try backUp(
      "postgres",
      source: "{databases: [example], exclude: null, \(try place(server, server.backup, server.backupPassword))}",
      more: "targets: {standby: {\(try place(server, server.owner, server.ownerPassword))}, here: null}")
    #expect(backup.status == 0, "\(backup.errors)")
    let restore = try scene.run(["restore", "postgres", "--into", "standby", "--as", "example_back"])
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(try sql("example_back", "SELECT count(*), count(DISTINCT word) FROM t") == "5000|5000\n")
  }

  @Test("of MariaDB backs a database up, and it comes back into a server")
  func mariadb() throws {
    guard let server = try DatabaseServer.server("mariadb") else { return }
    let options = scene.folder.path("owner.cnf")
    try Files.write(
      options, Array("[client]\nuser=\(server.owner)\npassword='\(server.ownerPassword)'\n".utf8))
    func sql(_ script: String) throws -> String {
      try Program.run(["mariadb", "--defaults-file=\(options)", "-S", server.socket, "-N", "-B", "-e", script]).text
    }
    _ = try sql("DROP DATABASE IF EXISTS example; DROP DATABASE IF EXISTS example_back; CREATE DATABASE example")
    defer { _ = try? sql("DROP DATABASE IF EXISTS example; DROP DATABASE IF EXISTS example_back") }
    _ = try sql("CREATE TABLE example.t (i int primary key, word text); INSERT INTO example.t VALUES (1,'a'),(2,'b')")
    let backup = try backUp(
      "mariadb", source: "{databases: [example], \(try place(server, server.backup, server.backupPassword))}",
      more: "targets: {standby: {\(try place(server, server.owner, server.ownerPassword))}}")
    #expect(backup.status == 0, "\(backup.errors)")
    let restore = try scene.run(["restore", "mariadb", "--into", "standby", "--as", "example_back"])
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(try sql("SELECT group_concat(word ORDER BY i) FROM example_back.t") == "a,b\n")
  }

  @Test("of Redis backs a server up, and what comes back is a sound RDB file, and the keys in another server")
  func redis() throws {
    guard let server = try DatabaseServer.own("redis"), let fresh = try DatabaseServer.own("redis") else { return }
    let owner = ["redis-cli", "--no-auth-warning", "-p", "\(server.port)", "-a", server.ownerPassword]
    #expect(try Program.run(owner + ["SET", "greeting", "hello"]).text == "OK\n")
    let backup = try backUp(
      "redis", source: "{\(try place(server, server.backup, server.backupPassword))}",
      more: "targets: {standby: {\(try place(fresh, fresh.owner, fresh.ownerPassword))}}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "redis", "--to", "back"]).status == 0)
    let check = try Program.run(["redis-check-rdb", scene.folder.path("back/dump.rdb")])
    #expect(check.status == 0 && check.text.contains("1 keys read"), "\(check.text)")
    let restore = try scene.run(["restore", "redis", "--into", "standby"])
    #expect(restore.status == 0, "\(restore.errors)")
    let there = ["redis-cli", "--no-auth-warning", "-p", "\(fresh.port)", "-a", fresh.ownerPassword]
    #expect(try Program.run(there + ["GET", "greeting"]).text == "hello\n")
  }

  @Test("of a command backs a cluster up, with its hooks")
  func cluster() throws {
    // A server of its own: databases that other tests drop meanwhile would end the dump, as they should.
    guard let server = try DatabaseServer.own("postgres") else { return }
    let password = scene.folder.path("pgpass")
    try Files.write(
      password,
      Array("*:*:*:*:\(server.ownerPassword.replacing("\\", with: "\\\\").replacing(":", with: "\\:"))\n".utf8))
    chmod(password, 0o600)
    let variables =
      "PGHOST: \(server.host), PGPORT: '\(server.port)', PGUSER: \(server.owner), PGSSLMODE: verify-full, "
      + "PGSSLROOTCERT: \(server.certificateFile), PGPASSFILE: \(password)"
    let backup = try backUp(
      "cluster", source: "{environment: {\(variables)}}",
      more: "hooks: {before: [/usr/bin/touch, \(scene.folder.path("before"))], failed: null, "
        + "finally: [/usr/bin/touch, \(scene.folder.path("finally"))]}")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try scene.run(["restore", "cluster", "--to", "back"]).status == 0)
    let dump = String(decoding: try Files.read(scene.folder.path("back/cluster.sql")), as: UTF8.self)
    #expect(dump.contains("CREATE ROLE lifeboat_backup;"))
    for name in ["before", "finally"] { #expect(access(scene.folder.path(name), F_OK) == 0) }
  }
}
