import Bytes
import Glibc
import Pipeline
import Profiles
import Synchronization

/// A Redis server, looked into by `redis-cli`.
final class RedisInspection: ServerInspection {
  private let settings: ServerSettings
  private let known = Mutex<RedisConnection?>(nil)
  private let passwordFile = Mutex<SecretFile?>(nil)

  init(_ settings: ServerSettings) { self.settings = settings }

  private func connection(_ stop: StopSignal) throws(Failure) -> RedisConnection {
    if let connection = known.withLock({ $0 }) { return connection }
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    known.withLock { $0 = connection }
    return connection
  }

  /// Every number that the server has is a database; those without keys are empty.
  func databases(stop: StopSignal) throws(Failure) -> Set<String> {
    let connection = try connection(stop)
    _ = try connection.ask(["PING"], stop: stop)
    let used = try RedisServer.keyspace(connection, stop).keys
    return Set((Array(0..<16) + used).map { "db\($0)" })
  }

  // MARK: - Queries

  func answer(
    to query: String, in database: String, timeout: Seconds, stop: StopSignal
  ) throws(Failure) -> [String] {
    guard !query.utf8.contains(where: { $0 < 0x20 }) else {
      throw Failure(.unproven, "the query is refused: it is more than one line")
    }
    guard let number = Int(database.dropFirst(2)), database.hasPrefix("db") else {
      throw Failure(.unproven, "\(Printable.quoted(database)) is no database of Redis: db0, db1, …")
    }
    let connection = try connection(stop)
    try requireReading(query, connection, stop)
    // On standard input the client takes the words apart, with their quotation marks.
    var command = try connection.command(["-n", "\(number)", "--no-raw"])
    command.input = .bytes(Array((query + "\n").utf8))
    let result = try run(command, timeout: timeout, stop: stop)
    let complaint = connection.complaint(result.text + "\n" + result.errorText)
    guard result.exit.succeeded, !complaint.hasPrefix("Could not connect"), !complaint.hasPrefix("AUTH failed") else {
      throw Failure(
        hasLostServer(complaint) ? .unproven : .targetRefused, "the server refused the query: \(complaint)",
        at: connection.place)
    }
    return try RedisAnswer.values(result.text)
  }

  /// The server itself says which of its commands only read.
  private func requireReading(_ query: String, _ connection: RedisConnection, _ stop: StopSignal) throws(Failure) {
    let name = String(query.drop { $0 == " " }.prefix { $0 != " " }).lowercased()
    guard !name.isEmpty, name.utf8.allSatisfy({ (0x61...0x7a).contains($0) || $0 == 0x5f || $0 == 0x2e }) else {
      throw Failure(.unproven, "the query is refused: it begins with no command")
    }
    let lines = try connection.ask(["COMMAND", "INFO", name], stop: stop).split(whereSeparator: \.isNewline)
    guard lines.contains("readonly") else {
      throw Failure(.unproven, "the query is refused: \(name.uppercased()) is no command that only reads")
    }
  }

  // MARK: - Programs

  func variables(database: String?) -> [String: String] {
    var variables: [String: String] = [:]
    variables["REDIS_SOCKET"] = settings.socket
    variables["REDIS_HOST"] = settings.socket == nil ? settings.host ?? "127.0.0.1" : nil
    variables["REDIS_PORT"] = settings.socket == nil ? "\(settings.port ?? 6379)" : nil
    variables["REDIS_USER"] = settings.user
    if let reference = settings.password {
      variables["LIFEBOAT_PASSWORD_FILE"] = passwordFile.withLock { file in
        if file == nil, let password = try? SecretFetcher.fetch(reference, stop: StopSignal()) {
          file = try? SecretFile(password, for: nil)
        }
        return file?.path
      }
    }
    return variables
  }

  // MARK: - Checks

  /// There is no check of its own; what can be asked at once is whether all keys are there that do not expire.
  func integrity(
    of databases: [String], expected: TruthManifest, isScratch: Bool, stop: StopSignal
  ) throws(Failure) -> ServerIntegrity {
    guard !expected.tables.isEmpty else { return .unmeasured("the manifest has no keys to count", remarks: []) }
    let connection = try connection(stop)
    let found = try RedisServer.keyspace(connection, stop)
    let isUnsettled = try connection.ask(["EXISTS", RedisTarget.mark], stop: stop) == "1"
    var findings: [String] = []
    for table in expected.tables {
      let name = String(decoding: table.name, as: UTF8.self)
      let counts = Int(name.dropFirst(2)).flatMap { found[$0] }
      let keys = counts.map { $0.keys - min($0.keys, $0.expires) } ?? 0
      let own = name == "db0" && isUnsettled && keys > 0 ? keys - 1 : keys
      if own != table.rows { findings.append("\(name) has \(own) keys that do not expire, it had \(table.rows)") }
    }
    guard findings.isEmpty else {
      let count = findings.count
      return .damaged("\(count) database\(count == 1 ? " has" : "s have") other counts of keys", findings: findings)
    }
    let count = expected.tables.count
    return .sound("counts of keys: equal in \(count) database\(count == 1 ? "" : "s")")
  }

  func sample(
    of databases: [(name: String, place: String)], expected: TruthManifest, drawn: Set<[UInt8]>, stop: StopSignal
  ) throws(Failure) -> TruthManifest? { nil }
}
