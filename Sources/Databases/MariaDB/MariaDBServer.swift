import Bytes
import Pipeline

/// What one needs to know of a server before anything is dumped from it or loaded into it.
struct MariaDBServer: Sendable {
  let version: MariaDBVersion
  /// Which server it is: its own id where it has one, and where it runs.
  let identity: String
  let hostname: String
  let port: String
  let dataFolder: String
  let characterSet: String
  let collation: String
  let lowerCaseTableNames: String
  let sqlMode: String
  let timeZone: String
  let writesBinaryLog: Bool
  let logsReplicatedChanges: Bool
  let isReadOnly: Bool
  let largestPacket: UInt64
  /// After so many seconds without a reader the server gives a dump up; the tool has no option for it.
  let writeTimeout: String
  let rights: MariaDBRights
  let user: String

  /// Asks the server, and refuses a connection that is not protected as it must be.
  init(_ connection: MariaDBConnection, stop: StopSignal) throws(Failure) {
    let variables = try MariaDBServer.variables(connection, stop)
    guard let version = MariaDBVersion(server: variables["version", default: ""]) else {
      throw Failure(connection.code, "the server does not say its version", at: connection.place)
    }
    self.version = version
    let facts = try connection.rows("SELECT CURRENT_USER(); SHOW STATUS LIKE 'Ssl_cipher';", stop: stop)
    user = facts.first?.first ?? ""
    let cipher = facts.last.flatMap { $0.count == 2 ? $0[1] : nil } ?? ""
    guard !connection.mustBeProtected || !cipher.isEmpty else {
      throw Failure(
        connection.code, "the connection is not encrypted, though tls.mode asks for it", at: connection.place,
        next: "Let the server offer TLS.")
    }
    hostname = variables["hostname", default: ""]
    port = variables["port", default: ""]
    dataFolder = variables["datadir", default: ""]
    let own = variables["server_uid"] ?? variables["server_uuid"] ?? ""
    identity = "\(own.isEmpty ? "" : "\(own) ")\(hostname):\(port) \(dataFolder)"
    characterSet = variables["character_set_server", default: ""]
    collation = variables["collation_server", default: ""]
    lowerCaseTableNames = variables["lower_case_table_names", default: "0"]
    sqlMode = variables["sql_mode", default: ""]
    timeZone = variables["time_zone", default: ""]
    writesBinaryLog = variables["log_bin"] == "ON"
    logsReplicatedChanges = (variables["log_slave_updates"] ?? variables["log_replica_updates"]) == "ON"
    isReadOnly = variables["read_only"] == "ON" || variables["read_only"] == "1"
    writeTimeout = variables["net_write_timeout", default: ""]
    largestPacket = UInt64(variables["max_allowed_packet", default: ""]) ?? 0
    rights = MariaDBRights(try connection.rows("SHOW GRANTS;", stop: stop).compactMap(\.first))
  }

  private static func variables(
    _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> [String: String] {
    let names = [
      "version", "server_uid", "server_uuid", "hostname", "port", "datadir", "character_set_server",
      "collation_server", "lower_case_table_names", "sql_mode", "time_zone", "log_bin", "log_slave_updates",
      "log_replica_updates", "read_only", "max_allowed_packet", "net_write_timeout",
    ]
    let list = names.map { "'\($0)'" }.joined(separator: ", ")
    let rows = try connection.rows("SHOW GLOBAL VARIABLES WHERE Variable_name IN (\(list));", stop: stop)
    return Dictionary(rows.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
  }
}
