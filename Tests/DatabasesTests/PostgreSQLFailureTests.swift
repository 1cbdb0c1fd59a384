import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite struct PostgreSQLFailureTests {
  private static func failure(_ settings: PostgreSQLSettings) -> Failure? {
    do {
      _ = try DumpSources.make(.postgresql(settings)).prepare(stop: StopSignal())
      return nil
    } catch {
      return error
    }
  }

  /// The server's tools with one of them replaced by a script, which finds the true ones in `$TOOLS`.
  private static func tools(_ server: DatabaseServer, _ name: String, _ script: String) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for tool in ["psql", "pg_dump", "pg_dumpall", "pg_restore"] {
      if tool == name {
        let text = "#!/bin/bash\nTOOLS=\(server["TOOLS"])\n[ \"$1\" = --version ] && exec $TOOLS/\(tool) --version\n"
        try Files.write(folder.path(tool), Array((text + script).utf8))
        chmod(folder.path(tool), 0o755)
      } else {
        symlink("\(server["TOOLS"])/\(tool)", folder.path(tool))
      }
    }
    return folder
  }

  @Test("a refused login says why and what to do, and never the password")
  func refused() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_refused") else { return }
    let folder = TemporaryFolder()
    try Files.write(folder.path("wrong"), Array("wrongPassword-77".utf8))
    let wrong = try #require(Self.failure(try database.settings { $0.server.password = .file(folder.path("wrong")) }))
    #expect(wrong.code == .sourceFailed)
    #expect(wrong.what.contains("password authentication failed"))
    #expect(wrong.next.contains("server.password"))
    #expect(!wrong.description.contains("wrongPassword-77"))
    let open = try #require(Self.failure(try database.settings { $0.server.tls.mode = .disable }))
    #expect(open.what.contains("no pg_hba.conf entry"))
    #expect(open.next.contains("pg_hba.conf"))
    let name = try #require(Self.failure(try database.settings { $0.databases = ["lb_refused", "lb_not_there"] }))
    #expect(name.what == "there is no database \"lb_not_there\"")
    let first = try #require(Self.failure(try database.settings { $0.databases = ["lb_not_there"] }))
    #expect(first.what.contains("does not exist"))
    #expect(first.next.contains("name"))
    try Files.write(folder.path("other.pem"), Array("nonsense".utf8))
    let authority = try #require(
      Self.failure(try database.settings { $0.server.tls.caFile = folder.path("other.pem") }))
    #expect(authority.next.contains("tls"))
    let gone = try #require(Self.failure(try database.settings { $0.server.port = 1 }))
    #expect(gone.what.contains("Connection refused"))
    #expect(gone.next.contains("server.port"))
    let none = try #require(Self.failure(try database.settings { $0.server.tools.folder = folder.path }))
    #expect(none.code == .sourceFailed)
    let prefix = try #require(Self.failure(try database.settings { $0.server.tools.prefix = ["docker", "exec", "x"] }))
    #expect(prefix.code == .profileInvalid)
  }

  @Test("what the role can't read keeps the dump from starting")
  func unreadable() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_unreadable") else { return }
    database.run(
      """
      DROP ROLE IF EXISTS lb_poor; CREATE ROLE lb_poor LOGIN PASSWORD 'poorPassword-3';
      CREATE TABLE seen (a int); GRANT SELECT ON seen TO lb_poor; CREATE SCHEMA closed; CREATE TABLE closed.hidden (a int);
      """)
    defer { database.run("DROP OWNED BY lb_poor; DROP ROLE lb_poor") }
    let folder = TemporaryFolder()
    try Files.write(folder.path("poor"), Array("poorPassword-3".utf8))
    func poor() throws -> PostgreSQLSettings {
      try database.settings {
        $0.server.user = "lb_poor"
        $0.server.password = .file(folder.path("poor"))
      }
    }
    let hidden = try #require(Self.failure(try poor()))
    #expect(hidden.what == "the role lb_poor may not read closed.hidden")
    database.run("DROP SCHEMA closed CASCADE; CREATE SEQUENCE s;")
    #expect(try #require(Self.failure(try poor())).what.contains("may not read the sequences public.s"))
    database.run("GRANT SELECT ON s TO lb_poor")
    #expect(Self.failure(try poor()) == nil)
    database.run("ALTER TABLE seen ENABLE ROW LEVEL SECURITY")
    let filtered = try #require(Self.failure(try database.settings()))
    #expect(filtered.what == "row security hides rows of public.seen from the role lifeboat_backup")
    #expect(filtered.next.contains("BYPASSRLS"))
    database.run("ALTER TABLE seen OWNER TO lb_poor")
    #expect(Self.failure(try poor()) == nil)
    database.run("SELECT lo_create(77)")
    #expect(try #require(Self.failure(try poor())).what == "the role lb_poor may not read 1 of 1 large objects")
    database.run(
      "REVOKE CONNECT ON DATABASE lb_unreadable FROM public; ALTER DATABASE lb_unreadable CONNECTION LIMIT 5")
    #expect(Self.failure(try poor())?.what.contains("permission denied for database") == true)
    database.run("REASSIGN OWNED BY lb_poor TO postgres")
  }

  @Test("tools older than the server are found out before anything starts")
  func versions() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_versions") else { return }
    let folder = try Self.tools(database.server, "pg_dump", "")
    try Files.write(folder.path("pg_dump"), Array("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'".utf8))
    let failure = try #require(Self.failure(try database.settings { $0.server.tools.folder = folder.path }))
    #expect(failure.what.contains("the server has version 15."))
    #expect(failure.what.contains("has 12.3"))
    #expect(failure.next.contains("postgresql-client-15"))
    #expect(PostgreSQLVersion(printed: "pg_dump (PostgreSQL) 9.6.24")?.number == 90_624)
    #expect(PostgreSQLVersion(printed: "psql (PostgreSQL) 17beta1")?.major == 17)
    #expect(PostgreSQLVersion(printed: "nonsense") == nil)
  }

  @Test("a tool that breaks off and exits 0, loses rows, or fails leaves a quarantined dump")
  func wrappers() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_wrappers") else { return }
    database.run("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5000); CREATE TABLE u (a int)")
    func reasons(_ script: String) throws -> [String] {
      let folder = try Self.tools(database.server, "pg_dump", script)
      return try database.dump(database.settings { $0.server.tools.folder = folder.path }).outcome.reasons
    }
    let files = TemporaryFolder()
    let seen = files.path("seen")
    #expect(try reasons("(echo \"$@\"; env) >> \(seen); exec $TOOLS/pg_dump \"$@\"") == [])
    let told = String(decoding: try Files.read(seen), as: UTF8.self)
    #expect(told.contains("--section=data"))
    #expect(!told.contains(database.server.backupPassword))
    let isData = "[[ \"$*\" == *section=data* ]]"
    let short = try reasons(
      "if \(isData); then $TOOLS/pg_dump \"$@\" | head -c 3000; exit 0; fi; exec $TOOLS/pg_dump \"$@\"")
    #expect(short.contains { $0.contains("completion marker") })
    #expect(short.contains { $0.contains("breaks off in table public.t") })
    #expect(short.contains { $0.contains("table public.u is missing in the dump") })
    let contents = try reasons("\(isData) && exec $TOOLS/pg_dump \"$@\"; $TOOLS/pg_dump \"$@\" | head -c 100; exit 0")
    #expect(contents.contains { $0.contains("table of contents can't be read") })
    let lost = try reasons("$TOOLS/pg_dump \"$@\" | sed '/^4711$/d'")
    #expect(lost == ["database \"lb_wrappers\": table public.t has 5000 rows by SQL and 4999 in the dump"])
    let failed = try reasons("$TOOLS/pg_dump \"$@\"; echo 'pg_dump: error: no luck' >&2; exit 3")
    #expect(failed.contains { $0.contains("data-0001.sql: pg_dump ended with exit status 3: no luck") })
  }

  @Test("a server that stops in the middle leaves a quarantined dump, one that is gone before an error")
  func stopped() throws {
    guard let shared = try DatabaseServer.postgres() else { return }
    let server = try shared.another(named: "stopped")
    let database = try #require(try PostgreSQLDatabaseForTest("lb_stopped", on: server))
    database.run("CREATE TABLE t AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 40000) n")
    let settings = try database.settings()
    let source = DumpSources.make(.postgresql(settings))
    _ = try source.prepare(stop: StopSignal())
    let sink = KeepingSink()
    sink.before = { if $0.name == Array("lb_stopped/data-0001.sql".utf8) { try? server.control("kill") } }
    let outcome = try source.dump(into: sink, stop: StopSignal())
    #expect(outcome.reasons.contains { $0.contains("data-0001.sql: pg_dump ended with exit status 1") })
    #expect(sink.order.contains("lb_stopped/data-0001.sql"))
    #expect(throws: Failure.self) { try source.dump(into: sink, stop: StopSignal()) }
    try server.control("again")
    #expect(try database.dump(settings).outcome.reasons == [])
  }

  @Test("tables stay as they are while they are dumped; one that was dropped before is simply not there")
  func locks() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_locks") else { return }
    database.run("CREATE TABLE kept (a int); INSERT INTO kept VALUES (1); CREATE TABLE dropped (a int)")
    let source = DumpSources.make(.postgresql(try database.settings { $0.jobs = 1 }))
    _ = try source.prepare(stop: StopSignal())
    database.run("DROP TABLE dropped")
    let sink = KeepingSink()
    let words =
      PostgreSQLShell.words(database.server, "psql") + [
        "-X", "-q", "-d", PostgreSQLShell.string(database.server, "lb_locks"), "-c",
        "SET lock_timeout = '50ms'; TRUNCATE kept",
      ]
    sink.before = { _ in Shell.run(words, expecting: 1) }
    // What is truncated before its stream begins would be empty in it, in spite of the snapshot.
    let outcome = try source.dump(into: sink, stop: StopSignal())
    #expect(outcome.reasons.filter { !$0.contains("about.json") } == [])
    #expect(outcome.truth?.tables.map(\.rows) == [1])
    let holder = try database.writer("LOCK TABLE kept IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(20);")
    defer { holder.signal(SIGKILL) }
    while database.run(
      "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation::regclass::text = 'kept'"
    ) != "1" { usleep(10_000) }
    let failure = try #require(Self.failure(try database.settings { $0.lockTimeout = Seconds(1) }))
    #expect(failure.what.contains("lock timeout"))
    #expect(failure.next.contains("lock-timeout"))
  }

  @Test("what the sink throws ends the dump, and so does a stop of the run")
  func endings() throws {
    guard let database = try PostgreSQLDatabaseForTest("lb_endings") else { return }
    database.run("CREATE TABLE t AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 30000) n")
    let source = DumpSources.make(.postgresql(try database.settings()))
    let sink = KeepingSink()
    sink.failure = Failure(.storeFull, "no room")
    #expect(throws: Failure(.storeFull, "no room")) { try source.dump(into: sink, stop: StopSignal()) }
    let stop = StopSignal()
    let stopping = KeepingSink(stop: stop)
    stopping.before = { _ in stop.stop(because: Failure(.interrupted, "enough")) }
    #expect(throws: Failure(.interrupted, "enough")) { try source.dump(into: stopping, stop: stop) }
    let left =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = 'lb_endings' AND application_name IN ('lifeboat', 'pg_dump')"
    var tries = 200
    while tries > 0, database.run(left) != "0" {
      usleep(20_000)
      tries -= 1
    }
    #expect(database.run(left) == "0")
  }
}
