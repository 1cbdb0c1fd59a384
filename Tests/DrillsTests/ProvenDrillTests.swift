import Bytes
import Databases
import Drills
import Format
import Glibc
import Profiles
import TestKit
import Testing

@Suite("A drill that brings the data back")
struct ProvenDrillTests {
  @Test("proves it, says where every nanosecond went, leaves nothing behind, and follows the record before it")
  func proven() throws {
    let bench = try Bench()
    let snapshot = try bench.backUp()
    let checks = """
      [integrity, manifest, {sql: {name: invoices, query: SELECT count(*) FROM invoice, expect: "2000"}},
       {run: {name: smoke, command: 'test -s "$LIFEBOAT_RESTORED/orders.db"'}}]
      """
    let first = try bench.run(try bench.drill(checks))
    #expect(first.record.verdict == .proven, "\(first.checks)")
    #expect(first.failure == nil)
    #expect(first.outcomes == ["restore pass", "integrity pass", "manifest pass", "invoices pass", "smoke pass"])
    #expect(first.record.snapshot == snapshot)
    #expect(first.record.phases.reduce(0) { $0 + $1.nanoseconds.value } == first.record.ttr.value)
    let names = [
      "repository opened", "snapshot chosen", "index loaded", "first byte", "last byte", "target ready",
      "first good query", "check: integrity", "check: manifest", "check: invoices", "check: smoke", "unattributed",
    ]
    // The target is made beside the opening, so that its place differs from run to run.
    #expect(first.record.phases.map(\.name).filter { $0 != "target made" } == names)
    #expect(first.record.phases.contains { $0.name == "target made" })
    #expect(first.record.bytes == UInt64(try Files.read(bench.database).count))
    #expect(first.warnings == [] && first.kept == nil && !first.needsAttention)
    #expect(bench.leftovers == [])
    #expect(first.record.parents == [] && first.record.number == 1)

    let second = try bench.run(try bench.drill())
    #expect(second.record.parents == [first.name] && second.record.number == 2)
    let history = try bench.history()
    #expect(history.problems == [])
    #expect(history.lines.map(\.name) == [first.name, second.name])
    #expect(history.heads == [second.name])
  }

  @Test("tells a missed objective apart from the verdict, and judges none that isn't set")
  func objectives() throws {
    let bench = try Bench()
    try bench.backUp()
    var drill = try bench.drill()
    let unset = try bench.run(drill).record.objectives
    #expect(unset.recoveryTime == .unset && unset.recoveryPoint == .unset && !unset.isMissed)
    drill.objectives = Objectives(recoveryTime: Seconds(0), recoveryPoint: Seconds(0))
    let missed = try bench.run(drill)
    #expect(missed.record.verdict == .proven && missed.failure == nil)
    #expect(missed.record.objectives.recoveryTime == .missed && missed.record.objectives.recoveryPoint == .missed)
    #expect(missed.record.objectives.isMissed && missed.needsAttention)
    drill.objectives = Objectives(recoveryTime: Seconds(3_600), recoveryPoint: Seconds(3_600))
    let met = try bench.run(drill)
    #expect(met.record.objectives.recoveryTime == .met && met.record.objectives.recoveryPoint == .met)
    #expect(met.record.dataAge.map { $0.value < 3_600_000_000_000 } == true && !met.needsAttention)
    // A mean needs three: four proven drills have one, and it lies among them.
    let history = try bench.history()
    let times = [try #require(history.components.first).recoveryTimes].joined().sorted()
    #expect(times.count == 3 && history.components.count == 1)
    let mean = try #require(history.components[0].meanTimeToRecover)
    #expect(mean >= times[0] && mean <= times[2])
  }

  @Test("takes the newest snapshot, or the newest that was proven, as it is told")
  func selection() throws {
    let bench = try Bench()
    let old = try bench.backUp()
    #expect(throws: Failure.self) { try bench.run(try bench.drill(select: "latest-proven")) }
    #expect(try bench.history().lines.isEmpty)
    try bench.run(try bench.drill())
    try bench.change("DELETE FROM invoice WHERE id = 1;")
    let new = try bench.backUp()
    #expect(try bench.run(try bench.drill(select: "latest-proven")).record.snapshot == old)
    #expect(try bench.run(try bench.drill(select: "{snapshot: \(old.hex.prefix(12))}")).record.snapshot == old)
    #expect(try bench.run(try bench.drill()).record.snapshot == new)
    #expect(try bench.run(try bench.drill(select: "latest-proven")).record.snapshot == new)
    #expect(try bench.history().components[0].lastProven?.record.snapshot == new)
  }

  @Test("compares a directory by its streams, queries a database in it by name, and measures no integrity of it")
  func directory() throws {
    let bench = try Bench()
    let tree = bench.folder.path("tree")
    try DurableFile.createFolder("\(tree)/below")
    try Files.write("\(tree)/below/a.db", try Files.read(bench.database))
    try Files.write("\(tree)/b.txt", Array("text".utf8))
    chmod("\(tree)/below", 0o500)
    defer { chmod("\(tree)/below", 0o700) }
    try bench.backUp(DirectorySource(DirectorySettings(path: tree)))
    let proven = try bench.run(
      try bench.drill("[manifest, {sql: {database: below/a.db, query: SELECT count(*) FROM customer, minimum: 2}}]"))
    #expect(proven.record.verdict == .proven, "\(proven.checks)")
    #expect(bench.leftovers == [])
    let unclear = try bench.run(
      try bench.drill(
        """
        [manifest, integrity, {sql: {name: which, query: SELECT 1, expect: "1"}},
         {sql: {name: text, database: b.txt, query: SELECT 1, expect: "1"}},
         {sql: {name: gone, database: c.db, query: SELECT 1, expect: "1"}},
         {sql: {name: outside, database: ../orders.db, query: SELECT 1, expect: "1"}}]
        """))
    #expect(
      unclear.outcomes == [
        "restore pass", "manifest pass", "integrity unmeasured", "which unmeasured", "text unmeasured", "gone fail",
        "outside unmeasured",
      ])
    #expect(unclear.record.verdict == .failed)
  }
}
