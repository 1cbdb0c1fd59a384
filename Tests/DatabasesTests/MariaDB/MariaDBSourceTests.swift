import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Synchronization
import TestKit
import Testing

extension MariaDBServerTests {
  @Suite("A MariaDB server as a source", .serialized)
  struct MariaDBSourceTests {
    @Test("gives Chinook by the least-privilege user over verified TLS, whole and counted")
    func chinook() throws {
      guard let world = try MariaDBWorld.shared(), let data = try SharedData.folder(named: "chinook") else { return }
      world.sql(String(decoding: try Files.read("\(data)/Chinook_MySql.sql"), as: UTF8.self))
      for host in ["127.0.0.1", "localhost"] {
        let dumped = try world.dump(
          MariaDBSettings(server: world.backupSettings(host: host), databases: ["Chinook"]))
        #expect(dumped.outcome.reasons == [])
        #expect(dumped.outcome.warnings == [])
        #expect(dumped.rows["Chinook.Track"] == 3503)
        #expect(dumped.rows["Chinook.PlaylistTrack"] == 8715)
        #expect(dumped.rows.count == 11)
        #expect(dumped.outcome.truth?.tables.allSatisfy { $0.checksum != .zero } == true)
        #expect(dumped.sink.order == ["about.json", "all.sql", "users.sql"])
        #expect(dumped.text("all.sql").contains("-- CHANGE MASTER TO MASTER_LOG_FILE='binlog."))
        #expect(dumped.text("users.sql").contains("lifeboat_backup"))
        #expect(dumped.description.version.contains("MariaDB"))
        #expect(dumped.description.notes == [])
      }
    }

