import Bytes
import Drills
import Format
import Profiles
import Repository
import TestKit
import Testing

@Suite("Gaps against the schedule that a ledger declares")
struct GapTests {
  private func standing(
    _ schedule: String, zone: Int64 = 0, at times: [String], now: String
  ) throws -> ScheduleStanding {
    let bench = try LedgerBench()
    try bench.run(schedule: schedule, zone: zone, at: times)
    let found = try bench.verify(now: now).schedules
    #expect(found.count == 1)
    return try #require(found.first)
  }

  @Test("there is none where each slot has its run, however late in it")
  func kept() throws {
    let found = try standing(
      "Mon 03:15", at: ["2026-11-02T03:15:04Z", "2026-11-12T12:00:00Z", "2026-11-22T22:00:00Z"],
      now: "2026-11-23T02:00:00Z")
    #expect(found.kept == 3 && found.missed == [] && !found.isOverdue)
    #expect(found.next?.begin.text == "2026-11-23T03:15:00Z" && found.schedule == "Mon 03:15")
  }

  @Test("a skipped one is named with its time")
  func skipped() throws {
    let found = try standing(
      "daily", at: ["2026-11-01T00:00:10Z", "2026-11-02T00:00:10Z", "2026-11-05T00:00:10Z"],
      now: "2026-11-05T12:00:00Z")
    #expect(found.missed.map(\.begin.text) == ["2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z"])
    #expect(found.kept == 3 && found.hasGap && !found.isOverdue)
  }

  @Test("one that has not come is overdue after its grace, and missed when its slot is over")
  func overdue() throws {
    func at(_ now: String) throws -> ScheduleStanding {
      try standing("weekly", at: ["2026-11-02T01:00:00Z"], now: now)
    }
    let calm = try at("2026-11-09T23:59:59Z")
    #expect(!calm.hasGap && calm.next?.begin.text == "2026-11-09T00:00:00Z")
    let late = try at("2026-11-10T00:00:00Z")
    #expect(late.isOverdue && late.missed == [] && late.hasGap)
    let gone = try at("2026-11-16T00:00:00Z")
    #expect(gone.missed.map(\.begin.text) == ["2026-11-09T00:00:00Z"] && !gone.isOverdue)
    #expect(gone.next?.begin.text == "2026-11-16T00:00:00Z")
  }

  @Test("one that comes a little too early counts for the slot that it was meant for, once")
  func early() throws {
    let found = try standing(
      "03:00", at: ["2026-11-01T03:00:00Z", "2026-11-02T02:58:00Z", "2026-11-03T02:59:00Z", "2026-11-04T03:01:00Z"],
      now: "2026-11-05T02:00:00Z")
    #expect(found.missed == [] && found.kept == 4 && found.next?.begin.text == "2026-11-05T03:00:00Z")
    let twice = try standing(
      "03:00", at: ["2026-11-01T03:00:00Z", "2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z", "2026-11-03T03:00:00Z"],
      now: "2026-11-03T04:00:00Z")
    #expect(twice.missed.map(\.begin.text) == ["2026-11-02T03:00:00Z"] && twice.kept == 2)
  }

  @Test("summer time makes none, whichever way the clock is moved")
  func summerTime() throws {
    for (before, after, times) in [
      (3_600, 7_200, ["2026-03-28T02:15:00Z", "2026-03-29T01:15:00Z", "2026-03-30T01:15:00Z"]),
      (7_200, 3_600, ["2026-10-24T01:15:00Z", "2026-10-25T02:15:00Z", "2026-10-26T02:15:00Z"]),
    ] as [(Int64, Int64, [String])] {
      let bench = try LedgerBench()
      try bench.run(schedule: "03:15", zone: before, at: [times[0]])
      try bench.run(schedule: "03:15", zone: after, at: Array(times.dropFirst()))
      let now = String(times[2].prefix(11)) + "12:00:00Z"
      let found = try #require(try bench.verify(now: now).schedules.first)
      #expect(found.missed == [] && found.kept == 3 && !found.isOverdue, "\(found)")
    }
  }

