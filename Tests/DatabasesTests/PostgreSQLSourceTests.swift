import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite struct PostgreSQLSourceTests {
  @Test("Chinook, dumped by the least-privileged role over verified TLS, comes back with the same manifest")
  func chinook() throws {
    guard let folder = try SharedData.folder(named: "chinook"),
      let original = try PostgreSQLDatabaseForTest("lb_chinook")
    else { return }
    // Its script makes a database of its own and connects to it.
    let script = String(decoding: try Files.read("\(folder)/Chinook_PostgreSql.sql"), as: UTF8.self)
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    original.run(
      lines.filter { !$0.hasPrefix("\\c ") && !$0.hasPrefix("CREATE DATABASE") && !$0.hasPrefix("DROP DATABASE") }
        .joined(separator: "\n"))
    let (sink, outcome) = try original.dump()
    #expect(outcome.reasons == [])
    #expect(outcome.warnings == [])
    let truth = try #require(outcome.truth)
    #expect(truth.tables.count == 11)
    let counts = original.run("SELECT count(*) FROM track; SELECT count(*) FROM playlist_track;")
    #expect(
      counts.split(separator: "\n").map { UInt64($0) }
        == ["track", "playlist_track"].map { name in
          truth.tables.first { $0.name == Array("lb_chinook.public.\(name)".utf8) }?.rows
        })
    let target = try #require(try PostgreSQLDatabaseForTest("lb_chinook_restored"))
    #expect(truth.differences(from: try PostgreSQLShell.restore(sink, of: "lb_chinook", into: target)) == [])
    target.run("UPDATE track SET milliseconds = milliseconds + 1 WHERE track_id = 7")
    #expect(
      truth.differences(from: try PostgreSQLShell.truth(of: target, as: "lb_chinook"))
        == ["table lb_chinook.public.track has other contents in its 3503 rows"])
  }
}
