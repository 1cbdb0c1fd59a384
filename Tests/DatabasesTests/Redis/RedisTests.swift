import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import TestKit
import Testing

@Suite("A Redis server as source and target", .serialized)
struct RedisTests {
  private let folder = TestFolder()

  private func settings(_ server: DatabaseServer, owner: Bool = false, secure: Bool = true) -> ServerSettings {
    let user = owner ? server.owner : server.backup
    let password = owner ? server.ownerPassword : server.backupPassword
    return ServerSettings(
      host: "127.0.0.1", port: secure ? server.securePort : server.port, user: user,
      password: .file(folder.file("password-\(user)", password)),
      tls: secure ? TLSSettings(mode: .verifyFull, caFile: server.certificateFile) : TLSSettings())
  }

  @discardableResult
  private func redis(_ server: DatabaseServer, _ script: String) -> String {
    let words = ["env", "REDISCLI_AUTH=\(server.ownerPassword)", "redis-cli", "-p", "\(server.port)"]
    return Shell.run(words + ["--no-auth-warning"], input: script)
  }

  private func dump(_ settings: ServerSettings) throws -> (SourceDescription, DumpOutcome, KeepingSink) {
    let source = RedisSource(RedisSettings(server: settings))
    let sink = KeepingSink()
    let description = try source.prepare(stop: StopSignal())
    return (description, try source.dump(into: sink, stop: StopSignal()), sink)
  }

  /// Every kind of value, small and large, in several databases, some that expire.
  private func fill(_ server: DatabaseServer) {
    redis(
      server,
      """
      FLUSHALL
      SET plain value
      SET 12345 77
      SET -70000 x
      SET "odd \\x00\\xff\\r\\n key" "\\x00\\x01"
      SET aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa long
      SETRANGE large 3000000 end
      RPUSH list a b c 1 2 3
      SADD numbers 1 2 3
      SADD words a b c
      ZADD scores 1.5 a -inf b 3 c
      HSET hash f v g w
      XADD stream 1-1 f v
      XADD stream 2-1 f v
      XGROUP CREATE stream group 0
      XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >
      PFADD unique a b c
      SET soon gone EX 100000
      EVAL "for i=1,5000 do redis.call('RPUSH','biglist','item'..i); redis.call('HSET','bighash','f'..i,i); redis.call('ZADD','bigzset',i/3,'m'..i); redis.call('SADD','bigset','s'..i) end" 0
      FUNCTION LOAD "#!lua name=lib\\nredis.register_function('f', function() return 7 end)"
      SELECT 3
      EVAL "for i=1,2000 do redis.call('SET','key'..i,i) end" 0
      SELECT 15
      SET last one

      """)
  }

  @Test("is dumped by the least-privilege user over TLS, and loaded into another server: the same")
  func whole() throws {
    guard let server = try DatabaseServer.server("redis"), let other = try DatabaseServer.own("redis") else {
      return
    }
    fill(server)
    let (description, outcome, sink) = try dump(settings(server))
    #expect(outcome.reasons == [])
    #expect(outcome.warnings == [])
    #expect(description.version.hasPrefix("7."))
    #expect(sink.order == ["about.json", "dump.rdb"])
    let rows = Dictionary((outcome.truth?.tables ?? []).map { (String(decoding: $0.name, as: UTF8.self), $0.rows) }) {
      first, _ in first
    }
    #expect(rows == ["db0": 17, "db3": 2000, "db15": 1])
    let file = folder.file("dump.rdb", sink.streams.last?.bytes ?? [])
    #expect(Shell.run(["redis-check-rdb", file]).contains("RDB looks OK"))
    let target = RedisTarget(settings(other, owner: true))
    let streams = KeptStreams(sink)
    let plan = try target.examine(streams, LoadRequest(), stop: StopSignal())
    #expect(plan.obstacles == [])
    let loaded = try target.load(plan, from: streams, stop: StopSignal()) { _ in }
    let truth = try target.truth(of: plan, stop: StopSignal())
    _ = try target.settle(plan, loaded, from: streams, stop: StopSignal())
    #expect(outcome.truth?.differences(from: truth) == [])
    #expect(redis(server, "DEBUG DIGEST") == redis(other, "DEBUG DIGEST"))
    #expect(redis(other, "FCALL f 0") == "7")
    #expect(redis(other, "EXPIRETIME soon") == redis(server, "EXPIRETIME soon"))
    let again = try target.examine(streams, LoadRequest(), stop: StopSignal())
    #expect(again.obstacles.first?.contains("can't be put aside") == true)
  }

