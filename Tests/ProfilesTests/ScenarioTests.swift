import Profiles
import Testing

@Suite("The scenario of a drill file")
struct ScenarioTests {
  private static func base(_ scenario: String) -> String {
    "drill: d\ncomponent: c\nrepository: r\nchecks: [manifest]\nscenario:\n\(scenario)\n"
  }

  private func faults(_ list: String) throws -> [DrillFault] {
    try #require(try Samples.drill(Self.base("  faults: \(list)")).scenario).faults
  }

  @Test("takes every fault by its word, with what counts where nothing is said")
  func words() throws {
    let scenario = try #require(
      try Samples.drill(
        Self.base(
          """
            faults:
              - throttling
              - slow-store
              - resets
              - stalls
              - expired-credentials
              - corrupt-pack
              - missing-pack
              - cold-cache
              - target-full
              - store-lost
              - bad-snapshots
          """)
      ).scenario)
    #expect(scenario.seed == 1)
    #expect(
      scenario.faults == [
        .throttling(share: 0.3), .slowStore(latency: 50, bandwidth: nil), .resets(share: 0.1),
        .stalls(count: 3, Seconds(5)), .expiredCredentials(after: 0.5), .corruptPack, .missingPack, .coldCache,
        .targetFull(after: 0.8), .storeLost, .badSnapshots(count: 1),
      ])
    #expect(try faults("[bare-host]") == [.bareHost(root: nil)] && faults("[cold-tool]") == [.coldTool])
    #expect(try Samples.drill("drill: d\ncomponent: c\nrepository: r\nchecks: [manifest]\n").scenario == nil)
  }

  @Test("takes their settings")
  func settings() throws {
    let text = """
      [{throttling: {share: 5%}}, {slow-store: {latency: 2s, bandwidth: 20 MB}}, {resets: {share: 12.5 %}},
       {stalls: {count: 2, for: 1m}}, {expired-credentials: {after: 25 %}}, {target-full: {after: 90 %}},
       {bad-snapshots: {count: 4}}]
      """
    #expect(
      try faults(text) == [
        .throttling(share: 0.05), .slowStore(latency: 2_000, bandwidth: ByteCount(20_000_000)), .resets(share: 0.125),
        .stalls(count: 2, Seconds(60)), .expiredCredentials(after: 0.25), .targetFull(after: 0.9),
        .badSnapshots(count: 4),
      ])
    #expect(try faults("[{slow-store: {bandwidth: 1MiB}}]") == [.slowStore(latency: 0, bandwidth: ByteCount(1 << 20))])
    #expect(try faults("[{bare-host: {root: /srv/minimal}}]") == [.bareHost(root: "/srv/minimal")])
    let drill = try Samples.drill(Self.base("  seed: 7\n  faults: [resets]") + "schedule: weekly\n")
    #expect(drill.scenario?.seed == 7 && drill.schedule?.text == "weekly")
    #expect(DrillFault.resets(share: 0.125).detail == "12.5 % of the calls")
    #expect(DrillFault.stalls(count: 3, Seconds(5)).detail == "3 of 5s")
  }

  private static let mistakes: [(String, [String])] = [
    ("  seed: 1", ["6:3: scenario.faults: missing; a list of faults is expected"]),
    ("  faults: []", ["6:11: scenario.faults: a list of faults is expected, this is an empty list"]),
    (
      "  faults: [throtling]",
      [#"6:12: scenario.faults[0]: "throtling" is not known; did you mean throttling?"#]
    ),
    ("  faults: [{thottling: {}}]", ["6:13: scenario.faults[0].thottling: unknown key; did you mean throttling?"]),
    ("  faults: [{resets: {}, stalls: {}}]", ["6:12: scenario.faults[0]: exactly one fault is expected"]),
    ("  faults: [resets, resets]", ["6:20: scenario.faults[1]: a second resets: one of each kind is enough"]),
    (
      "  faults: [{resets: {share: 0 %}}]",
      [#"6:29: scenario.faults[0].resets.share: "0 %" is not a percentage from 1 % to 99 %"#]
    ),
    (
      "  faults: [{resets: {share: 0.3}}]",
      [#"6:29: scenario.faults[0].resets.share: "0.3" is not a percentage from 1 % to 99 %"#]
    ),
    (
      "  faults: [{resets: {shares: 3 %}}]",
      ["6:22: scenario.faults[0].resets.shares: unknown key; did you mean share?"]
    ),
    (
      "  faults: [{slow-store: {latency: 2m}}]",
      [
        #"6:35: scenario.faults[0].slow-store.latency: "2m" is not a span of time such as 50ms or 2s, of at most a minute"#
      ]
    ),
    (
      "  faults: [{slow-store: {bandwidth: 0B}}]",
      ["6:37: scenario.faults[0].slow-store.bandwidth: a bandwidth of nothing is a store that is lost: store-lost"]
    ),
    (
      "  faults: [{stalls: {count: 0}}]",
      [#"6:29: scenario.faults[0].stalls.count: "0" is not a whole number from 1 to 1000"#]
    ),
    (
      "  faults: [bare-host, resets]",
      ["6:11: scenario.faults: bare-host runs the commands of the rescue kit, to which no other fault can be done"]
    ),
    (
      "  faults: [target-killed]",
      ["6:3: scenario: target-killed needs a server that may be killed: target.kind: scratch-server"]
    ),
  ]

  @Test("with a mistake is told with file, line, column and key", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.drillProblems(Self.base(text)) == expected.map { "drills/test.yaml:\($0)" })
  }
}
