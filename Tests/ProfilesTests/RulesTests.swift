import Bytes
import Profiles
import Testing

private func base(_ rest: String) -> String { "component: a\nrepository: r\nsource: {kind: stdin}\n\(rest)\n" }

@Suite("Hooks and notifications of a profile")
struct HookTests {
  @Test("are read whole, in each of their forms")
  func whole() throws {
    let profile = try Samples.profile(Samples.database)
    #expect(profile.hooks.before == [Hook(run: ["/bin/sync", "-f"])])
    #expect(profile.hooks.after == [Hook(run: ["/bin/sh", "-c", "echo done x"], timeout: Seconds(300))])
    #expect(
      profile.hooks.failed == [
        Hook(
          run: ["a", "b"], timeout: Seconds(30),
          environment: [
            EnvironmentSetting(name: "TOKEN", value: .reference(.file("profiles/token"))),
            EnvironmentSetting(name: "PLAIN", value: .literal("secret-in-the-file")),
          ]), Hook(run: ["/bin/sh", "-c", "c | d"]),
      ])
    #expect(profile.hooks.finally == [Hook(run: ["e"])])
    #expect(
      profile.notify == [
        Notification(on: [.failed], hook: Hook(run: ["mail"])),
        Notification(
          on: [.quarantined, .recovered], hook: Hook(run: ["/bin/sh", "-c", "mail 2"], timeout: Seconds(60))),
      ])
    #expect(profile.description["hooks.after"] == "echo done ${DATABASE:-x}")
    #expect(profile.description["hooks.failed[0].environment.PLAIN"] == "(set)")
    #expect(!profile.description.json.contains("secret-in-the-file"))
  }

  private static let expected = "a program and its arguments, a line for /bin/sh, or a list of {run: …}"
  private static let mistakes: [(String, [String])] = [
    ("hooks: x", ["4:8: hooks: a group of keys is expected, this is a single value"]),
    ("hooks: {befor: x}", ["4:9: hooks.befor: unknown key; did you mean before?"]),
    ("hooks: {before: []}", ["4:17: hooks.before: \(expected) is expected, this is an empty list"]),
    ("hooks: {before: }", ["4:17: hooks.before: \(expected) is expected, this is nothing"]),
    ("hooks: {before: [{run: x}, y]}", ["4:28: hooks.before[1]: {run: …} is expected, this is a single value"]),
    ("hooks: {before: [x, {run: y}]}", ["4:21: hooks.before[1]: a text is expected, this is a group of keys"]),
    (
      "hooks: {before: {rn: x}}",
      [
        "4:17: hooks.before.run: missing; a program and its arguments, or a line for /bin/sh is expected",
        "4:18: hooks.before.rn: unknown key; did you mean run?",
      ]
    ),
    (
      "hooks: {finally: [{run: x, timeout: 0s, environment: {1: a}}]}",
      [
        #"4:37: hooks.finally[0].timeout: "0s" is not a span of time above zero such as 90s, 15m, 24h or 7d"#,
        "4:58: hooks.finally[0].environment.1: not the name of an environment variable",
      ]
    ),
    ("notify: {on: failed, run: x}", ["4:9: notify: a list of {on: […], run: …} is expected, this is a group of keys"]),
    (
      "notify: [{run: x}, {on: faild, run: y}, {on: [failed, failed]}]",
      [
        "4:10: notify[0].on: missing; a list of failed, quarantined, recovered, complete, proven, unproven is expected",
        #"4:25: notify[1].on: "faild" is not known; did you mean failed?"#,
        "4:41: notify[2].run: missing; a program and its arguments, or a line for /bin/sh is expected",
        "4:46: notify[2].on: an event stands here twice",
      ]
    ),
    (
      "notify: [{on: [failed, [x], gone], run: y}]",
      [
        "4:24: notify[0].on[1]: one of failed, quarantined, recovered, complete, proven, unproven is expected, this is a list",
        #"4:29: notify[0].on[2]: "gone" is not known; valid here: failed, quarantined, recovered, complete, proven, unproven"#,
      ]
    ),
  ]

  @Test("with a mistake are told with file, line, column and key", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.problems(base(text)) == expected.map { "profiles/test.yaml:\($0)" })
  }
}

