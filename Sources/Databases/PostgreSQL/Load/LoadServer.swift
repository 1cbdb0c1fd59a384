import Bytes
import Glibc
import Pipeline
import Profiles

/// The server that is loaded into, with tools that understand the dump.
struct LoadServer: Sendable {
  let server: PostgreSQLServer
  let tools: PostgreSQLTools

  var connection: PostgreSQLConnection { server.connection }
  /// Whether the tools run on this machine and can read files of ours.
  var readsFiles: Bool { connection.settings.tools.prefix.isEmpty }

  /// Connects.
  ///
  /// - Parameter dumped: the tools must not be older than those that wrote these
  static func find(
    _ settings: ServerSettings, for dumped: [DumpedDatabase], stop: StopSignal
  ) throws(Failure) -> LoadServer {
    let connection = try PostgreSQLConnection(settings, failing: .targetRefused, stop: stop)
    let server: PostgreSQLServer
    do {
      server = try PostgreSQLServer.find(connection, stop: stop)
    } catch {
      throw LoadServer.pooled(error) ?? error
    }
    let newest = dumped.map(\.facts.tool).max() ?? server.facts.version
    let needed = max(newest, server.facts.version)
    let tools = try PostgreSQLTools.find(for: needed, connection, stop: stop)
    return LoadServer(server: server, tools: tools)
  }

  /// What is asked and told in one of its databases.
  func query(_ database: String) -> PostgreSQLQuery { PostgreSQLQuery(connection, tools, database: database) }

  /// Asks in the database for what is of no database.
  var maintenance: PostgreSQLQuery { query(server.maintenance) }

  /// The connection string for a tool that loads.
  func string(_ database: String, _ options: [String] = []) -> String {
    let own = getenv("PGOPTIONS").map { [String(cString: $0)] } ?? []
    let all = own + options.map { "-c \($0)" }
    return connection.string(
      database: database, more: all.isEmpty ? [] : [("options", all.joined(separator: " "))])
  }

  /// A tool on one of its databases.
  func command(_ tool: String, _ arguments: [String], on database: String, _ options: [String] = []) -> ChildCommand {
    connection.command(tools.path(tool), ["-w", "-d", string(database, options)] + arguments)
  }

  /// What a tool's errors mean.
  func failure(_ doing: String, _ errorText: String, in database: String) -> Failure {
    PostgreSQLTrouble.failure(
      .targetRefused, doing, connection.redaction.clean(errorText),
      at: "\(connection.label), database \(Printable.quoted(database))")
  }

  /// A pooler between us and the server mixes sessions up: settings of one meet statements of another.
  static func pooled(_ error: Failure) -> Failure? {
    guard error.what.contains("unsupported startup parameter") || error.what.contains("pgbouncer") else { return nil }
    return Failure(
      .targetRefused, "a pooler such as pgbouncer answers, not the server: \(error.what)", at: error.place,
      next: "Give host and port of the server itself.")
  }
}
