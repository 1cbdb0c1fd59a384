import Bytes
import Drills
import Format
import Glibc
import Profiles
import Store
import TestKit
import Testing

@Suite("A drill that does not prove anything")
struct UnprovenDrillTests {
  @Test("fails on a wrong answer, and keeps the answer off the record, which keepers read")
  func wrongAnswer() throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.run(
      try bench.drill("[manifest, {sql: {name: customer, query: SELECT name FROM customer LIMIT 1, expect: Ada}}]"))
    #expect(report.record.verdict == .failed)
    #expect(report.outcomes == ["restore pass", "manifest pass", "customer fail"])
    #expect(report.failure?.code == .unproven && report.failure?.what.contains("customer") == true)
    #expect(report.checks[2].particulars.joined().contains(Bench.secret))
    #expect(!String(decoding: report.record.body, as: UTF8.self).contains(Bench.secret))
    #expect(try bench.history().lines.map(\.record.verdict) == [.failed])
    #expect(bench.leftovers == [])
  }

  @Test(
    "fails on a query that can't be answered",
    arguments: ["SELECT * FROM nothing", "SELEKT", "SELECT 1; SELECT 2", "DELETE FROM customer"])
  func brokenQuery(query: String) throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.run(try bench.drill("[{sql: {query: '\(query)', minimum: 1}}]"))
    #expect(report.record.verdict == .failed, "\(report.checks)")
  }

  @Test("fails when the data is not what the manifest says, though the database is sound")
  func tampered() throws {
    let bench = try Bench()
    try bench.backUp()
    let tamper = #"sqlite3 "$LIFEBOAT_RESTORED/orders.db" "UPDATE invoice SET total = total + 1 WHERE id = 7""#
    let report = try bench.run(
      try bench.drill("[{run: {name: tamper, command: '\(tamper)'}}, integrity, manifest]"))
    #expect(report.outcomes == ["restore pass", "tamper pass", "integrity pass", "manifest fail"])
    #expect(report.checks[3].particulars.contains { $0.contains("invoice") })
    #expect(report.record.verdict == .failed)
  }

  @Test("fails when the restored database is broken or gone")
  func broken() throws {
    let bench = try Bench()
    try bench.backUp()
    let breakIt = #"dd if=/dev/urandom of="$LIFEBOAT_RESTORED/orders.db" bs=4096 seek=3 count=4 conv=notrunc"#
    let broken = try bench.run(
      try bench.drill("[{run: {name: break, command: '\(breakIt)'}}, integrity, manifest]"))
    #expect(broken.outcomes == ["restore pass", "break pass", "integrity fail", "manifest fail"])
    let gone = try bench.run(
      try bench.drill("[{run: {name: lose, command: 'rm \"$LIFEBOAT_RESTORED/orders.db\"'}}, integrity, manifest]"))
    #expect(gone.outcomes == ["restore pass", "lose pass", "integrity fail", "manifest fail"])
  }

  @Test("is inconclusive, never proven, when nothing looked at the data or something was not measured")
  func inconclusive() throws {
    let bench = try Bench()
    try bench.backUp()
    var drill = try bench.drill()
    drill.checks = [.program(ProgramCheck(name: "true", command: ["true"]))]
    let blind = try bench.run(drill)
    #expect(blind.outcomes == ["restore pass", "true pass"])
    #expect(blind.record.verdict == .inconclusive && blind.failure?.code == .unproven)
    drill.checks = []
    #expect(try bench.run(drill).record.verdict == .inconclusive)
    drill.checks = [
      .integrity, .program(ProgramCheck(name: "absent", command: ["/nonexistent/program"], looksAtData: true)),
    ]
    let absent = try bench.run(drill)
    #expect(absent.outcomes == ["restore pass", "integrity pass", "absent unmeasured"])
    #expect(absent.record.verdict == .inconclusive)
    #expect(absent.failure?.what.contains("absent") == true)
  }

  @Test("fails with a program that exits otherwise, is killed, or is late, and keeps its words off the record")
  func programs() throws {
    let bench = try Bench()
    try bench.backUp()
    let report = try bench.run(
      try bench.drill(
        """
        [manifest, {run: {name: one, command: 'seq 100000; echo \(Bench.secret) >&2; exit 3'}},
         {run: {name: two, command: 'kill -9 $$'}}, {run: {name: three, command: [sleep, "60"], timeout: 1s}}]
        """))
    #expect(report.outcomes == ["restore pass", "manifest pass", "one fail", "two fail", "three fail"])
    #expect(
      report.record.checks.dropFirst(2).map(\.detail) == [
        "exit status 3", "killed by SIGKILL", "it did not end within 1s",
      ])
    #expect(report.checks[2].particulars == ["100000", Bench.secret])
    #expect(!String(decoding: report.record.body, as: UTF8.self).contains(Bench.secret))
    #expect(report.record.ttr.value < 30_000_000_000)
  }

  @Test("keeps the restored data where it is told to, and removes it once proven")
  func keeping() throws {
    let bench = try Bench()
    try bench.backUp()
    let failed = try bench.run(
      try bench.drill("[{sql: {query: SELECT 1, expect: \"2\"}}]", keep: "on-failure"))
    let kept = try #require(failed.kept)
    #expect(Files.exists("\(kept)/orders.db"))
    #expect(bench.leftovers.count == 1)
    #expect(failed.failure?.next.contains(kept) == true)
    var status = stat()
    #expect(stat(kept, &status) == 0 && status.st_mode & 0o777 == 0o700)
    let proven = try bench.run(try bench.drill(keep: "on-failure"))
    #expect(proven.kept == nil && bench.leftovers.count == 1)
  }
}
