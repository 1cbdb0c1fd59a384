import Bytes
import Databases
import Drills
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

extension ServerTargetTests {
  @Suite("A server that the profile names", .serialized)
  struct GivenServerTests {
    private func target(
      _ bench: ServerBench, _ server: ServerSettings, timeToLive: Int64 = 3600, events: Events = Events()
    ) -> GivenServerTarget {
      let settings = TargetSettings(kind: bench.kind, server: server)
      return GivenServerTarget(
        "standby", settings,
        of: DrillTarget(place: .server(name: "standby", settings), timeToLive: Seconds(timeToLive)), events: events.take
      )
    }

    /// Another server than the one that was backed up: a scratch server will do.
    private func other(_ bench: ServerBench) throws -> (target: ServerTarget, settings: ServerSettings) {
      let target = bench.scratchServer()
      try target.start(stop: StopSignal())
      return (target, try #require(target.settings))
    }

    @Test("is not the one that was backed up", arguments: [ServerKind.postgresql, .mariadb, .redis])
    func source(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind, rows: 100) else { return }
      let given = target(bench, bench.owner)
      try given.start(stop: StopSignal())
      let failure = #expect(throws: Failure.self) { _ = try given.load(try bench.job()) }
      #expect(failure?.code == .targetRefused)
      #expect(failure?.what.contains("a drill never loads into the server that was backed up") == true)
      #expect(try given.destroy() == "nothing was made")
      #expect(bench.drillDatabases == [])
    }

    @Test(
      "gets databases of the drill's own, and loses them again, and nothing else",
      arguments: [ServerKind.postgresql, .mariadb])
    func whole(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind, rows: 1000) else { return }
      let (scratch, settings) = try other(bench)
      func sql(_ script: String, in database: String? = nil) -> String {
        ServerBench.run(settings, kind, script, in: database)
      }
      let list =
        kind == .postgresql
        ? "SELECT datname FROM pg_database ORDER BY 1"
        : "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1"
      // One of the dump's name is there already, and is another's.
      _ = sql("CREATE DATABASE \(bench.database)")
      _ = sql("CREATE TABLE big (mine int)", in: bench.database)
      if kind == .mariadb { _ = sql("CREATE USER '\(bench.role)'@'%'") }
      let before = sql(list)
      let given = target(bench, settings)
      try given.start(stop: StopSignal())
      let loaded = try given.load(try bench.job())
      let place = try #require(loaded.plan.databases.first).target
      #expect(place.hasPrefix("\(bench.database)_drill_"))
      #expect(try bench.differences(loaded) == [])
      #expect(bench.count(loaded) == "1000")
      // A second try makes room for itself.
      let again = try given.load(try bench.job())
      #expect(!sql(list).contains(place))
      #expect(bench.count(again) == "1000")
      #expect(try given.destroy() == "database gone")
      #expect(sql(list) == before)
      #expect(sql("SELECT count(*) FROM big", in: bench.database) == "0")
      _ = try scratch.destroy()
    }

    @Test(
      "what a killed drill left there is dropped once its time is over", arguments: [ServerKind.postgresql, .mariadb])
    func swept(_ kind: ServerKind) throws {
      guard let bench = try ServerBench(kind, rows: 100) else { return }
      let (scratch, settings) = try other(bench)
      let now = Int64(time(nil))
      let old = DrillEnding(expires: Moment(seconds: now - 60)).appended(to: "shop", limit: 63)
      let young = DrillEnding(expires: Moment(seconds: now + 600)).appended(to: "shop", limit: 63)
      for name in [old, young, "shop_drill_", "shop_drill_zzzzzzzzzzzzzzzz"] {
        _ = ServerBench.run(settings, kind, "CREATE DATABASE \(name)")
      }
      let events = Events()
      let given = target(bench, settings, events: events)
      try given.start(stop: StopSignal())
      #expect(events.notes == ["left behind by drills that were killed, and dropped: \(old)"])
      #expect(
        ServerBench.run(settings, kind, "DROP DATABASE \(old)").contains(
          kind == .postgresql ? "does not exist" : "1008"))
      for name in [young, "shop_drill_", "shop_drill_zzzzzzzzzzzzzzzz"] {
        #expect(ServerBench.run(settings, kind, "DROP DATABASE \(name)") == "")
      }
      _ = try scratch.destroy()
    }

    @Test("of Redis must be empty, and is emptied again unless others have written to it")
    func redis() throws {
      guard let bench = try ServerBench(.redis, rows: 1000) else { return }
      let (scratch, settings) = try other(bench)
      func ask(_ script: String) -> String { ServerBench.run(settings, .redis, script) }
      let given = target(bench, settings)
      _ = ask("SET mine 1")
      let refused = #expect(throws: Failure.self) { _ = try given.load(try bench.job()) }
      #expect(refused?.what.contains("holds 1 keys") == true, "\(String(describing: refused))")
      #expect(try given.destroy() == "nothing was made")
      #expect(ask("GET mine") == "1")
      _ = ask("DEL mine")
      let loaded = try given.load(try bench.job())
      #expect(try bench.differences(loaded) == [])
      _ = ask("SET mine 1")
      let left = #expect(throws: Failure.self) { _ = try given.destroy() }
      #expect(left?.what.contains("others write to the server") == true)
      #expect(ask("DBSIZE") == "1001")
      _ = ask("DEL mine")
      #expect(try given.destroy() == "database gone")
      #expect(ask("DBSIZE") == "0")
      _ = try scratch.destroy()
    }
  }
}
