import Bytes
import Glibc
import Pipeline
import Profiles

/// The way to one MariaDB or MySQL server, for the vendor's tools.
///
/// A password of the profile reaches them in an option file that only their account can read. That file is then the
/// only one that is read: of several the account's own would come last and win over the profile. Without a password in
/// the profile the option files of the account are honoured as always.
final class MariaDBConnection: Sendable {
  /// A tool by what it does; the names of MySQL's stand in where MariaDB's are missing.
  enum Tool {
    case client, dump, check

    var names: [String] {
      switch self {
      case .client: ["mariadb", "mysql"]
      case .dump: ["mariadb-dump", "mysqldump"]
      case .check: ["mariadb-check", "mysqlcheck"]
      }
    }
  }

  /// Takes the password out of what the tools say.
  let redaction: Redaction
  /// What a failure here is called.
  let code: Failure.Code
  private let settings: ServerSettings
  private let lockTimeout: Int64
  private let file: SecretFile?
  private let tools: ToolSettings

  /// - Parameters:
  ///   - settings: where the server is
  ///   - code: `sourceFailed` for a source, `targetRefused` for a target
  ///   - lockTimeout: how long a query of ours may wait for a lock
  init(
    _ settings: ServerSettings, failing code: Failure.Code,
    lockTimeout: Seconds = PostgreSQLSettings.defaultLockTimeout, stop: StopSignal
  ) throws(Failure) {
    self.settings = settings
    self.code = code
    self.lockTimeout = max(1, lockTimeout.count)
    tools = settings.tools
    guard let reference = settings.password else {
      file = nil
      redaction = Redaction(secrets: [])
      return
    }
    let tools = ServerTools(settings.tools)
    guard !tools.isElsewhere else {
      throw Failure(
        .usage, "a password can't be handed over behind tools.prefix",
        next: "Put it into an option file over there, and its path into option-file.")
    }
    let password = try SecretFetcher.fetch(reference, stop: stop)
    redaction = Redaction(secrets: [password])
    file = try SecretFile(MariaDBConnection.options(password, settings.optionFile), for: try tools.account())
  }

  /// The command of one tool. A caller adds what the tool is to do.
  func command(_ tool: Tool, _ arguments: [String]) throws(Failure) -> ChildCommand {
    var first: [String] = []
    if let file {
      first.append("--defaults-file=\(file.path)")
    } else if let option = settings.optionFile {
      first.append("--defaults-extra-file=\(option)")
    }
    return try ServerTools(tools).command(tool.names, first + reach(tool) + arguments, failing: code)
  }

  /// Where the server is, and how the way there is protected.
  private func reach(_ tool: Tool) -> [String] {
    var words: [String] = []
    if let host = settings.host { words.append("--host=\(host)") }
    if let port = settings.port { words.append("--port=\(port)") }
    if let socket = settings.socket { words.append("--socket=\(socket)") }
    if let user = settings.user { words.append("--user=\(user)") }
    if settings.socket != nil {
      words.append("--protocol=socket")
    } else if settings.host != nil || settings.port != nil {
      // `localhost` would else mean the socket, whatever the port is.
      words.append("--protocol=tcp")
    }
    if tool == .client {
      words.append("--connect-timeout=\(settings.connectTimeout.count)")
      // Also a look at the list of tables waits for their locks, and the server's own limit is a day.
      // Answers are read as the standard mode prints them.
      words.append("--init-command=SET SESSION lock_wait_timeout=\(lockTimeout), sql_mode=''")
    }
    switch settings.tls.mode {
    case nil: break
    case .disable: words.append("--skip-ssl")
    case .prefer, .require, .verifyCA: words.append("--ssl")
    case .verifyFull: words += ["--ssl", "--ssl-verify-server-cert"]
    }
    if let file = settings.tls.caFile { words.append("--ssl-ca=\(file)") }
    if let file = settings.tls.certificate { words.append("--ssl-cert=\(file)") }
    if let file = settings.tls.key { words.append("--ssl-key=\(file)") }
    return words
  }

  /// The option file. Within double quotes a backslash leads in what it escapes.
  private static func options(_ password: [UInt8], _ other: String?) -> [UInt8] {
    var text: [UInt8] = []
    if let other { text += Array("!include \(other)\n".utf8) }
    return text + Array("[client]\n".utf8) + passwordLine(password)
  }