    @Test("gives odd names, blobs, JSON, generated columns, history, routines, events, triggers and views")
    func zoo() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      let name = "odd `name/é; --"
      world.makeZoo(name)
      defer { world.sql("DROP DATABASE `odd ``name/é; --`") }
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: [name]))
      #expect(dumped.outcome.reasons == [])
      let expected: [String: UInt64] = [
        "t`x; -- \"": 3, "INSERT INTO `x` VALUES": 3, "nothing": 0, "versioned": 3, "parts": 2, "parent": 1, "child": 1,
      ]
      var found: [String: UInt64] = [:]
      for (table, rows) in dumped.rows { found[String(table.dropFirst(name.count + 1))] = rows }
      #expect(found == expected)
      let text = dumped.text("all.sql").lowercased()
      for word in [
        "PROCEDURE `p`", "FUNCTION `f`", "EVENT `ev`", "trigger tr", "VIEW `w`", "CREATE SEQUENCE `numbers`",
      ] {
        let isThere = text.contains(word.lowercased())
        #expect(isThere, "\(word)")
      }
    }

    @Test("says where users can't be dumped, and leaves them out when told")
    func users() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int); INSERT INTO small.t VALUES (1)")
      world.sql(
        """
        CREATE OR REPLACE USER partly@'127.0.0.1' IDENTIFIED BY 'partly-password';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON small.* TO partly@'127.0.0.1';
        GRANT SELECT ON mysql.proc TO partly@'127.0.0.1'
        """)
      let server = world.settings("partly", "partly-password")
      let dumped = try world.dump(MariaDBSettings(server: server))
      #expect(dumped.outcome.reasons == [])
      #expect(dumped.sink.order == ["about.json", "all.sql"])
      #expect(dumped.description.notes.contains { $0.contains("users and their grants are not dumped") })
      #expect(dumped.description.notes.contains { $0.contains("no replication position") })
      #expect(dumped.description.notes.contains { $0.contains("databases that it may not see") })
      let without = try world.dump(
        MariaDBSettings(server: world.backupSettings(), databases: ["small"], globals: false))
      #expect(without.sink.order == ["about.json", "all.sql"])
      #expect(without.description.notes == [])
    }

    @Test("refuses a role that would get less than all: no triggers, no routines, no database, no login")
    func lockedOut() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int)")
      func refused(_ grants: String, databases: [String]? = ["small"], password: String = "narrow-password") -> Failure?
      {
        world.sql("CREATE OR REPLACE USER narrow@'127.0.0.1' IDENTIFIED BY 'narrow-password'; \(grants)")
        let settings = MariaDBSettings(server: world.settings("narrow", password), databases: databases)
        return #expect(throws: Failure.self) { try MariaDBSource(settings).prepare(stop: StopSignal()) }
      }
      let triggers = refused("GRANT SELECT, SHOW VIEW, EVENT ON `small`.* TO narrow@'127.0.0.1'")
      #expect(triggers?.what.contains("lacks TRIGGER") == true)
      #expect(triggers?.next == "GRANT TRIGGER ON `small`.* TO the role.")
      let routines = refused("GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `sm%`.* TO narrow@'127.0.0.1'")
      #expect(routines?.what.contains("may not read routines") == true)
      let one = refused("GRANT SELECT ON small.t TO narrow@'127.0.0.1'")
      #expect(one?.what.contains("lacks SELECT, SHOW VIEW, TRIGGER, EVENT") == true)
      #expect(refused("")?.what.contains("no such database, or narrow@127.0.0.1 may not see it: small") == true)
      #expect(refused("", databases: nil)?.what.contains("sees no database") == true)
      let login = refused("", password: "wrong-password")
      #expect(login?.what.contains("Access denied") == true)
      #expect(login.map { "\($0)" }?.contains("wrong-password") == false)
      #expect(login?.code == .sourceFailed)
    }

    @Test("is not reached past a certificate that doesn't verify")
    func certificates() throws {
      guard let world = try MariaDBWorld.shared(), let other = try DatabaseServer.server("redis") else { return }
      for mode in [TLSSettings.Mode.verifyFull, .verifyCA] {
        var server = world.backupSettings()
        server.tls = TLSSettings(mode: mode, caFile: other.certificateFile)
        let failure = #expect(throws: Failure.self) {
          try MariaDBSource(MariaDBSettings(server: server)).prepare(stop: StopSignal())
        }
        #expect(failure?.what.contains("2026") == true, "\(mode)")
      }
      var bare = world.backupSettings()
      bare.tls.caFile = nil
      #expect(throws: Failure.self) {
        try MariaDBSource(MariaDBSettings(server: bare)).prepare(stop: StopSignal())
      }
    }

    @Test("is found by an option file, and by its socket")
    func optionFile() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int)")
      let file = ServerSettings(optionFile: world.ownerFile)
      #expect(try world.dump(MariaDBSettings(server: file, databases: ["small"])).outcome.reasons == [])
      let socket = ServerSettings(
        socket: world.server.socket, user: "root",
        password: .file(world.folder.file("word", world.server.ownerPassword)))
      #expect(try world.dump(MariaDBSettings(server: socket, databases: ["small"])).outcome.reasons == [])
    }

    @Test("whose tool cuts its output short and exits 0 is quarantined, wherever it cuts")
    func truncated() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.makeZoo("zoo")
      let tools = world.folder.path + "/tools"
      mkdir(tools, 0o755)
      for (name, end) in [("mariadb-dump", "head -c 300000"), ("mariadb-dump", "head -n -1"), ("mariadb-dump", "true")]
      {
        let script =
          "#!/bin/bash\nfor a; do [ \"$a\" != --version ] || exec \(name) --version; done\n\(name) \"$@\" | \(end)\n"
        unlink("\(tools)/\(name)")
        try Files.write("\(tools)/\(name)", Array(script.utf8))
        chmod("\(tools)/\(name)", 0o755)
        unlink("\(tools)/mariadb")
        symlink("/usr/bin/mariadb", "\(tools)/mariadb")
        var server = world.backupSettings()
        server.tools.folder = tools
        let dumped = try world.dump(MariaDBSettings(server: server, databases: ["zoo"], globals: false))
        #expect(!dumped.outcome.reasons.isEmpty, "\(end)")
      }
    }

    @Test("that loses a table on the way is quarantined")
    func lostTable() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.makeZoo("zoo")
      let tools = world.folder.path + "/tools"
      mkdir(tools, 0o755)
      let wrapper =
        "#!/bin/bash\nfor a; do [ \"$a\" != --version ] || exec mariadb-dump --version; done\n"
        + "first=$1; shift; exec mariadb-dump \"$first\" --ignore-table=zoo.parent \"$@\"\n"
      try Files.write("\(tools)/mariadb-dump", Array(wrapper.utf8))
      chmod("\(tools)/mariadb-dump", 0o755)
      symlink("/usr/bin/mariadb", "\(tools)/mariadb")
      var server = world.backupSettings()
      server.tools.folder = tools
      let dumped = try world.dump(MariaDBSettings(server: server, databases: ["zoo"], globals: false))
      #expect(dumped.outcome.reasons == ["the dump lacks tables that exist: zoo.parent"])
    }

    @Test("that dies in the middle is quarantined")
    func killed() throws {
      guard let server = try DatabaseServer.own("mariadb") else { return }
      let world = MariaDBWorld(server)
      world.sql(
        """
        CREATE DATABASE big; CREATE TABLE big.t (a int auto_increment primary key, s varchar(2000));
        INSERT INTO big.t (s) SELECT repeat(uuid(), 50) FROM mysql.help_topic LIMIT 500;
        INSERT INTO big.t (s) SELECT a.s FROM big.t a, (SELECT a FROM big.t LIMIT 60) b
        """)
      let sink = KeepingSink()
      let source = MariaDBSource(MariaDBSettings(server: world.backupSettings()))
      _ = try source.prepare(stop: StopSignal())
      // Pipe and sockets hold a part of the dump; the rest is never written.
      sink.before = {
        if $0.name == Array("all.sql".utf8) {
          usleep(300_000)
          try? server.control("kill")
        }
      }
      let outcome = try source.dump(into: sink, stop: StopSignal())
      #expect(outcome.reasons.first?.contains("mariadb-dump ended with exit status") == true, "\(outcome.reasons)")
      #expect(sink.streams.contains { $0.stream.name == Array("all.sql".utf8) && !$0.bytes.isEmpty })
    }

    @Test("that waits for a lock for too long is ended and quarantined, with what it waited for")
    func locked() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int)")
      let settings = MariaDBSettings(server: world.backupSettings(), databases: ["small"], lockTimeout: Seconds(1))
      let sink = KeepingSink()
      let source = MariaDBSource(settings)
      _ = try source.prepare(stop: StopSignal())
      let lock = Mutex<RunningProgram?>(nil)
      sink.before = { stream in
        guard stream.name == Array("about.json".utf8) else { return }
        let words = ["LOCK TABLES small.t WRITE; SELECT SLEEP(30)"]
        let holder = try? RunningProgram(
          ["/usr/bin/mariadb", "--defaults-file=\(world.ownerFile)", "-e"] + words, environment: [:])
        var tries = 0
        while tries < 500, !world.sql("SHOW FULL PROCESSLIST").contains("SLEEP(30)") {
          tries += 1
          usleep(20_000)
        }
        #expect(holder?.hasEnded == false, "\(holder?.errors ?? "")")
        lock.withLock { $0 = holder }
      }
      let outcome = try source.dump(into: sink, stop: StopSignal())
      #expect(outcome.reasons.first?.hasPrefix("the dump waited for a lock for longer than 1s") == true)
      lock.withLock { $0?.signal(SIGKILL) }
      world.sql("SELECT CONCAT('KILL ', id, ';') FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'")
        .split(separator: "\n").forEach { world.sql(String($0)) }
    }

    @Test("is dumped by tools that run as another account")
    func account() throws {
      guard let world = try MariaDBWorld.shared(), geteuid() == 0 else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int)")
      var server = world.backupSettings()
      server.tools.account = "nobody"
      let dumped = try world.dump(MariaDBSettings(server: server, databases: ["small"]))
      #expect(dumped.outcome.reasons == [])
      server.tools.account = "no-such-account"
      #expect(throws: Failure.self) {
        try MariaDBSource(MariaDBSettings(server: server)).prepare(stop: StopSignal())
      }
      server.tools = ToolSettings(prefix: ["env"])
      let failure = #expect(throws: Failure.self) {
        try MariaDBSource(MariaDBSettings(server: server)).prepare(stop: StopSignal())
      }
      #expect(failure?.code == .usage)
      let elsewhere = ServerSettings(optionFile: world.ownerFile, tools: ToolSettings(prefix: ["env"]))
      #expect(try world.dump(MariaDBSettings(server: elsewhere, databases: ["small"])).outcome.reasons == [])
    }

    @Test("names tables that can't be consistent")
    func loose() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql("CREATE OR REPLACE DATABASE small; CREATE TABLE small.t (a int) ENGINE=MyISAM")
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["small"]))
      #expect(dumped.description.notes.contains { $0.contains("not consistent if they are written: small.t") })
      #expect(dumped.outcome.reasons == [])
      world.sql("DROP DATABASE small")
    }

    @Test("refuses an older tool before anything starts")
    func oldTool() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      let tools = world.folder.path + "/tools"
      mkdir(tools, 0o755)
      let script = "#!/bin/sh\necho 'mysqldump  Ver 10.16 Distrib 10.1.48-MariaDB, for Linux (x86_64)'\n"
      try Files.write("\(tools)/mariadb-dump", Array(script.utf8))
      chmod("\(tools)/mariadb-dump", 0o755)
      symlink("/usr/bin/mariadb", "\(tools)/mariadb")
      var server = world.backupSettings()
      server.tools.folder = tools
      let failure = #expect(throws: Failure.self) {
        try MariaDBSource(MariaDBSettings(server: server)).prepare(stop: StopSignal())
      }
      #expect(failure?.what.contains("is older than the server") == true)
    }
  }
}