  @Test("a schedule counts from the record that declares it, until one declares another or none")
  func changes() throws {
    let bench = try LedgerBench()
    try bench.run(schedule: nil, at: ["2026-10-01T00:00:00Z"])
    try bench.run(schedule: "weekly", at: ["2026-11-02T00:00:00Z", "2026-11-16T00:00:00Z"])
    try bench.run(schedule: "daily", at: ["2026-11-17T00:00:00Z", "2026-11-20T00:00:00Z"])
    let changed = try #require(try bench.verify(now: "2026-11-20T05:00:00Z").schedules.first)
    #expect(
      changed.missed.map(\.begin.text) == ["2026-11-09T00:00:00Z", "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"])
    #expect(changed.schedule == "daily" && changed.first.text == "2026-11-02T00:00:00Z")
    try bench.run(schedule: nil, at: ["2026-11-20T04:00:00Z"])
    let ended = try #require(try bench.verify(now: "2027-11-20T05:00:00Z").schedules.first)
    #expect(ended.schedule == nil && ended.next == nil && ended.missed.count == 3 && !ended.isOverdue)
  }

  @Test("a failed drill was run; a real recovery and another drill are no run of this one")
  func others() throws {
    let bench = try LedgerBench()
    try bench.run(schedule: "daily", at: ["2026-11-01T01:00:00Z"])
    try bench.append(try bench.record("another", at: "2026-11-02T01:00:00Z"))
    try bench.append(try bench.record(at: "2026-11-02T02:00:00Z") { $0.sort = .recovery })
    try bench.append(
      try bench.record(at: "2026-11-03T01:00:00Z", verdict: .failed) { $0.particulars?.schedule = "daily" })
    let found = try bench.verify(now: "2026-11-03T02:00:00Z")
    #expect(found.schedules.count == 1 && found.hasGaps && !found.isBroken)
    #expect(found.schedules[0].missed.map(\.begin.text) == ["2026-11-02T00:00:00Z"])
  }

  @Test("words that are no schedule, odd zones and starts in the future break nothing")
  func odd() throws {
    let bench = try LedgerBench()
    try bench.run(schedule: "every full moon", at: ["2026-11-01T01:00:00Z"])
    try bench.run("far", schedule: "hourly", zone: .max, at: ["2026-11-01T01:00:00Z", "2199-01-01T00:00:00Z"])
    let found = try bench.verify(now: "2026-11-01T03:10:00Z").schedules
    #expect(found.map(\.drill) == ["far"] && found[0].missed.count == 1)
  }

  @Test("lifeboat drill verify names them and ends with 1, and so does that of an export")
  func commandLine() throws {
    let bench = try LedgerBench()
    try bench.run(schedule: "Mon 03:15", at: ["2026-01-05T03:15:00Z", "2026-01-19T03:15:00Z"])
    try bench.run(schedule: nil, at: ["2026-01-26T03:15:00Z"])
    let key = bench.folder.path("keeper.key")
    try Files.write(key, bench.keys.keeper.text)
    let path = bench.folder.path("ledger.json")
    try Files.write(path, try bench.export().bytes)
    let places = [["--repository", bench.folder.path("repository"), "--key", key], ["--export", path]]
    for place in places {
      let outcome = try Product.run(["drill", "verify"] + place, state: bench.folder.path("state"))
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.text.contains("whole, with gaps"), "\(outcome.text)")
      #expect(outcome.text.contains("missed: orders-lost, scheduled for 2026-01-12 03:15"), "\(outcome.text)")
      let json = try Product.run(["drill", "verify", "--json"] + place, state: bench.folder.path("state"))
      #expect(json.status == 1 && json.text.contains("\"begin\":\"2026-01-12T03:15:00Z\""), "\(json.text)")
    }
  }
}
