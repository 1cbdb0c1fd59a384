import Bytes
import Databases
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("Checks of a restored Redis", .serialized)
struct RedisChecksTests {
  private func settings(_ server: DatabaseServer) throws -> ServerSettings {
    let password = "\(server.folder)/checks-password"
    if !Files.exists(password) { try Files.write(password, Array("\(server.ownerPassword)\n".utf8)) }
    return ServerSettings(host: "127.0.0.1", port: server.port, user: server.owner, password: .file(password))
  }

  private func redis(_ server: DatabaseServer, _ script: String) throws {
    let outcome = try Program.run(
      ["env", "REDISCLI_AUTH=\(server.ownerPassword)", "redis-cli", "--no-auth-warning", "-p", "\(server.port)"],
      input: Array((script + "\n").utf8))
    #expect(outcome.status == 0 && !outcome.text.contains("ERR"), "\(outcome.text)\(outcome.errors)")
  }

  private static let filling = """
    FLUSHALL
    SET plain value
    SET "odd \\x00\\xff\\r\\n key" "\\x00\\x01 \\"quoted\\" \\\\"
    SET text "two\\nlines"
    SET empty ""
    RPUSH list a b c
    RPUSH single only
    HSET hash f v g w
    SET soon gone EX 100000
    SET canary 1795143599.75
    SET written 2026-11-20T02:59:00.25Z
    SELECT 3
    EVAL "for i=1,2000 do redis.call('SET','key'..i,i) end" 0
    """

  private func loaded() throws -> CheckedServer? {
    guard let source = try DatabaseServer.server("redis"), let target = try DatabaseServer.own("redis") else {
      return nil
    }
    try redis(source, RedisChecksTests.filling)
    return try CheckedServer(
      .redis, on: target, settings(target),
      from: RedisSource(RedisSettings(server: settings(source))), LoadRequest())
  }

  @Test("pass on what came back, and fail on a key that is gone, one too many, and one of another kind")
  func manifest() throws {
    guard let loaded = try loaded() else { return }
    #expect(try loaded.run(.manifest(ManifestCheck())).line == "pass: equal: 2 tables")
    // A dump of Redis is only ever read whole.
    #expect(try loaded.run(.manifest(ManifestCheck(sample: 0.1, seed: 3))).line == "pass: equal: 2 tables")
    #expect(try loaded.run(.integrity).line == "pass: counts of keys: equal in 2 databases")
    #expect(try RestoredEvidence.look(at: loaded.data(), stop: StopSignal()) != nil)
    for (change, back, isCounted) in [
      ("DEL plain", "SET plain value", true), ("SET more x", "DEL more", true),
      ("DEL list\nSET list x", "DEL list\nRPUSH list a b c", false),
      ("SELECT 3\nDEL key7\nSET key0 7", "SELECT 3\nDEL key0\nSET key7 7", false),
      ("SELECT 5\nSET x y", "SELECT 5\nDEL x", false),
    ] {
      try redis(loaded.server, change)
      #expect(try loaded.run(.manifest(ManifestCheck())).outcome == .fail, "\(change)")
      #expect(try loaded.run(.integrity).outcome == (isCounted ? .fail : .pass), "\(change)")
      try redis(loaded.server, back)
      #expect(try loaded.run(.manifest(ManifestCheck())).outcome == .pass, "\(back)")
    }
    // What expires may be gone by the time anyone looks.
    try redis(loaded.server, "DEL soon")
    #expect(try loaded.run(.integrity).outcome == .pass)
    #expect(try loaded.run(.integrity, loaded.data(truth: TruthManifest())).outcome == .unmeasured)
    #expect(try loaded.run(.manifest(ManifestCheck()), loaded.data(truth: TruthManifest())).outcome == .unmeasured)
  }

  @Test("commands that read are answered, everything else is refused")
  func queries() throws {
    guard let loaded = try loaded() else { return }
    for (query, answer, database) in [
      ("GET plain", "value", nil), ("get plain", "value", "db0"), ("DBSIZE", "2000", "db3"), ("GET key7", "7", "db3"),
      ("LLEN list", "3", nil), ("LRANGE single 0 -1", "only", nil), ("HGET hash g", "w", nil),
      ("TYPE list", "list", nil),
      ("GET \"odd \\x00\\xff\\r\\n key\"", "\0\u{1} \"quoted\" \\", nil), ("GET text", "two\nlines", nil),
      ("EXISTS plain list", "2", nil),
    ] as [(String, String, String?)] {
      #expect(try loaded.query(query, expect: answer, database: database).outcome == .pass, "\(query)")
    }
    for query in ["LRANGE list 0 -1", "GET nothing", "GET empty", "LRANGE nothing 0 -1"] {
      #expect(try loaded.query(query, expect: "1").line == "fail: the answer is not as expected", "\(query)")
    }
    for query in [
      "SET plain x", "DEL plain", "FLUSHALL", "5 DEL plain", "EVAL \"return redis.call('DEL','plain')\" 0",
      "GET plain\nDEL plain",
      "CONFIG SET maxmemory 1", "quit", "", ":set hints", "connect 127.0.0.1 1", "GETDEL plain", "GET", "GET list",
      "HGETALLL x", "SHUTDOWN NOSAVE",
    ] {
      #expect(try loaded.query(query, expect: "x").line == "fail: redis could not answer", "\(query)")
    }
    #expect(try loaded.query("GET plain", expect: "value").outcome == .pass)
    #expect(try loaded.query("GET plain", expect: "value", database: "db9").outcome == .fail)
  }

  @Test("canaries and the newest row are texts or seconds since 1970")
  func moments() throws {
    guard let loaded = try loaded() else { return }
    #expect(try loaded.run(CheckOf.canary("GET canary")).line == "pass: the canary is there")
    #expect(try loaded.run(CheckOf.canary("GET plain")).line == "fail: the answer is not a moment in time")
    let newest = try newestRow(NewestRow(query: "GET written"), in: loaded.data(), stop: StopSignal())
    #expect(newest.moment == Moment(seconds: 1_795_143_540, nanoseconds: 250_000_000))
    var settings = loaded.settings
    settings.port = 1
    for check in [Check.integrity, .manifest(ManifestCheck()), CheckOf.canary("GET canary")] {
      #expect(try loaded.run(check, loaded.data(settings)).line == "unmeasured: redis could not be asked")
    }
    #expect(try RestoredEvidence.look(at: loaded.data(settings), stop: StopSignal()) == nil)
  }

  @Test("programs find the server, and its password in a file of their own")
  func programs() throws {
    guard let loaded = try loaded() else { return }
    let script = """
      ! env | grep -qF '\(loaded.server.ownerPassword)' && test "$(stat -c %a "$LIFEBOAT_PASSWORD_FILE")" = 600 &&
      export REDISCLI_AUTH="$(cat "$LIFEBOAT_PASSWORD_FILE")" &&
      test "$(redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" --user "$REDIS_USER" GET plain)" = value
      """
    let check = ProgramCheck(name: "smoke", command: ["/bin/sh", "-c", script], looksAtData: true)
    let result = try CheckOf.result(.program(check), on: loaded.data())
    #expect(result.recorded.outcome == .pass, "\(result)")
  }
}
