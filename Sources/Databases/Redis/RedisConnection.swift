import Bytes
import Glibc
import Pipeline
import Profiles

/// The way to one Redis server, for `redis-cli`. The password goes over in the environment, which only the tool's own
/// account can read, and never as an argument.
struct RedisConnection: Sendable {
  let redaction: Redaction
  /// What a failure here is called.
  let code: Failure.Code
  private let settings: ServerSettings
  private let password: String?

  /// - Parameter code: `sourceFailed` for a source, `targetRefused` for a target
  init(_ settings: ServerSettings, failing code: Failure.Code, stop: StopSignal) throws(Failure) {
    self.settings = settings
    self.code = code
    guard let reference = settings.password else {
      password = nil
      redaction = Redaction(secrets: [])
      return
    }
    guard settings.tools.prefix.isEmpty else {
      throw Failure(
        .usage, "a password can't be handed over behind tools.prefix",
        next: "Set REDISCLI_AUTH over there, or reach the server by host and port.")
    }
    let secret = try SecretFetcher.fetch(reference, stop: stop)
    guard let text = String(validating: secret, as: UTF8.self) else {
      throw Failure(.keyInvalid, "the password is not UTF-8 text")
    }
    password = text
    redaction = Redaction(secrets: [secret])
    if settings.tls.mode == .verifyCA || settings.tls.mode == .verifyFull, settings.tls.caFile == nil {
      throw Failure(
        .usage, "tls.mode \(settings.tls.mode?.rawValue ?? "") needs the certificates that are trusted",
        next: "Set tls.ca.")
    }
  }

  /// The command of the client. A caller adds what it is to do.
  func command(_ arguments: [String]) throws(Failure) -> ChildCommand {
    var command = try ServerTools(settings.tools).command(["redis-cli"], reach + arguments, failing: code)
    // What stands in the environment of ours is for ours alone; without a password in the profile it is honoured.
    if let password { command.environment = .inherited(setting: ["LC_ALL": "C", "REDISCLI_AUTH": password]) }
    return command
  }

  private var reach: [String] {
    var words: [String] = ["--no-auth-warning"]
    if let socket = settings.socket {
      words += ["-s", socket]
    } else {
      if let host = settings.host { words += ["-h", host] }
      if let port = settings.port { words += ["-p", "\(port)"] }
    }
    if let user = settings.user { words += ["--user", user] }
    switch settings.tls.mode {
    case nil, .disable, .prefer: break
    case .require: words += ["--tls", "--insecure"]
    // The client checks the chain; since 7.0 it has no check of the name, so only the authority vouches for the server.
    case .verifyCA, .verifyFull: words.append("--tls")
    }
    if let file = settings.tls.caFile, settings.tls.mode != nil { words += ["--cacert", file] }
    if let file = settings.tls.certificate { words += ["--cert", file] }
    if let file = settings.tls.key { words += ["--key", file] }
    return words
  }

  /// Whether the client may be asked for more than it can prove: it doesn't compare names.
  var asksForName: Bool { settings.tls.mode == .verifyFull }

  /// Which server this is, for people.
  var place: String {
    settings.socket ?? "\(settings.host ?? "127.0.0.1"):\(settings.port ?? 6379)"
  }

  /// What the server answers to one command.
  func ask(_ words: [String], stop: StopSignal) throws(Failure) -> String {
    // Commands on standard input would be read as a script; as arguments they hold no secret.
    let result = try Child.run(try command(words), limit: 16 << 20, stop: stop)
    let answer = result.text
    let complaint = complaint(answer + "\n" + result.errorText)
    guard result.exit.succeeded, complaint.isEmpty else {
      throw Failure(
        code, "the server refused \(words[0]): \(complaint.isEmpty ? "\(result.exit)" : complaint)", at: place,
        next: "Check host, port, user, password and TLS, and the rights of the user.")
    }
    return answer
  }

  /// The line of an answer that says what went wrong; empty if nothing did.
  func complaint(_ text: String) -> String {
    let starts = [
      "ERR", "NOAUTH", "NOPERM", "WRONGPASS", "AUTH failed", "Could not connect", "(error)", "LOADING", "MASTERDOWN",
      "READONLY", "MISCONF", "Error", "SSL",
    ]
    let line = redaction.clean(text).split(whereSeparator: \.isNewline)
      .first { line in starts.contains { line.hasPrefix($0) } }
    return String((line ?? "").prefix(300))
  }

  /// The fields of `INFO`.
  func info(_ section: String, stop: StopSignal) throws(Failure) -> [String: String] {
    let text = try ask(["INFO", section], stop: stop)
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    return fields
  }
}

/// What one needs to know of a Redis server.
struct RedisServer: Sendable {
  let version: String
  let runID: String
  let replicationID: String
  let offset: String
  let role: String
  let usedMemory: UInt64
  let configuration: String
  /// Keys and those that expire, by database.
  let keys: [Int: (keys: UInt64, expires: UInt64)]

  init(_ connection: RedisConnection, stop: StopSignal) throws(Failure) {
    let server = try connection.info("server", stop: stop)
    let replication = try connection.info("replication", stop: stop)
    let memory = try connection.info("memory", stop: stop)
    version = server["redis_version", default: ""]
    runID = server["run_id", default: ""]
    configuration = "\(server["tcp_port", default: ""]) \(server["config_file", default: ""])"
    role = replication["role", default: ""]
    replicationID = replication["master_replid", default: ""]
    offset = replication["master_repl_offset", default: ""]
    usedMemory = UInt64(memory["used_memory", default: ""]) ?? 0
    keys = try RedisServer.keyspace(connection, stop)
  }

  /// `db0:keys=3,expires=1,avg_ttl=0`.
  static func keyspace(
    _ connection: RedisConnection, _ stop: StopSignal
  ) throws(Failure) -> [Int: (keys: UInt64, expires: UInt64)] {
    var keys: [Int: (keys: UInt64, expires: UInt64)] = [:]
    for (name, value) in try connection.info("keyspace", stop: stop) {
      guard name.hasPrefix("db"), let number = Int(name.dropFirst(2)) else { continue }
      var counts: [String: UInt64] = [:]
      for field in value.split(separator: ",") {
        let parts = field.split(separator: "=")
        if parts.count == 2 { counts[String(parts[0])] = UInt64(parts[1]) }
      }
      keys[number] = (counts["keys", default: 0], counts["expires", default: 0])
    }
    return keys
  }

  /// Major and minor number.
  var series: [Int] { version.split(separator: ".").prefix(2).compactMap { Int($0) } }

  var keyCount: UInt64 { keys.values.reduce(0) { $0 + $1.keys } }
}
