import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

extension MariaDBServerTests {
  @Suite("A MariaDB server as a target", .serialized)
  struct MariaDBTargetTests {
    private func load(
      _ dumped: MariaDBDumped, into world: MariaDBWorld, _ request: LoadRequest
    ) throws -> (LoadPlan, LoadOutcome, TruthManifest) {
      let target = MariaDBTarget(world.ownerSettings())
      let streams = KeptStreams(dumped.sink)
      let stop = StopSignal()
      let plan = try target.examine(streams, request, stop: stop)
      #expect(plan.obstacles == [])
      let outcome = try target.load(plan, from: streams, stop: stop) { _ in }
      let truth = try target.truth(of: plan, stop: stop)
      return (plan, try target.settle(plan, outcome, from: streams, stop: stop), truth)
    }

    private func differences(_ dumped: MariaDBDumped, _ truth: TruthManifest) -> [String] {
      dumped.outcome.truth?.differences(from: truth) ?? ["no truth"]
    }

    @Test("takes Chinook dumped while it is written, into another server, and both are the same")
    func underWrites() throws {
      guard let world = try MariaDBWorld.shared(), let data = try SharedData.folder(named: "chinook"),
        let other = try DatabaseServer.own("mariadb")
      else { return }
      world.sql(String(decoding: try Files.read("\(data)/Chinook_MySql.sql"), as: UTF8.self))
      world.sql(
        """
        USE Chinook; CREATE TABLE log (id int auto_increment primary key, t text);
        INSERT INTO log (t) SELECT repeat(uuid(), 20) FROM mysql.help_topic, (SELECT 1 UNION SELECT 2) x;
        DELIMITER //
        CREATE PROCEDURE busy() BEGIN DECLARE n int DEFAULT 0;
          WHILE n < 20000 DO INSERT INTO log (t) VALUES (repeat(uuid(), 20)); DELETE FROM log WHERE id = n;
          UPDATE Track SET Milliseconds = n WHERE TrackId = 1 + n MOD 3000; SET n = n + 1; END WHILE;
        END//
        DELIMITER ;
        """)
      let writer = try RunningProgram(
        ["/usr/bin/mariadb", "--defaults-file=\(world.ownerFile)", "-e", "CALL Chinook.busy()"], environment: [:])
      usleep(200_000)
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["Chinook"]))
      #expect(!writer.hasEnded, "the writer should still have been at work: \(writer.errors)")
      writer.signal(SIGKILL)
      #expect(dumped.outcome.reasons == [])
      let fresh = MariaDBWorld(other)
      let (_, outcome, truth) = try load(dumped, into: fresh, LoadRequest())
      #expect(differences(dumped, truth) == [])
      #expect(outcome.warnings == [])
      let check = Shell.run(["mariadb-check", "--defaults-file=\(fresh.ownerFile)", "--check", "Chinook"])
      #expect(check.split(separator: "\n").allSatisfy { $0.hasSuffix("OK") }, "\(check)")
      world.sql("DROP DATABASE Chinook")
    }

    @Test("takes everything odd under another name on the same server, with routines, events, triggers and views")
    func otherName() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.makeZoo("zoo `x")
      world.sql(
        "CREATE OR REPLACE DATABASE bystander; CREATE TABLE bystander.t (a int); INSERT INTO bystander.t VALUES (1)")
      defer { world.sql("DROP DATABASE `zoo ``x`; DROP DATABASE `new ``name`; DROP DATABASE bystander") }
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["bystander", "zoo `x"]))
      #expect(dumped.outcome.reasons == [])
      world.sql("DROP DATABASE IF EXISTS `new ``name`; DROP TABLE bystander.t")
      let request = LoadRequest(database: "zoo `x", newName: "new `name")
      let (_, outcome, truth) = try load(dumped, into: world, request)
      #expect(outcome.warnings == [])
      #expect(differences(dumped, truth) == ["table bystander.t is missing"])
      #expect(world.sql("SHOW TABLES FROM bystander").isEmpty)
      #expect(world.sql("SELECT f()", database: "new `name") == "3")
      #expect(world.sql("SELECT n FROM w", database: "new `name") == "3")
      #expect(world.sql("CALL p()", database: "new `name").contains("USE `evil`"))
      #expect(world.sql("SELECT COUNT(*) FROM versioned FOR SYSTEM_TIME ALL", database: "new `name") == "3")
      #expect(world.sql("SHOW DATABASES").contains("evil") == false)
      let again = try MariaDBTarget(world.ownerSettings()).examine(
        KeptStreams(dumped.sink), request, stop: StopSignal())
      #expect(again.obstacles.count == 1)
      #expect(again.obstacles.first?.contains("is not empty") == true)
    }

    @Test("refuses the very database that was backed up, unless it is named to be replaced; then it is kept aside")
    func replaced() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.makeZoo("zoo")
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["zoo"]))
      let target = MariaDBTarget(world.ownerSettings())
      let streams = KeptStreams(dumped.sink)
      let refused = try target.examine(streams, LoadRequest(), stop: StopSignal())
      #expect(refused.obstacles == ["zoo on this server is the very database that was backed up: give it another name"])
      #expect(throws: Failure.self) { try target.load(refused, from: streams, stop: StopSignal()) { _ in } }
      let drill = try target.examine(streams, LoadRequest(replaces: "zoo", isDrill: true), stop: StopSignal())
      #expect(drill.obstacles.count >= 2)
      world.sql("INSERT INTO zoo.parts VALUES (7, 'newer')")
      let (_, outcome, truth) = try load(dumped, into: world, LoadRequest(replaces: "zoo"))
      #expect(differences(dumped, truth) == [])
      let aside = try #require(outcome.setAside)
      #expect(world.sql("SELECT t FROM `\(aside)`.parts WHERE id = 7") == "newer")
      #expect(world.sql("SELECT definitions FROM `\(aside)`.`lifeboat definitions`").contains("PROCEDURE `p`"))
      world.sql("DROP DATABASE `\(aside)`; DROP DATABASE zoo")
    }

    @Test("interrupted by damage or by the server is begun again by the next run")
    func interrupted() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.makeZoo("zoo")
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["zoo"]))
      let target = MariaDBTarget(world.ownerSettings())
      var streams = KeptStreams(dumped.sink)
      streams.damagedAfter = 300_000
      let request = LoadRequest(newName: "zoo2")
      world.sql("DROP DATABASE IF EXISTS zoo2")
      let plan = try target.examine(streams, request, stop: StopSignal())
      let failure = #expect(throws: Failure.self) {
        try target.load(plan, from: streams, stop: StopSignal()) { _ in }
      }
      #expect(failure?.code == .damaged)
      let (second, _, truth) = try load(dumped, into: world, request)
      #expect(second.steps.first == "drop what an interrupted load left in zoo2")
      #expect(differences(dumped, truth) == [])
      #expect(world.sql("SHOW TABLES FROM zoo2 LIKE '%lifeboat%'").isEmpty)
      world.sql("DROP DATABASE zoo2; DROP DATABASE zoo")
    }

    @Test("is found unfit before loading: an older server, unknown collations and engines, missing definers and rights")
    func unfit() throws {
      guard let world = try MariaDBWorld.shared() else { return }
      world.sql(
        """
        CREATE OR REPLACE DATABASE fit; CREATE TABLE fit.t (a int); CREATE OR REPLACE USER gone@h;
        CREATE DEFINER=gone@h VIEW fit.v AS SELECT 1; DROP USER gone@h
        """)
      world.sql(
        "CREATE OR REPLACE USER weak@'127.0.0.1' IDENTIFIED BY 'weak-password'; GRANT SELECT ON *.* TO weak@'127.0.0.1'"
      )
      let dumped = try world.dump(MariaDBSettings(server: world.backupSettings(), databases: ["fit"]))
      func examined(_ change: (String) -> String, as settings: ServerSettings) throws -> LoadPlan {
        let sink = KeepingSink()
        let text = change(dumped.text("about.json"))
        let pipe = world.folder.file("about.json", text)
        let file = try Descriptor.open(pipe, O_RDONLY)
        _ = try sink.stream(DumpedStream(name: Array("about.json".utf8), kind: .dump), from: file.number)
        let all = try Descriptor.open(world.folder.file("all.sql", dumped.bytes("all.sql")), O_RDONLY)
        _ = try sink.stream(DumpedStream(name: Array("all.sql".utf8), kind: .dump), from: all.number)
        return try MariaDBTarget(settings).examine(
          KeptStreams(sink), LoadRequest(newName: "fit2"), stop: StopSignal())
      }
      func swapped(_ old: String, _ new: String) -> (String) -> String {
        { $0.split(separator: old, omittingEmptySubsequences: false).joined(separator: new) }
      }
      let owner = world.ownerSettings()
      let fine = try examined({ $0 }, as: owner)
      #expect(fine.obstacles == [])
      #expect(fine.notes.contains { $0.contains("definers that do not exist here") && $0.contains("gone@h") })
      let older = try examined(swapped("10.11.", "12.3."), as: owner)
      #expect(older.obstacles.contains { $0.contains("is older than the dump's") })
      let collation = try examined(swapped("utf8mb4_general_ci", "utf8mb4_0900_ai_ci"), as: owner)
      #expect(collation.obstacles == ["the server does not know the collation utf8mb4_0900_ai_ci"])
      let engine = try examined(swapped("InnoDB", "ROCKSDB"), as: owner)
      #expect(engine.obstacles == ["the server has no engine ROCKSDB: install its plugin"])
      let weak = try examined({ $0 }, as: world.settings("weak", "weak-password"))
      #expect(weak.obstacles.contains { $0.contains("lacks INSERT, CREATE, DROP") })
      #expect(weak.obstacles.contains { $0.contains("GRANT SET USER") })
      world.sql("DROP DATABASE fit")
    }
  }
}
