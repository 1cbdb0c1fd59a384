import Bytes
import Glibc
import Pipeline
import Profiles
import Synchronization

/// A MariaDB or MySQL server, looked into by `mariadb`, `mariadb-check` and `mariadb-dump`.
final class MariaDBInspection: ServerInspection {
  private let settings: ServerSettings
  private let known = Mutex<MariaDBConnection?>(nil)
  private let optionFile = Mutex<SecretFile?>(nil)

  init(_ settings: ServerSettings) { self.settings = settings }

  private func connection(_ stop: StopSignal) throws(Failure) -> MariaDBConnection {
    if let connection = known.withLock({ $0 }) { return connection }
    let connection = try MariaDBConnection(settings, failing: .targetRefused, stop: stop)
    try connection.checkSettings()
    known.withLock { $0 = connection }
    return connection
  }

  func databases(stop: StopSignal) throws(Failure) -> Set<String> {
    let rows = try connection(stop).rows("SELECT HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA;", stop: stop)
    return Set(
      rows.compactMap { $0.first.flatMap { Hex.decode($0.lowercased()) } }.map { String(decoding: $0, as: UTF8.self) })
  }

  // MARK: - Queries

  func answer(
    to query: String, in database: String, timeout: Seconds, stop: StopSignal
  ) throws(Failure) -> [String] {
    let statement = try ReadingStatement(query, .mariadb)
    let connection = try connection(stop)
    // In binary mode the client takes no word of the query for a command of its own; as XML an answer can't be taken
    // for another one, and NULL for no text.
    var command = try connection.command(
      .client, ["--binary-mode", "--xml", "--default-character-set=utf8mb4", "--database=\(database)"])
    command.input = .bytes(Array(MariaDBInspection.script(statement, timeout).utf8))
    let result = try run(command, timeout: timeout, stop: stop)
    guard result.exit.succeeded else { throw failure(result, connection, timeout) }
    guard let values = XMLAnswer.values(result.output) else {
      throw Failure(.targetRefused, "the client printed something else than rows", at: connection.place)
    }
    return values
  }

  /// The limit of time is MariaDB's own; MySQL takes the comment for one, and the client is ended by us.
  private static func script(_ statement: ReadingStatement, _ timeout: Seconds) -> String {
    """
    SET SESSION time_zone = '+00:00' /*M!100101 , max_statement_time = \(max(1, timeout.count)) */;
    START TRANSACTION READ ONLY;
    \(statement.text)
    ;
    ROLLBACK;

    """
  }

  /// What can't be reached, or not be entered, says nothing of the data.
  private static let ofTheWay = [
    "1040", "1044", "1045", "1129", "1130", "1226", "2002", "2003", "2005", "2026", "1698",
  ]

  private func failure(_ result: ChildResult, _ connection: MariaDBConnection, _ timeout: Seconds) -> Failure {
    let failure = connection.failure("the server refused the query", result)
    let complaint = connection.complaint(result.errorText)
    if complaint.contains("ERROR 1969") || complaint.contains("ERROR 3024") {
      return Failure(.unproven, "the query took longer than \(timeout.text)", at: connection.place)
    }
    let isOfTheWay =
      !complaint.contains("ERROR") || MariaDBInspection.ofTheWay.contains { complaint.contains("ERROR \($0)") }
    if isOfTheWay, !hasLostServer(complaint) { return failure }
    return Failure(.unproven, failure.what, at: failure.place, next: failure.next)
  }

  // MARK: - Programs

  func variables(database: String?) -> [String: String] {
    var variables: [String: String] = [:]
    variables["MYSQL_HOST"] = settings.host
    variables["MYSQL_TCP_PORT"] = settings.port.map { "\($0)" }
    variables["MYSQL_UNIX_PORT"] = settings.socket
    variables["MYSQL_DATABASE"] = database
    variables["MYSQL_USER"] = settings.user
    if let file = options() {
      variables["LIFEBOAT_OPTION_FILE"] = file
      // Every client of MariaDB reads the file there.
      variables["MYSQL_HOME"] = String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex))
    }
    return variables
  }

  /// An option file with all that the server takes; nil where it can't be had.
  private func options() -> String? {
    optionFile.withLock { file in
      if let file { return file.path }
      var lines = "[client]\n"
      func add(_ name: String, _ value: String?) { if let value { lines += "\(name)=\"\(value)\"\n" } }
      add("host", settings.host)
      add("port", settings.port.map { "\($0)" })
      add("socket", settings.socket)
      add("user", settings.user)
      add("protocol", settings.socket != nil ? "socket" : settings.host != nil ? "tcp" : nil)
      add("ssl-ca", settings.tls.caFile.map { SQLiteCommand.absolute($0) })
      add("ssl-cert", settings.tls.certificate.map { SQLiteCommand.absolute($0) })
      add("ssl-key", settings.tls.key.map { SQLiteCommand.absolute($0) })
      var text: [UInt8] = Array((settings.optionFile.map { "!include \($0)\n" } ?? "").utf8) + Array(lines.utf8)
      if let reference = settings.password {
        guard let password = try? SecretFetcher.fetch(reference, stop: StopSignal()) else { return nil }
        text += MariaDBConnection.passwordLine(password)
      }
      file = try? SecretFile(text, for: nil, named: "my.cnf")
      return file?.path
    }
  }

  // MARK: - Checks

  func integrity(
    of databases: [String], expected: TruthManifest, isScratch: Bool, stop: StopSignal
  ) throws(Failure) -> ServerIntegrity {
    try CheckTableRun(connection: connection(stop), databases: databases).run(stop: stop)
  }

  func sample(
    of databases: [(name: String, place: String)], expected: TruthManifest, drawn: Set<[UInt8]>, stop: StopSignal
  ) throws(Failure) -> TruthManifest? {
    try MariaDBSample(connection: connection(stop), expected: expected, drawn: drawn).take(databases, stop: stop)
  }
}
