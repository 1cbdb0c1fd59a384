import Bytes
import Profiles
import TestKit
import Testing

@Suite("The checks of a drill file")
struct CheckReaderTests {
  private static func text(_ checks: String, _ more: String = "") -> String {
    "drill: d\ncomponent: c\nrepository: r\nchecks: \(checks)\n\(more)"
  }

  @Test("are samples with their seeds, canaries, and queries in databases")
  func whole() throws {
    let drill = try Samples.drill(
      CheckReaderTests.text(
        """

          - manifest: {sample: 10 %, seed: 7}
          - canary: {name: written, database: shop, query: select max(written) from canary, within: 15m}
          - canary: {query: GET canary, within: 1h30m}
          - sql: {database: db0, query: DBSIZE, minimum: 1}
        """, "newest-row: {database: shop, query: SELECT max(changed) FROM orders}\n"))
    #expect(
      drill.checks == [
        .manifest(ManifestCheck(sample: 0.1, seed: 7)),
        .canary(
          CanaryCheck(
            name: "written", database: "shop", query: "select max(written) from canary", within: Seconds(900))),
        .canary(CanaryCheck(name: "canary 3", query: "GET canary", within: Seconds(5400))),
        .query(
          QueryCheck(
            name: "sql 4", database: "db0", query: "DBSIZE", expectation: .within(minimum: 1, maximum: nil))),
      ])
    #expect(drill.newestRow == NewestRow(database: "shop", query: "SELECT max(changed) FROM orders"))
    #expect(drill.checks.allSatisfy { $0.looksAtData })
    #expect(drill.description["checks[0].manifest.sample"] == "10%")
    let plain = try Samples.drill(CheckReaderTests.text("[{manifest: {sample: 2.5%}}]"))
    #expect(plain.checks == [.manifest(ManifestCheck(sample: 0.025, seed: nil))])
    #expect(plain.newestRow == nil)
    let whole = try Samples.drill(CheckReaderTests.text("[{manifest: {sample: 100%, seed: 0}}]"))
    #expect(whole.checks == [.manifest(ManifestCheck(sample: 1, seed: 0))])
  }

  private static let share = "a percentage above 0% and up to 100%, such as 10%"
  private static let mistakes: [(String, [String])] = [
    (
      text("[{manifest: {}}]"),
      ["4:21: checks[0].manifest.sample: missing; the share of the tables that is read, such as 10%, is expected"]
    ),
    (
      text("[{manifest: {sample: 0%}}]"),
      ["4:30: checks[0].manifest.sample: \"0%\" is not \(share)"]
    ),
    (text("[{manifest: {sample: 101%}}]"), ["4:30: checks[0].manifest.sample: \"101%\" is not \(share)"]),
    (text("[{manifest: {sample: 0.5}}]"), ["4:30: checks[0].manifest.sample: \"0.5\" is not \(share)"]),
    (text("[{manifest: {sample: -5%}}]"), ["4:30: checks[0].manifest.sample: \"-5%\" is not \(share)"]),
    (text("[{manifest: {sample: \"%\"}}]"), ["4:30: checks[0].manifest.sample: \"%\" is not \(share)"]),
    (
      text("[{manifest: {sample: 5%, seed: x}}]"),
      ["4:40: checks[0].manifest.seed: \"x\" is not a whole number from 0 to 9223372036854775807"]
    ),
    (
      text("[{manifest: {sample: 5%, sead: 1}}]"),
      ["4:34: checks[0].manifest.sead: unknown key; did you mean seed?"]
    ),
    (
      text("[{manifest: {sample: 5%}}, manifest]"),
      ["4:36: checks[1]: a second check with the name manifest"]
    ),
    (
      text("[{canary: {query: q}}]"),
      [
        "4:19: checks[0].canary.within: missing; how long before the dump it was written at most, such as 15m, is expected"
      ]
    ),
    (
      text("[{canary: {within: 1h}}]"),
      ["4:19: checks[0].canary.query: missing; a statement that gives the newest canary's moment is expected"]
    ),
    (
      text("[{canary: {query: q, within: soon}}]"),
      ["4:38: checks[0].canary.within: \"soon\" is not a span of time such as 90s, 15m, 24h or 7d"]
    ),
    (
      text("[{canary: {query: q, within: 1h}, sql: {query: q, expect: 1}}]"),
      ["4:10: checks[0]: exactly one of manifest, sql, canary or run is expected"]
    ),
    (
      text("[manifest]", "newest-row: {database: x}\n"),
      ["5:13: newest-row.query: missing; a statement that gives a moment is expected"]
    ),
    (
      text("[manifest]", "newest-row: SELECT 1\n"),
      ["5:13: newest-row: a group of keys is expected, this is a single value"]
    ),
  ]

  @Test("with a mistake are told with file, line, column and key", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.drillProblems(text) == expected.map { "drills/test.yaml:\($0)" })
  }

  @Test(
    "read the moments that databases answer",
    arguments: [
      ("2026-11-20 03:00:00.123456+00", 1_795_143_600, 123_456_000), ("2026-11-20 04:30:00+01:30", 1_795_143_600, 0),
      ("2026-11-20 00:00:00-03", 1_795_143_600, 0), ("2026-11-20 03:00:00.5", 1_795_143_600, 500_000_000),
      ("2026-11-20T03:00:00.1234567891Z", 1_795_143_600, 123_456_789), ("1795143600", 1_795_143_600, 0),
      ("1795143600.75", 1_795_143_600, 750_000_000), ("2026-11-20", 1_795_132_800, 0), ("0", 0, 0),
    ] as [(String, Int64, UInt32)])
  func moments(text: String, seconds: Int64, nanoseconds: UInt32) {
    #expect(Moment.answered(text) == Moment(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(
    "take nothing else for a moment",
    arguments: [
      "", "yesterday", "-1", "1795143600.", ".5", "infinity", "1795143600000", "2026-11-20 03:00:00.+00", "2026-13-01",
      "2026-11-20 03:00:00+0", "2026-11-20 03:00:00 BC", "1e9", "NULL", " 1795143600",
    ])
  func noMoments(text: String) { #expect(Moment.answered(text) == nil) }

  @Test("order moments by their fractions, and print them")
  func order() {
    let moment = Moment(seconds: 1_795_143_600, nanoseconds: 50_000_000)
    #expect(moment.text == "2026-11-20T03:00:00.05Z" && Moment(seconds: 1_795_143_600) < moment)
    #expect(moment.sinceEpoch == 1_795_143_600_050_000_000)
    #expect(Moment(seconds: -5).sinceEpoch == 0 && Moment(seconds: .max).sinceEpoch == .max)
    // What people write in files has whole seconds.
    #expect(Moment("2026-11-20T03:00:00.05Z") == Moment(seconds: 1_795_143_600))
  }
}
