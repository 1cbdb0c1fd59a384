/// How a database server is reached. What is nil is left to the vendor's own tools: their environment variables, service
/// and option files, and defaults.
package struct ServerSettings: Sendable, Equatable {
  /// The host's name or address.
  package var host: String?
  /// The port.
  package var port: Int?
  /// PostgreSQL: the folder of the socket; MariaDB and Redis: the socket.
  package var socket: String?
  /// The role or user.
  package var user: String?
  /// The password; it reaches a tool by a file that only its account can read, never by its arguments.
  package var password: SecretReference?
  /// PostgreSQL: an entry of pg_service.conf.
  package var service: String?
  /// MariaDB: an option file.
  package var optionFile: String?
  /// How the connection is protected.
  package var tls: TLSSettings
  /// Where the vendor's tools are.
  package var tools: ToolSettings
  /// How long a connection may take to come about.
  package var connectTimeout: Seconds

  /// The time to connect where a profile says nothing.
  package static let defaultConnectTimeout = Seconds(15)

  package init(
    host: String? = nil, port: Int? = nil, socket: String? = nil, user: String? = nil,
    password: SecretReference? = nil, service: String? = nil, optionFile: String? = nil,
    tls: TLSSettings = TLSSettings(), tools: ToolSettings = ToolSettings(),
    connectTimeout: Seconds = defaultConnectTimeout
  ) {
    self.host = host
    self.port = port
    self.socket = socket
    self.user = user
    self.password = password
    self.service = service
    self.optionFile = optionFile
    self.tls = tls
    self.tools = tools
    self.connectTimeout = connectTimeout
  }
}

/// How a connection to a database server is protected.
package struct TLSSettings: Sendable, Equatable {
  /// What is asked of the server; the words are PostgreSQL's.
  package enum Mode: String, Sendable, CaseIterable {
    case disable, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
  }

  /// Nil leaves it to the tools.
  package var mode: Mode?
  /// The certificates that are trusted, PEM.
  package var caFile: String?
  /// The client's certificate, PEM.
  package var certificate: String?
  /// The client's key, PEM.
  package var key: String?

  package init(mode: Mode? = nil, caFile: String? = nil, certificate: String? = nil, key: String? = nil) {
    self.mode = mode
    self.caFile = caFile
    self.certificate = certificate
    self.key = key
  }
}

/// Which of the vendor's tools are run, and how.
package struct ToolSettings: Sendable, Equatable {
  /// The folder that they lie in; nil takes the newest that is installed and not older than the server.
  package var folder: String?
  /// What stands before each tool: `docker exec -i db`, `ssh host`. The tools then find their credentials there.
  package var prefix: [String]
  /// The account that the tools run as, where lifeboat runs as root: `postgres` for peer authentication.
  package var account: String?

  package init(folder: String? = nil, prefix: [String] = [], account: String? = nil) {
    self.folder = folder
    self.prefix = prefix
    self.account = account
  }
}

/// Databases of one server.
package struct PostgreSQLSettings: Sendable, Equatable {
  package var server: ServerSettings
  /// Which databases; nil for all that accept connections, templates left out.
  package var databases: [String]?
  /// Databases that `databases: all` leaves out.
  package var exclude: [String]
  /// Whether roles and tablespaces are dumped.
  package var globals: Bool
  /// Whether every row is hashed as it passes, for the truth manifest.
  package var checksums: Bool
  /// Streams that are dumped at the same time on one snapshot; nil for two.
  package var jobs: Int?
  /// How long to wait for a lock on a table.
  package var lockTimeout: Seconds

  /// The time to wait for a lock where a profile says nothing.
  package static let defaultLockTimeout = Seconds(60)

  package init(
    server: ServerSettings = ServerSettings(), databases: [String]? = nil, exclude: [String] = [],
    globals: Bool = true, checksums: Bool = true, jobs: Int? = nil, lockTimeout: Seconds = defaultLockTimeout
  ) {
    self.server = server
    self.databases = databases
    self.exclude = exclude
    self.globals = globals
    self.checksums = checksums
    self.jobs = jobs
    self.lockTimeout = lockTimeout
  }
}

/// Databases of one MariaDB or MySQL server.
package struct MariaDBSettings: Sendable, Equatable {
  package var server: ServerSettings
  /// Which databases; nil for all but the system's.
  package var databases: [String]?
  /// Databases that `databases: all` leaves out.
  package var exclude: [String]
  /// Whether users and their grants are dumped.
  package var globals: Bool
  /// Whether every row is hashed as it passes, for the truth manifest.
  package var checksums: Bool
  /// How long to wait for a lock on a table.
  package var lockTimeout: Seconds

  package init(
    server: ServerSettings = ServerSettings(), databases: [String]? = nil, exclude: [String] = [],
    globals: Bool = true, checksums: Bool = true, lockTimeout: Seconds = PostgreSQLSettings.defaultLockTimeout
  ) {
    self.server = server
    self.databases = databases
    self.exclude = exclude
    self.globals = globals
    self.checksums = checksums
    self.lockTimeout = lockTimeout
  }
}

/// A Redis server.
package struct RedisSettings: Sendable, Equatable {
  package var server: ServerSettings

  package init(server: ServerSettings = ServerSettings()) { self.server = server }
}