  @Test("interrupted on the way in is gone on with")
  func interrupted() throws {
    guard let server = try DatabaseServer.server("redis"), let other = try DatabaseServer.own("redis") else {
      return
    }
    fill(server)
    let (_, outcome, sink) = try dump(settings(server, secure: false))
    #expect(outcome.reasons == [])
    let target = RedisTarget(settings(other, owner: true))
    var streams = KeptStreams(sink)
    streams.damagedAfter = 20_000
    let plan = try target.examine(streams, LoadRequest(), stop: StopSignal())
    let failure = #expect(throws: Failure.self) {
      try target.load(plan, from: streams, stop: StopSignal()) { _ in }
    }
    #expect(failure?.code == .damaged)
    streams.damagedAfter = nil
    let second = try target.examine(streams, LoadRequest(), stop: StopSignal())
    #expect(second.obstacles == [])
    #expect(second.steps.first == "go on with an interrupted load")
    let loaded = try target.load(second, from: streams, stop: StopSignal()) { _ in }
    #expect(outcome.truth?.differences(from: try target.truth(of: second, stop: StopSignal())) == [])
    _ = try target.settle(second, loaded, from: streams, stop: StopSignal())
    #expect(redis(server, "DEBUG DIGEST") == redis(other, "DEBUG DIGEST"))
  }

  @Test("refuses a wrong password, a foreign certificate and a user without rights, and shows no secret")
  func refused() throws {
    guard let server = try DatabaseServer.server("redis") else { return }
    var wrong = settings(server)
    wrong.password = .file(folder.file("wrong", "wrong-password-here"))
    let failure = #expect(throws: Failure.self) { try dump(wrong) }
    #expect(failure.map { "\($0)" }?.contains("wrong-password-here") == false)
    if let other = try DatabaseServer.own("redis") {
      var foreign = settings(server)
      foreign.tls.caFile = other.certificateFile
      #expect(throws: Failure.self) { try dump(foreign) }
    }
    redis(server, "ACL SETUSER narrow on >narrow-password +ping +info\n")
    var narrow = settings(server)
    narrow.user = "narrow"
    narrow.password = .file(folder.file("narrow", "narrow-password"))
    let (_, outcome, _) = try dump(narrow)
    #expect(!outcome.reasons.isEmpty)
  }

  @Test("that dies in the middle is quarantined, and so is a tool that cuts short and exits 0")
  func cut() throws {
    guard let server = try DatabaseServer.own("redis") else { return }
    redis(server, "DEBUG POPULATE 200000 key 500\n")
    let tools = folder.path + "/tools"
    mkdir(tools, 0o755)
    let script =
      "#!/bin/bash\ncase \"$*\" in *--rdb*) redis-cli \"$@\" | head -c 1000000 ;; *) exec redis-cli \"$@\" ;; esac\n"
    try Files.write("\(tools)/redis-cli", Array(script.utf8))
    chmod("\(tools)/redis-cli", 0o755)
    var wrapped = settings(server)
    wrapped.tools.folder = tools
    #expect(try dump(wrapped).1.reasons == ["the dump has no end, or its checksum does not fit"])
    let source = RedisSource(RedisSettings(server: settings(server)))
    let sink = KeepingSink()
    sink.before = {
      if $0.name == Array("dump.rdb".utf8) {
        usleep(200_000)
        try? server.control("kill")
      }
    }
    let outcome = try source.dump(into: sink, stop: StopSignal())
    #expect(!outcome.reasons.isEmpty)
  }
}
