import Bytes
import Glibc
import Profiles
import Testing

@Suite("A drill file")
struct DrillTests {
  @Test("is read whole")
  func whole() throws {
    let drill = try Samples.drill(Samples.drill)
    #expect(drill.name == "orders-total-loss")
    #expect(drill.component == "orders")
    #expect(drill.repository == "/srv/lifeboat")
    #expect(drill.keys == KeyFiles(restorer: "drills/restorer.key"))
    #expect(drill.passphrase == .command(["pass", "show", "lifeboat"]))
    #expect(drill.selection == .asOf(Moment(seconds: 1_795_143_600)))
    #expect(drill.target == DrillTarget(folder: "/var/tmp", keep: .onFailure))
    #expect(drill.objectives == Objectives(recoveryTime: Seconds(300), recoveryPoint: Seconds(86_400)))
    #expect(
      drill.checks == [
        .integrity, .manifest(ManifestCheck()),
        .query(QueryCheck(name: "invoices", query: "select count(*) from Invoice", expectation: .equals("412"))),
        .query(
          QueryCheck(
            name: "tracks", database: "orders.db", query: "select count(*) from Track",
            expectation: .within(minimum: 3000, maximum: 4000.5))),
        .query(
          QueryCheck(
            name: "sql 5", query: "select max(InvoiceDate) from Invoice", expectation: .fresherThan(Seconds(86_400)))),
        .program(
          ProgramCheck(name: "smoke", command: ["./smoke", "--fast"], looksAtData: true, timeout: Seconds(300))),
        .program(
          ProgramCheck(name: "run 7", command: ["/bin/sh", "-c", "test -s $LIFEBOAT_RESTORED/orders.db"])),
      ])
  }

  @Test("takes what it leaves out from the profile it names, and its own values first")
  func fromProfile() throws {
    let folder = "/tmp/lifeboat-drill-\(Identifier.random().hex)"
    try DurableFile.createFolder(folder)
    defer {
      unlink("\(folder)/p.yaml")
      rmdir(folder)
    }
    try Array(Samples.sqlite.utf8).withUnsafeBytes { _ = try DurableFile.create("\(folder)/p.yaml", $0) }
    let text = "drill: d\nprofile: p.yaml\nkeys: {restorer: own.key}\nobjectives: {rto: 5m}\nchecks: [manifest]\n"
    let drill = try Drill.parse(Array(text.utf8), file: "\(folder)/d.yaml")
    #expect(drill.component == "orders")
    #expect(drill.repository == "/srv/lifeboat")
    #expect(drill.keys == KeyFiles(writer: "\(folder)/writer.key", restorer: "\(folder)/own.key"))
    #expect(drill.passphrase == .file("\(folder)/passphrase"))
    #expect(drill.objectives == Objectives(recoveryTime: Seconds(300), recoveryPoint: Seconds(86_400)))
    #expect(drill.selection == .latest)
    #expect(drill.target == DrillTarget())
    #expect(drill.description["objectives.rto"] == "5m")
    #expect(drill.description.entries.first { $0.key == "objectives.rpo" }?.origin == "\(folder)/p.yaml:10:29")
  }

  private static func base(_ checks: String) -> String { "drill: d\ncomponent: c\nrepository: r\n\(checks)\n" }

  private static let mistakes: [(String, [String])] = [
    (
      "component: c\n",
      [
        "1:1: drill: missing; the drill's name is expected",
        "1:1: repository: missing; a folder or s3://bucket/prefix, or a profile that has it, is expected",
        "1:1: checks: missing; a list of checks is expected",
      ]
    ),
    (base("checks: [integrty]"), [#"4:10: checks[0]: "integrty" is not known; did you mean integrity?"#]),
    (base("checks: []"), ["4:9: checks: a list of checks is expected, this is an empty list"]),
    (
      base("checks: [{run: {command: [x]}}]"),
      [
        "4:9: checks: at least one check must look at the data: integrity, manifest, sql, canary, or run with looks-at-data: true"
      ]
    ),
    (base("checks: [manifest, manifest]"), ["4:20: checks[1]: a second check with the name manifest"]),
    (base("checks: [{sql: {expect: 1}}]"), ["4:16: checks[0].sql.query: missing; a statement that reads is expected"]),
    (
      base("checks: [{sql: {query: q, expect: 1, minimum: 2}}]"),
      ["4:16: checks[0].sql: one of expect, minimum and maximum, or fresher-than is expected"]
    ),
    (
      base("checks: [{sql: {query: q, minimum: 3, maximum: 2}}]"),
      ["4:16: checks[0].sql: minimum 3 is above maximum 2"]
    ),
    (base("checks: [{sql: {query: q, minimum: nan}}]"), [#"4:36: checks[0].sql.minimum: "nan" is not a number"#]),
    (
      base("checks: [{sqll: {query: q}}]"),
      [
        "4:10: checks[0]: exactly one of manifest, sql, canary or run is expected",
        "4:11: checks[0].sqll: unknown key; did you mean sql?",
      ]
    ),
    (
      base("select: newest\nchecks: [manifest]"),
      [#"4:9: select: "newest" is not known; did you mean latest?"#]
    ),
    (
      base("select: {as-of: 2026-11-20}\nchecks: [manifest]"),
      [#"4:17: select.as-of: "2026-11-20" is not a moment with its zone such as 2026-11-20T03:00:00Z"#]
    ),
    (
      base("select: {snapshot: XYZ}\nchecks: [manifest]"),
      [#"4:20: select.snapshot: "XYZ" is not the first 4 to 64 hexadecimal digits of a snapshot's name"#]
    ),
    (
      base("target: {kind: scratch, keep: always}\nchecks: [manifest]"),
      [
        #"4:16: target.kind: "scratch" is not known; valid here: scratch-directory, scratch-server, server"#,
        #"4:31: target.keep: "always" is not known; valid here: never, on-failure"#,
      ]
    ),
    (
      "drill: d\nprofile: /nowhere/p.yaml\nchecks: [manifest]\n",
      ["2:10: profile: can't read the file: no such file or directory /nowhere/p.yaml"]
    ),
  ]

  @Test("with a mistake is told with file, line, column and key", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.drillProblems(text) == expected.map { "drills/test.yaml:\($0)" })
  }

  @Test("judges answers of queries")
  func expectations() {
    let now = Moment(seconds: 1_795_143_600)
    #expect(Expectation.equals("412").objection(to: ["412"], reference: now) == nil)
    #expect(Expectation.equals("412").objection(to: ["413"], reference: now) == "413 where 412 is expected")
    #expect(Expectation.equals("412").objection(to: [], reference: now) == "one row is expected, the query gave 0")
    #expect(Expectation.equals("1").objection(to: ["1", "1"], reference: now) != nil)
    #expect(Expectation.equals("e\u{301}").objection(to: ["\u{e9}"], reference: now) != nil)
    let range = Expectation.within(minimum: 1, maximum: 3)
    #expect(range.text == ">= 1 and <= 3")
    #expect(["1", "3", "2.5"].allSatisfy { range.objection(to: [$0], reference: now) == nil })
    #expect(["0", "4", "x", "", "nan", "inf"].allSatisfy { range.objection(to: [$0], reference: now) != nil })
    let fresh = Expectation.fresherThan(Seconds(3600))
    for good in ["2026-11-20T03:00:00Z", "2026-11-20 02:00:00", "1795143600", "2026-11-21"] {
      #expect(fresh.objection(to: [good], reference: now) == nil, "\(good)")
    }
    #expect(
      fresh.objection(to: ["2026-11-20 01:00:00"], reference: now)
        == "2026-11-20T01:00:00Z is 2h old where 1h is allowed")
    #expect(fresh.objection(to: ["yesterday"], reference: now) == "yesterday is not a moment in time")
  }
}
