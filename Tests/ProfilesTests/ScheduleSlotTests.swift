import Profiles
import TestKit
import Testing

@Suite("The slots of a schedule")
struct ScheduleSlotTests {
  private func moment(_ text: String) throws -> Moment { try #require(Moment(text)) }

  private func slot(_ schedule: String, _ text: String, zone: Int64 = 0) throws -> [String] {
    let slot = try #require(Schedule(schedule)).slot(containing: try moment(text), zone: zone)
    return [slot.begin.text, slot.end.text]
  }

  @Test(
    "begin at the turns that systemd has for the same words, over month ends and leap days",
    arguments: [
      ("hourly", "2024-02-29T23:59:59Z", "2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z"),
      ("daily", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
      ("daily", "2023-02-28T23:59:59Z", "2023-02-28T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("weekly", "2026-11-21T12:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
      ("weekly", "2024-03-01T00:00:00Z", "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"),
      ("weekly", "2025-01-01T00:00:00Z", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z"),
      ("monthly", "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
      ("monthly", "2023-02-01T00:00:00Z", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("monthly", "2026-12-31T23:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
      ("monthly", "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
      ("03:15", "2024-03-01T03:14:59Z", "2024-02-29T03:15:00Z", "2024-03-01T03:15:00Z"),
      ("03:15", "2024-03-01T03:15:00Z", "2024-03-01T03:15:00Z", "2024-03-02T03:15:00Z"),
      ("Mon..Fri 03:15", "2026-11-22T10:00:00Z", "2026-11-20T03:15:00Z", "2026-11-23T03:15:00Z"),
      ("Tue,Sat 22:00", "2026-12-31T00:00:00Z", "2026-12-29T22:00:00Z", "2027-01-02T22:00:00Z"),
      ("Thu 00:00", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-08T00:00:00Z"),
      ("Sun 23:59", "2026-11-22T23:58:59Z", "2026-11-15T23:59:00Z", "2026-11-22T23:59:00Z"),
    ])
  func turns(schedule: String, at: String, begin: String, end: String) throws {
    #expect(try slot(schedule, at) == [begin, end])
  }

  @Test("go by the clock of the host that declared them")
  func zones() throws {
    #expect(try slot("daily", "2026-11-20T23:30:00Z", zone: 3_600) == ["2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z"])
    #expect(
      try slot("monthly", "2026-11-30T23:30:00Z", zone: 3_600) == ["2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"])
    #expect(
      try slot("hourly", "2026-11-20T10:29:00Z", zone: 19_800) == ["2026-11-20T09:30:00Z", "2026-11-20T10:30:00Z"])
    #expect(
      try slot("Mon 01:00", "2026-11-23T08:30:00Z", zone: -28_800) == ["2026-11-16T09:00:00Z", "2026-11-23T09:00:00Z"])
  }

  @Test("follow each other without a gap or an overlap, whatever the schedule")
  func chain() throws {
    let words = ["hourly", "daily", "weekly", "monthly", "23:45", "Mon,Wed..Fri 06:30", "Sun 00:00"]
    for word in words {
      let schedule = try #require(Schedule(word))
      for zone in [0, 3_600, -12_600] as [Int64] {
        var slot = schedule.slot(containing: try moment("2023-12-15T10:00:00Z"), zone: zone)
        for _ in 0..<500 {
          let next = schedule.slot(after: slot, zone: zone)
          #expect(next.begin == slot.end && next.end > next.begin && next.contains(next.begin))
          #expect(schedule.slot(containing: Moment(seconds: next.end.seconds - 1), zone: zone) == next)
          slot = next
        }
      }
    }
  }

  @Test("give a run a quarter of their length, and at most a day")
  func grace() throws {
    func grace(_ schedule: String) throws -> String {
      try #require(Schedule(schedule)).slot(containing: try moment("2026-11-20T12:00:00Z"), zone: 0).grace.text
    }
    #expect(try ["hourly", "daily", "weekly", "monthly"].map(grace) == ["15m", "6h", "1d", "1d"])
  }
}