  static func passwordLine(_ password: [UInt8]) -> [UInt8] {
    var text = Array("password=\"".utf8)
    for byte in password {
      if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") { text.append(UInt8(ascii: "\\")) }
      text.append(byte)
    }
    return text + Array("\"\n".utf8)
  }

  /// Which server this is, for people.
  var place: String {
    if let socket = settings.socket { return socket }
    guard let host = settings.host else { return settings.optionFile ?? "the default server" }
    return settings.port.map { "\(host):\($0)" } ?? host
  }

  /// Whether it must be told that the connection is not protected.
  var mustBeProtected: Bool {
    switch settings.tls.mode {
    case .require, .verifyCA, .verifyFull: true
    case nil, .disable, .prefer: false
    }
  }

  /// Throws for settings that a tool would pass over without a word.
  func checkSettings() throws(Failure) {
    let mode = settings.tls.mode
    if mode == .verifyCA || mode == .verifyFull, settings.tls.caFile == nil, settings.optionFile == nil {
      throw Failure(
        .usage, "tls.mode \(mode?.rawValue ?? "") needs the certificates that are trusted", next: "Set tls.ca.")
    }
  }
}

// MARK: Queries

extension MariaDBConnection {
  /// More than any list of tables that a server can have.
  private static let answerLimit = 256 << 20

  /// The rows that a statement answers with, as columns; names are to be asked for by `HEX`.
  func rows(_ sql: String, stop: StopSignal) throws(Failure) -> [[String]] {
    let result = try run(sql, stop: stop)
    guard result.exit.succeeded else { throw failure("the server refused a query", result) }
    return result.text.isEmpty
      ? []
      : result.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.split(separator: "\t", omittingEmptySubsequences: false).map { MariaDBConnection.plain($0) }
      }
  }

  /// The client's batch mode puts a backslash before tabs, line ends and itself.
  private static func plain(_ column: Substring) -> String {
    guard column.utf8.contains(UInt8(ascii: "\\")) else { return String(column) }
    var text: [UInt8] = []
    var isEscaped = false
    for byte in column.utf8 {
      if isEscaped {
        text.append(byte == UInt8(ascii: "n") ? 10 : byte == UInt8(ascii: "t") ? 9 : byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        text.append(byte)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Runs statements; the caller judges what came of it.
  func run(_ sql: String, database: String? = nil, stop: StopSignal) throws(Failure) -> ChildResult {
    let words = ["--batch", "--skip-column-names", "--default-character-set=utf8mb4"]
    var command = try command(.client, words + (database.map { ["--database=\($0)"] } ?? []))
    command.input = .bytes(Array(sql.utf8))
    return try Child.run(command, limit: MariaDBConnection.answerLimit, stop: stop)
  }

  /// The failure that the last words of a tool stand for.
  func failure(_ what: String, _ result: ChildResult) -> Failure {
    let complaint = complaint(result.errorText)
    return Failure(
      code, "\(what): \(complaint.isEmpty ? "\(result.exit)" : complaint)", at: place, next: advice(complaint))
  }

  /// The last line of an error text, without secrets.
  func complaint(_ errorText: String) -> String {
    let lines = redaction.clean(errorText).split(whereSeparator: \.isNewline)
    let last = lines.last { $0.contains("ERROR") || $0.contains("rror") || $0.hasPrefix("mariadb") } ?? lines.last
    return String((last ?? "").prefix(400))
  }

  private func advice(_ complaint: String) -> String {
    if complaint.contains("1045") { return "Check user and password, and from which host the user may connect." }
    if complaint.contains("2026") { return "Check tls.mode, tls.ca, and the names in the server's certificate." }
    if complaint.contains("2002") || complaint.contains("2003") || complaint.contains("2005") {
      return "Check host, port and socket, and whether the server runs."
    }
    if complaint.contains("1044") || complaint.contains("1142") || complaint.contains("1227") {
      return "Grant the right that is missing, or leave the database out."
    }
    return ""
  }

  /// A text as SQL, whatever it holds: a hexadecimal literal.
  static func literal(_ bytes: [UInt8]) -> String { bytes.isEmpty ? "''" : "X'\(Hex.encode(bytes))'" }

  /// A name as an SQL identifier.
  static func quote(_ name: String) -> String {
    "`\(name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``"))`"
  }
}