@Suite("The gate of a profile")
struct GateTests {
  @Test("is read in each of its forms, and what it leaves out is a default")
  func forms() throws {
    let whole = GateSettings(
      size: GateSettings.Band(shrink: nil, grow: 0.505), rows: GateSettings.Band(), vanish: .allow,
      ignore: ["shop.public.session_*"])
    #expect(try Samples.profile(Samples.database).gate == whole)
    #expect(try Samples.profile(base("")).gate == GateSettings())
    #expect(try Samples.profile(base("gate: off")).gate == .open)
    let part = try Samples.profile(base("gate: {rows: {shrink: 5%}, ignore: x}"))
    #expect(part.gate == GateSettings(rows: GateSettings.Band(shrink: 0.05), ignore: ["x"]))
    #expect(part.description["gate.rows.grow"] == "off")
    #expect(part.description["gate.size.shrink"] == "50%")
    let edges = try Samples.profile(base("gate: {size: {shrink: 100%, grow: 0.5%}, rows: {shrink: 0%}}"))
    #expect(edges.gate.size == GateSettings.Band(shrink: 1, grow: 0.005))
    #expect(edges.gate.rows == GateSettings.Band(shrink: 0))
  }

  private static let mistakes: [(String, [String])] = [
    ("gate: on", [#"4:7: gate: "on" is not known; did you mean off?"#]),
    ("gate: [x]", ["4:7: gate: off, or a group of size, rows, tables, ignore is expected, this is a list"]),
    ("gate: {sizes: off}", ["4:8: gate.sizes: unknown key; did you mean size?"]),
    ("gate: {size: 50%}", [#"4:14: gate.size: "50%" is not known; valid here: off"#]),
    (
      "gate: {size: {shrink: 50, grow: -1%}, rows: {shrink: 101%, gro: 1%}}",
      [
        #"4:23: gate.size.shrink: "50" is not off, or a percentage from 0% to 100%"#,
        #"4:33: gate.size.grow: "-1%" is not off, or a percentage from 0% to 100000%"#,
        #"4:54: gate.rows.shrink: "101%" is not off, or a percentage from 0% to 100%"#,
        "4:60: gate.rows.gro: unknown key; did you mean grow?",
      ]
    ),
    ("gate: {rows: {shrink: nan%}}", [#"4:23: gate.rows.shrink: "nan%" is not off, or a percentage from 0% to 100%"#]),
    (
      "gate: {tables: {vanish: ignore}}",
      [#"4:25: gate.tables.vanish: "ignore" is not known; valid here: refuse, allow"#]
    ),
    (
      "gate: {ignore: []}",
      [
        "4:16: gate.ignore: a list of globs such as app.public.session_* is expected, this is an empty list"
      ]
    ),
  ]

  @Test("with a mistake is told with file, line, column and key", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.problems(base(text)) == expected.map { "profiles/test.yaml:\($0)" })
  }
}

@Suite("Retention and schedule of a profile")
struct RetentionTests {
  @Test("are read whole")
  func whole() throws {
    let profile = try Samples.profile(Samples.database)
    #expect(
      profile.retention
        == Retention(last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2, within: Seconds(172_800)))
    #expect(profile.schedule?.text == "Mon..Fri,Sun 03:15")
    #expect(profile.description["schedule"] == "Mon..Fri,Sun 03:15")
    #expect(profile.description["retention.keep-daily"] == "7")
  }

  @Test(
    "with a mistake are told with file, line, column and key",
    arguments: [
      ("retention: {}", ["4:12: retention: at least one rule is expected; an empty group would keep nothing"]),
      (
        "retention: {keep-last: 0, keep-dayly: 7}",
        [
          #"4:24: retention.keep-last: "0" is not a whole number from 1 to 100000"#,
          "4:27: retention.keep-dayly: unknown key; did you mean keep-daily?",
        ]
      ),
      (
        "schedule: sometimes",
        [
          #"4:11: schedule: "sometimes" is not hourly, daily, weekly, monthly, HH:MM, or days and a time such as Mon..Fri 03:15"#
        ]
      ),
    ])
  func told(text: String, expected: [String]) {
    #expect(Samples.problems(base(text)) == expected.map { "profiles/test.yaml:\($0)" })
  }

  @Test(
    "a schedule has these forms",
    arguments: [
      "hourly", "daily", "weekly", "monthly", "00:00", "23:59", "Mon 03:15", "Mon,Thu 03:15", "Mon..Fri 03:15",
      "Mon..Wed,Sat 03:15",
    ])
  func schedules(text: String) { #expect(Schedule(text)?.text == text) }

  @Test(
    "a schedule has no others",
    arguments: [
      "", " ", "yearly", "24:00", "03:60", "3:15", "03:15:00", "03:1٣", "mon 03:15", "Mon", "Mon 3", "Mon.. 03:15",
      "Mon...Fri 03:15", "Mon.Fri 03:15", "Fri..Mon 03:15", "Mon..Mon 03:15", "Mon,Mon 03:15", "Mon..Wed,Tue 03:15",
      "Mon, 03:15", "Mon 03:15 04:15", "*-*-* 03:15", "daily 03:15", "-1:00", "+1:00",
    ])
  func noSchedules(text: String) { #expect(Schedule(text) == nil) }
}
