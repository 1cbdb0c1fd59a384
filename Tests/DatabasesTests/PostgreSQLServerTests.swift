import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite struct PostgreSQLServerTests {
  @Test("all databases with roles and tablespaces, and the same from a standby that says how far it is behind")
  func all() throws {
    guard let shared = try DatabaseServer.postgres() else { return }
    let server = try shared.another(named: "all")
    PostgreSQLShell.run(
      server, "postgres", "CREATE ROLE lb_owner PASSWORD 'ownerSecret-1'; CREATE DATABASE one OWNER lb_owner")
    PostgreSQLShell.run(
      server, "postgres", "CREATE DATABASE two; CREATE DATABASE three; CREATE DATABASE shut ALLOW_CONNECTIONS false")
    PostgreSQLShell.run(
      server, "one", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); CREATE UNLOGGED TABLE quick (a int)")
    PostgreSQLShell.run(server, "two", "CREATE TABLE t (a int)")
    var settings = try PostgreSQLShell.settings(server)
    settings.exclude = ["three", "no such"]
    let source = DumpSources.make(.postgresql(settings))
    let description = try source.prepare(stop: StopSignal())
    #expect(description.engine == "postgresql")
    #expect(description.version.hasPrefix("15."))
    #expect(description.identity.hasPrefix("127.0.0.1:\(server.port), system "))
    #expect(description.notes.contains("exclude names no database: \"no such\""))
    #expect(description.notes.contains("the database \"shut\" takes no connections and is not dumped"))
    var named = settings
    named.databases = ["shut"]
    #expect(throws: Failure.self) { try DumpSources.make(.postgresql(named)).prepare(stop: StopSignal()) }
    #expect(!description.notes.contains { $0.hasPrefix("roles are dumped without") })
    let sink = KeepingSink()
    let outcome = try source.dump(into: sink, stop: StopSignal())
    #expect(outcome.reasons == [])
    let parts = ["about.json", "data-0001.sql", "schema.dump"]
    #expect(
      sink.order.sorted() == ["globals.sql"]
        + ["one", "postgres", "two"].flatMap { name in parts.map { "\(name)/\($0)" } })
    let globals = String(decoding: try #require(sink.bytes("globals.sql")), as: UTF8.self)
    #expect(globals.contains("CREATE ROLE lb_owner"))
    // What pg_read_all_data reads are passwords, too.
    #expect(globals.contains("SCRAM"))
    #expect(
      outcome.truth?.tables.map { String(decoding: $0.name, as: UTF8.self) } == [
        "one.public.quick", "one.public.t", "two.public.t",
      ])
    try checkPlain(server, settings)
    try checkStandby(of: server, description)
  }

  /// Somebody with less than pg_read_all_data.
  private func checkPlain(_ server: DatabaseServer, _ settings: PostgreSQLSettings) throws {
    PostgreSQLShell.run(
      server, "two", "CREATE ROLE lb_plain LOGIN PASSWORD 'plainPassword-4'; GRANT SELECT ON t TO lb_plain")
    let folder = TemporaryFolder()
    try Files.write(folder.path("plain"), Array("plainPassword-4".utf8))
    var plain = settings
    plain.databases = ["two"]
    plain.server.user = "lb_plain"
    plain.server.password = .file(folder.path("plain"))
    let poor = DumpSources.make(.postgresql(plain))
    let loss = "roles are dumped without their passwords: the role lb_plain may not read pg_authid"
    #expect(try poor.prepare(stop: StopSignal()).notes.contains(loss))
    let less = KeepingSink()
    #expect(try poor.dump(into: less, stop: StopSignal()).reasons == [])
    #expect(!String(decoding: try #require(less.bytes("globals.sql")), as: UTF8.self).contains("SCRAM"))
    #expect(try PostgreSQLFacts(json: try #require(less.bytes("two/about.json"))).losses == [loss])
  }

  private func checkStandby(of server: DatabaseServer, _ description: SourceDescription) throws {
    let standby = try server.another(named: "standby", options: ["--standby", server.folder])
    var following = try PostgreSQLShell.settings(standby)
    following.databases = ["one"]
    let copy = DumpSources.make(.postgresql(following))
    let second = try copy.prepare(stop: StopSignal())
    #expect(second.notes.contains { $0.hasPrefix("a standby, at most ") })
    #expect(second.lag != nil)
    #expect(description.lag == nil)
    #expect(second.notes.contains { $0.contains("a standby has no rows of unlogged tables: public.quick") })
    #expect(second.identity.split(separator: " ").last == description.identity.split(separator: " ").last)
    let kept = KeepingSink()
    let followed = try copy.dump(into: kept, stop: StopSignal())
    #expect(followed.reasons == [])
    #expect(followed.truth?.tables.map(\.rows) == [2])
    let facts = try PostgreSQLFacts(json: try #require(kept.bytes("one/about.json")))
    #expect(facts.server.isStandby)
    #expect(facts.server.lagMilliseconds != nil)
    #expect(facts.losses.count == 1)
  }

  @Test(
    "the socket with peer authentication, a password with every awkward letter, a prefix, ssh, a service entry, .pgpass"
  )
  func connections() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_connections") else { return }
    let server = database.server
    database.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    func check(_ change: (inout ServerSettings) -> Void) throws {
      let settings = try database.settings {
        $0.server = ServerSettings(port: server.port)
        change(&$0.server)
      }
      let (_, outcome) = try database.dump(settings)
      #expect(outcome.reasons == [])
      #expect(outcome.truth?.rows == 1)
    }
    if geteuid() == 0 {
      try check {
        $0.socket = server.socket
        $0.tools.account = server["ACCOUNT"]
      }
      let folder = TemporaryFolder()
      try Files.write(folder.path("password"), Array(server.ownerPassword.utf8))
      try check {
        $0.host = server.host
        $0.user = server.owner
        $0.password = .file(folder.path("password"))
        $0.tls = TLSSettings(mode: .require)
        $0.tools.account = server["ACCOUNT"]
      }
    }
    let folder = TemporaryFolder()
    try Files.write(folder.path("password"), Array(server.ownerPassword.utf8))
    try check {
      $0.host = server.host
      $0.user = server.owner
      $0.password = .file(folder.path("password"))
    }
    try check {
      $0.socket = server.socket
      $0.user = server.owner
      $0.tools.prefix = ["/bin/sh", "-c", "exec \"$@\"", "sh"]
      $0.tools.folder = server["TOOLS"]
    }
    try Files.write(folder.path("ssh"), Array("#!/bin/sh\nshift\nexec sh -c \"$*\"\n".utf8))
    chmod(folder.path("ssh"), 0o755)
    try check {
      $0.socket = server.socket
      $0.user = server.owner
      $0.tools.prefix = [folder.path("ssh"), "db.example.org"]
      $0.tools.folder = server["TOOLS"]
    }
    let entry = "[orders]\nhost=\(server.socket)\nport=\(server.port)\nuser=\(server.owner)\ndbname=postgres\n"
    try Files.write(folder.path("service.conf"), Array(entry.utf8))
    try check {
      $0.port = nil
      $0.service = "orders"
      $0.tools.prefix = ["env", "PGSERVICEFILE=\(folder.path("service.conf"))"]
      $0.tools.folder = server["TOOLS"]
    }
    let password = server.ownerPassword.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
    try Files.write(folder.path("pgpass"), Array("*:\(server.port):*:\(server.owner):\(password)\n".utf8))
    chmod(folder.path("pgpass"), 0o600)
    try check {
      $0.host = server.host
      $0.user = server.owner
      $0.tls = TLSSettings(mode: .verifyFull, caFile: server.certificateFile)
      $0.tools.prefix = ["env", "PGPASSFILE=\(folder.path("pgpass"))"]
      $0.tools.folder = server["TOOLS"]
    }
  }

  @Test("a standby that cancels the dump for the sake of its replay leaves a quarantined one, with what to do")
  func conflict() throws {
    guard let shared = try DatabaseServer.postgres() else { return }
    let primary = try shared.another(named: "primary")
    PostgreSQLShell.run(
      primary, "postgres", "CREATE TABLE t AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 40000) n")
    let options = ["--standby", primary.folder, "max_standby_streaming_delay=0"]
    let standby = try shared.another(named: "conflict", options: options)
    var settings = try PostgreSQLShell.settings(standby)
    settings.databases = ["postgres"]
    let source = DumpSources.make(.postgresql(settings))
    _ = try source.prepare(stop: StopSignal())
    let sink = KeepingSink(stop: StopSignal())
    sink.before = { stream in
      guard stream.name == Array("postgres/data-0001.sql".utf8) else { return }
      PostgreSQLShell.run(primary, "postgres", "DROP TABLE t")
      var tries = 500
      while tries > 0, PostgreSQLShell.run(standby, "postgres", "SELECT to_regclass('t') IS NULL") != "t" {
        usleep(10_000)
        tries -= 1
      }
    }
    let reasons = try source.dump(into: sink, stop: StopSignal()).reasons
    #expect(reasons.contains { $0.contains("data-0001.sql: pg_dump ended with exit status 1") })
    #expect(reasons.contains { $0.contains("max_standby_streaming_delay") }, "\(reasons)")
  }
}
