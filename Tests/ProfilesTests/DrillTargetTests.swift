import Bytes
import Profiles
import TestKit
import Testing

@Suite("The target of a drill")
struct DrillTargetTests {
  private static let base = "drill: d\ncomponent: c\nrepository: r\nchecks: [manifest]\n"

  private static func profile(_ kind: String, _ targets: String) -> String {
    "component: orders\nrepository: /srv/lifeboat\nsource: {kind: \(kind), host: db.example.org}\n\(targets)\n"
  }

  private let folder = TemporaryFolder()

  /// A drill with a profile beside it.
  private func drill(
    _ target: String, kind: String = "postgresql", targets: String = "targets: {standby: {host: other}}"
  )
    throws -> Drill
  {
    try Files.write(folder.path("p.yaml"), Array(DrillTargetTests.profile(kind, targets).utf8))
    let text = "drill: d\nprofile: p.yaml\nchecks: [manifest]\ntarget: \(target)\n"
    return try Drill.parse(Array(text.utf8), file: folder.path("d.yaml")) { _ in nil }
  }

  private func problems(_ target: String, kind: String = "postgresql", targets: String = "") -> [String] {
    do throws(Failure) {
      do {
        _ = try drill(target, kind: kind, targets: targets)
      } catch let failure as Failure {
        throw failure
      } catch {
        return ["\(error)"]
      }
      return []
    } catch {
      let head = "\(folder.path("d.yaml")):"
      return error.what.split(separator: "\n").map {
        $0.hasPrefix(head) ? String($0.dropFirst(head.utf8.count)) : String($0)
      }
    }
  }

  @Test("is a scratch folder where nothing is said")
  func nothing() throws {
    let drill = try Drill.parse(Array(DrillTargetTests.base.utf8), file: "d.yaml") { _ in nil }
    #expect(drill.target == DrillTarget())
    #expect(drill.description["target.kind"] == "scratch-directory")
  }

  @Test("is a scratch server with all that can be said of it")
  func whole() throws {
    let drill = try drill(
      """
      {kind: scratch-server, folder: /var/tmp, keep: on-failure, time-to-live: 2h, engine: mariadb,
        programs: /opt/mariadb/bin, account: mysql, settings: {innodb_buffer_pool_size: 1G, sort-buffer-size: 4M}}
      """)
    #expect(
      drill.target
        == DrillTarget(
          place: .scratchServer(
            ScratchServerSettings(
              kind: .mariadb, programs: "/opt/mariadb/bin", account: "mysql",
              settings: ["innodb_buffer_pool_size": "1G", "sort-buffer-size": "4M"])), folder: "/var/tmp",
          keep: .onFailure, timeToLive: Seconds(7200)))
    #expect(drill.description["target.settings.sort-buffer-size"] == "4M")
  }

  @Test("is a scratch server of the source's kind, and lives for half a day, where nothing else is said")
  func assumed() throws {
    let drill = try drill("{kind: scratch-server}", kind: "redis", targets: "")
    #expect(drill.target == DrillTarget(place: .scratchServer(ScratchServerSettings(kind: .redis))))
    #expect(drill.description["target.engine"] == "redis")
    #expect(drill.description["target.time-to-live"] == "12h")
    let unknown = try Drill.parse(
      Array("\(DrillTargetTests.base)target: {kind: scratch-server}\n".utf8), file: "d.yaml"
    ) { _ in nil }
    #expect(unknown.target.place == .scratchServer(ScratchServerSettings()))
  }

  @Test("is a server of the profile by its name")
  func server() throws {
    let drill = try drill("{kind: server, name: standby, time-to-live: 30m}")
    #expect(
      drill.target.place
        == .server(name: "standby", TargetSettings(kind: .postgresql, server: ServerSettings(host: "other"))))
    #expect(drill.target.timeToLive == Seconds(1800))
  }

  private static let mistakes: [(String, [String])] = [
    ("{kind: server}", ["4:9: target.name: missing; the name of one of the profile's targets is expected"]),
    ("{kind: scratch-sever}", [#"4:16: target.kind: "scratch-sever" is not known; did you mean scratch-server?"#]),
    (
      "{kind: scratch-server, acount: postgres}",
      ["4:32: target.acount: unknown key; did you mean account?"]
    ),
    (
      "{kind: scratch-directory, programs: /x}",
      ["4:35: target.programs: unknown key; valid here: kind, folder, keep"]
    ),
    (
      "{kind: scratch-server, settings: {listen-addresses: '*'}}",
      ["4:61: target.settings.listen-addresses: a scratch server is private, and lifeboat sets this itself"]
    ),
    (
      "{kind: scratch-server, settings: {'a b': 1}}",
      ["4:50: target.settings.a b: the name of a setting has letters, digits, _, . and -"]
    ),
    (
      "{kind: scratch-server, settings: {a: \"x\\ny\"}}",
      [#"4:46: target.settings.a: "x\ny" is not a value on one line"#]
    ),
    (
      "{kind: scratch-server, time-to-live: 0s}",
      ["4:46: target.time-to-live: a time from 1s to 30d is expected"]
    ),
    (
      "{kind: scratch-server, time-to-live: soon}",
      [#"4:46: target.time-to-live: "soon" is not a span of time such as 90s, 15m, 24h or 7d"#]
    ),
    (
      "{kind: scratch-server, engine: oracle}",
      [#"4:40: target.engine: "oracle" is not known; valid here: postgresql, mariadb, redis"#]
    ),
    (
      "{kind: scratch-server, account: '-x'}",
      [#"4:41: target.account: "-x" is not the name of an account"#]
    ),
  ]

  @Test("with a mistake is told with file, line, column and key", arguments: mistakes)
  func told(_ target: String, _ expected: [String]) { #expect(problems(target) == expected) }

  @Test("that names a server which the profile does not have is told what it has")
  func unknown() {
    let targets = "targets: {standby: {host: other}}"
    let near = problems("{kind: server, name: stanby}", targets: targets)
    #expect(near.count == 1)
    #expect(near.first?.hasPrefix("4:30: target.name: ") == true)
    #expect(near.first?.hasSuffix("has no target stanby; did you mean standby?") == true, "\(near)")
    #expect(
      problems("{kind: server, name: source}", targets: targets) == [
        "4:30: target.name: a drill never loads into the server that is dumped; name another one"
      ])
    let address = problems("{kind: server, name: 'postgres://u:secret@h'}", targets: targets)
    #expect(address.count == 1 && !address[0].contains("secret"), "\(address)")
  }

  @Test("that names a server needs a profile")
  func withoutProfile() {
    #expect(
      Samples.drillProblems("\(DrillTargetTests.base)target: {kind: server, name: standby}\n") == [
        "drills/test.yaml:5:30: target.name: a server is named in a profile: say which with profile:"
      ])
  }
}
