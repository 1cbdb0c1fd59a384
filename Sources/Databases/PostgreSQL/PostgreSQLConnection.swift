package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// How the tools of PostgreSQL reach one server. What a profile leaves open they find as they always do: `PG*`
/// variables, `.pgpass`, `pg_service.conf`, the socket.
///
/// Everything but the password travels as a connection string, which works alike for a tool here, in a container and on
/// another host, and wins over an entry of `pg_service.conf`. The password travels in a file that only the account of
/// the tool can read; the file goes with the last reference.
package final class PostgreSQLConnection: Sendable {
  package let settings: ServerSettings
  /// What a failure of a tool or of the server is called: `sourceFailed` or `targetRefused`.
  package let code: Failure.Code
  let redaction: Redaction
  private let passwordFile: SecretFile?

  /// - Parameters:
  ///   - settings: how the server is reached
  ///   - code: what failures are called
  ///   - stop: the signal of the run; a command that prints the password runs under it
  /// - Throws: `keyInvalid` for a password that can't be fetched, `profileInvalid` for one that can't be handed over,
  ///   `scratchFull` where its file can't be made
  package init(_ settings: ServerSettings, failing code: Failure.Code, stop: StopSignal) throws(Failure) {
    self.settings = settings
    self.code = code
    var secrets: [[UInt8]] = getenv("PGPASSWORD").map { [Array(String(cString: $0).utf8)] } ?? []
    if let reference = settings.password {
      guard settings.tools.prefix.isEmpty else {
        throw Failure(
          .profileInvalid, "a password can't be handed to tools behind \(settings.tools.prefix[0])",
          at: "server.password", next: "Put it into the .pgpass file of the account over there, and remove it here.")
      }
      let password = try PostgreSQLConnection.fetch(reference, stop)
      secrets.append(password)
      passwordFile = try SecretFile(
        PostgreSQLConnection.line(password), for: try ServerTools(settings.tools).account())
    } else {
      passwordFile = nil
    }
    redaction = Redaction(secrets: secrets)
  }

  /// The server for people: `db.example.org:5432`, `/run/postgresql`, `service orders`.
  package var label: String {
    if let host = settings.host { return settings.port.map { "\(host):\($0)" } ?? host }
    if let socket = settings.socket { return settings.port.map { "\(socket):\($0)" } ?? socket }
    if let service = settings.service { return "service \(service)" }
    if let host = getenv("PGHOST"), host.pointee != 0 { return String(cString: host) }
    return settings.port.map { "localhost:\($0)" } ?? "the local server"
  }

  /// The connection string for a database; holds no secret. For `-d` of every tool.
  ///
  /// - Parameters:
  ///   - database: its name; nil leaves it to the service entry, the environment or the role's name
  ///   - more: further parameters of libpq
  package func string(database: String? = nil, more: [(String, String)] = []) -> String {
    var parts: [(String, String)] = []
    if let service = settings.service { parts.append(("service", service)) }
    if let host = settings.host ?? settings.socket { parts.append(("host", host)) }
    if let port = settings.port { parts.append(("port", "\(port)")) }
    if let user = settings.user { parts.append(("user", user)) }
    if let database { parts.append(("dbname", database)) }
    if let mode = settings.tls.mode { parts.append(("sslmode", mode.rawValue)) }
    if let file = settings.tls.caFile { parts.append(("sslrootcert", path(file))) }
    if let file = settings.tls.certificate { parts.append(("sslcert", path(file))) }
    if let file = settings.tls.key { parts.append(("sslkey", path(file))) }
    parts.append(("connect_timeout", "\(max(2, settings.connectTimeout.count))"))
    parts.append(("application_name", "lifeboat"))
    return (parts + more).map { "\($0.0)=\(PostgreSQLConnection.quoted($0.1))" }.joined(separator: " ")
  }

  /// A tool of PostgreSQL as a child: through the prefix, or as the account, with its secrets in place.
  ///
  /// - Parameters:
  ///   - tool: its path, or its name behind a prefix
  ///   - arguments: no secrets
  ///   - variables: what it needs in the environment, no secrets: behind a prefix they stand on the command line
  package func command(_ tool: String, _ arguments: [String], variables: [String: String] = [:]) -> ChildCommand {
    // The text of a timestamp with time zone follows the session's zone: without one of our own two servers would print
    // the same rows differently. Messages are matched and shown, so they are to be in one language.
    var setting = ["PGTZ": "UTC", "LC_ALL": "C"].merging(variables) { $1 }
    let tools = settings.tools
    if let first = tools.prefix.first {
      let words = setting.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + [tool] + arguments
      // What ssh is given it hands to a shell over there.
      let isShell = first.split(separator: "/").last == "ssh"
      let rest = ["env"] + (isShell ? words.map(PostgreSQLConnection.shellQuoted) : words)
      return ChildCommand(first, Array(tools.prefix.dropFirst()) + rest, failing: code)
    }
    // A client encoding of the caller's would turn the dump into another one.
    var removing = ["PGCLIENTENCODING", "LANGUAGE", "PSQLRC", "PGREQUIRESSL", "PGDATESTYLE"]
    if let passwordFile {
      setting["PGPASSFILE"] = passwordFile.path
      // It would win over the file.
      removing.append("PGPASSWORD")
    }
    guard let account = tools.account, geteuid() == 0 else {
      var command = ChildCommand(tool, arguments, failing: code)
      command.environment = .inherited(setting: setting, removing: removing)
      return command
    }
    var command = ChildCommand("runuser", ["-u", account, "--", tool] + arguments, failing: code)
    command.environment = .inherited(setting: setting, removing: removing)
    // It may not even look into our own folder.
    command.folder = "/"
    return command
  }

  /// Tool paths of ours stay valid when the child works in another folder.
  private func path(_ file: String) -> String {
    settings.tools.prefix.isEmpty && file != "system" ? SQLiteCommand.absolute(file) : file
  }

  private static func fetch(_ reference: SecretReference, _ stop: StopSignal) throws(Failure) -> [UInt8] {
    do {
      return try SecretFetcher.fetch(reference, stop: stop)
    } catch {
      try stop.check()
      throw error.within("server.password")
    }
  }

  /// A line of a `.pgpass` for every server.
  static func line(_ password: [UInt8]) -> [UInt8] {
    let escaped = password.flatMap { byte in
      byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
    }
    return Array("*:*:*:*:".utf8) + escaped + [UInt8(ascii: "\n")]
  }

  /// A database's name for options that take a connection string for one, which `=` or a scheme makes it look like.
  static func plain(_ database: String) -> String {
    let isTaken = database.contains("=") || database.hasPrefix("postgres://") || database.hasPrefix("postgresql://")
    return isTaken ? "dbname=\(quoted(database))" : database
  }

  private static func quoted(_ value: String) -> String {
    var text = "'"
    for scalar in value.unicodeScalars {
      if scalar == "'" || scalar == "\\" { text += "\\" }
      text.unicodeScalars.append(scalar)
    }
    return text + "'"
  }

  /// A word as a POSIX shell reads it back.
  static func shellQuoted(_ word: String) -> String {
    var text = "'"
    for scalar in word.unicodeScalars {
      if scalar == "'" { text += "'\\''" } else { text.unicodeScalars.append(scalar) }
    }
    return text + "'"
  }
}
