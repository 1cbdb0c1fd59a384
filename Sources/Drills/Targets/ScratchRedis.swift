import Bytes
import Glibc
import Pipeline
import Profiles

/// Redis as a scratch server: all of it is memory, and nothing is written to the disk.
struct ScratchRedis: ScratchPrograms {
  let kind = ServerKind.redis
  let daemon: String
  let version: String
  let folder: String?

  static func find(in folder: String?, stop: StopSignal) throws(Failure) -> ScratchRedis {
    let daemon = try ScratchFinder.required(["redis-server"], in: folder, package: "redis-server")
    let version = try ScratchFinder.version(of: daemon, after: "v=", stop: stop)
    return ScratchRedis(daemon: daemon, version: version, folder: folder)
  }

  /// The password keeps a variable of lifeboat's own, REDISCLI_AUTH, from being used here.
  func make(in place: ScratchPlace, stop: StopSignal) throws(Failure) {
    try place.write(place.password, Identifier.random().hex, isShared: false)
  }

  func configuration(in place: ScratchPlace, _ own: [String: String], jobs: Int) throws(Failure) -> String {
    let password = try secret(place)
    let tuned = [
      ("save", ""), ("appendonly", "no"), ("databases", "1024"), ("maxmemory", "0"), ("timeout", "0"),
      ("maxmemory-policy", "noeviction"), ("activerehashing", "no"), ("loglevel", "warning"),
      ("repl-diskless-sync", "yes"), ("repl-diskless-sync-delay", "0"), ("stop-writes-on-bgsave-error", "no"),
    ]
    let fixed = [
      ("port", "0"), ("tls-port", "0"), ("unixsocket", socket(in: place)), ("unixsocketperm", "700"),
      ("dir", place.data), ("daemonize", "no"), ("supervised", "no"), ("logfile", ""), ("requirepass", password),
      ("set-proc-title", "no"), ("syslog-enabled", "no"),
    ]
    return (tuned + own.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } + fixed).map { name, value in
      "\(name) \(ScratchRedis.quoted(value))\n"
    }.joined() + "client-output-buffer-limit replica 0 0 0\n"
  }

  private func secret(_ place: ScratchPlace) throws(Failure) -> String {
    do throws(SystemError) {
      return String(decoding: try DurableFile.read(place.password, limit: 100), as: UTF8.self)
    } catch {
      throw error.failure(.targetRefused, "the scratch server's password is gone")
    }
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for character in value {
      if character == "\"" || character == "\\" { text.append("\\") }
      text.append(character)
    }
    return text + "\""
  }

  func command(in place: ScratchPlace) -> [String] { [daemon, place.configuration] }

  func server(in place: ScratchPlace) -> ServerSettings {
    let tools = folder.flatMap { access("\($0)/redis-cli", X_OK) == 0 ? $0 : nil }
    return ServerSettings(
      socket: socket(in: place), password: .file(place.password), tools: ToolSettings(folder: tools))
  }

  func socket(in place: ScratchPlace) -> String { "\(place.sockets)/redis" }

  func answers(in place: ScratchPlace, stop: StopSignal) -> Bool {
    guard let text = try? ask(["PING"], place, stop).text else { return false }
    return text.contains("NOAUTH") || text.contains("PONG")
  }

  private func ask(_ words: [String], _ place: ScratchPlace, _ stop: StopSignal) throws(Failure) -> ChildResult {
    let client = try ScratchFinder.client(["redis-cli"], in: folder, package: "redis-tools")
    return try ScratchFinder.ask([client, "-s", socket(in: place)] + words, input: [], stop: stop)
  }

  /// Without a file of its own it would end with nothing.
  func close(_ process: ServerProcess, in place: ScratchPlace, stop: StopSignal) {
    guard
      let client = ScratchFinder.program(["redis-cli"], in: folder) ?? ScratchFinder.program(["redis-cli"], in: nil),
      let password = try? secret(place)
    else { return }
    var command = ChildCommand(client, ["--no-auth-warning", "-s", socket(in: place), "SHUTDOWN", "SAVE"])
    command.environment = .only(["PATH": "/usr/bin:/bin", "REDISCLI_AUTH": password])
    _ = try? Child.run(command, stop: stop)
  }

  /// Measured: 500,000 keys of a few bytes take 55 MB, about 110 bytes each whatever they hold; large values take what
  /// they have in the dump.
  func needs(_ dump: UInt64, keys: UInt64) -> (disk: UInt64, memory: UInt64) {
    (16 * RestoreTuning.mebibyte, dump + keys * 100 + 16 * RestoreTuning.mebibyte)
  }
}
