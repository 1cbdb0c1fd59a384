package import Bytes
import Glibc
package import Pipeline
import Profiles

/// The tools of one version of PostgreSQL.
///
/// Of several that are installed the server's own major version is taken, else the newest: a newer `pg_dump` may write
/// what a server of the dumped version does not understand, so a dump by the same version is the one that surely loads.
/// Never an older one, which knows nothing of what it would leave out.
package struct PostgreSQLTools: Sendable, Equatable {
  /// The folder that they lie in; nil where `PATH` finds them, also behind a prefix.
  package let folder: String?
  package let version: PostgreSQLVersion

  /// The path of a tool: `pg_dump`, `psql`.
  package func path(_ tool: String) -> String { folder.map { "\($0)/\(tool)" } ?? tool }

  private static let install = "Install PostgreSQL's client tools (Debian: postgresql-client), or set server.tools."

  /// Finds the tools for a server.
  ///
  /// - Parameters:
  ///   - connection: its settings say where tools may lie
  ///   - server: the version that they must not be older than; nil takes the newest, to ask the server with
  /// - Throws: the connection's code where there are none, or all are too old
  package static func find(
    for server: PostgreSQLVersion? = nil, _ connection: PostgreSQLConnection, stop: StopSignal
  ) throws(Failure) -> PostgreSQLTools {
    try choose(from: try installed(connection, stop: stop), for: server, connection)
  }

  /// The one for a server, of those that are installed.
  static func choose(
    from found: [PostgreSQLTools], for server: PostgreSQLVersion? = nil, _ connection: PostgreSQLConnection
  ) throws(Failure) -> PostgreSQLTools {
    guard let newest = found.max(by: { $0.version < $1.version }) else {
      throw Failure(connection.code, "no psql and pg_dump are installed", next: install)
    }
    guard let server else { return newest }
    let same = found.filter { $0.version.major == server.major }.max { $0.version < $1.version }
    if let same { return same }
    guard newest.version.major > server.major else {
      throw Failure(
        connection.code,
        "the server has version \(server.text), and the newest pg_dump here has \(newest.version.text)",
        at: newest.path("pg_dump"),
        next: "Install the tools of version \(server.major) (Debian: postgresql-client-\(server.major)).")
    }
    return newest
  }

  /// All that a profile's settings lead to.
  static func installed(
    _ connection: PostgreSQLConnection, stop: StopSignal
  ) throws(Failure) -> [PostgreSQLTools] {
    let settings = connection.settings.tools
    if settings.folder != nil || !settings.prefix.isEmpty {
      return [PostgreSQLTools(folder: settings.folder, version: try version(in: settings.folder, connection, stop))]
    }
    var known: [String] = []
    for folder in folders() where hasTools(folder) && !known.contains(folder) {
      known.append(folder)
    }
    var found: [PostgreSQLTools] = []
    for folder in known {
      // A broken installation beside a good one is no reason to fail.
      if let version = try? version(in: folder, connection, stop) {
        found.append(PostgreSQLTools(folder: folder, version: version))
      }
      try stop.check()
    }
    return found
  }

  private static func version(
    in folder: String?, _ connection: PostgreSQLConnection, _ stop: StopSignal
  ) throws(Failure) -> PostgreSQLVersion {
    let tool = folder.map { "\($0)/pg_dump" } ?? "pg_dump"
    let result = try Child.run(connection.command(tool, ["--version"]), stop: stop)
    guard result.exit.succeeded, let version = PostgreSQLVersion(printed: result.text) else {
      let said = result.errorText.split(separator: "\n").first.map { ": \($0)" } ?? ""
      throw Failure(
        connection.code, "pg_dump does not say its version\(connection.redaction.clean(said))", at: tool, next: install)
    }
    return version
  }

  /// Folders in which tools may lie: those of distributions, one a version, then `PATH`. Debian's own wrappers in
  /// `PATH` would choose a version by a server of their own, so they come last.
  private static func folders() -> [String] {
    var folders: [String] = []
    for pattern in ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"] {
      var result = glob_t()
      defer { globfree(&result) }
      guard glob(pattern, 0, nil, &result) == 0 else { continue }
      for index in 0..<Int(result.gl_pathc) {
        if let path = result.gl_pathv[index] { folders.append(String(cString: path)) }
      }
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return folders + path.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
  }

  private static func hasTools(_ folder: String) -> Bool {
    ["pg_dump", "psql"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
  }
}
