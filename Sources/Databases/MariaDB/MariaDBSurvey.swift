import Bytes
import Pipeline
import Profiles

/// What is found out before a dump: everything that would keep it from being whole is thrown, what it can't hold is
/// named.
struct MariaDBSurvey: Sendable {
  let connection: MariaDBConnection
  let server: MariaDBServer
  let tool: MariaDBVersion
  let catalogue: MariaDBCatalogue
  let definers: [String]
  let position: ReplicaPosition
  let dumpsUsers: Bool
  private(set) var notes: [String] = []

  /// Engines that keep old versions of rows, so that one transaction sees one state.
  private static let transactional = ["INNODB", "ROCKSDB", "TOKUDB"]
  /// Engines whose rows lie elsewhere; the tool leaves them out.
  private static let remote = ["MRG_MYISAM", "MRG_ISAM", "CONNECT", "OQGRAPH", "SPIDER", "VP", "FEDERATED"]

  init(_ settings: MariaDBSettings, stop: StopSignal) throws(Failure) {
    connection = try MariaDBConnection(
      settings.server, failing: .sourceFailed, lockTimeout: settings.lockTimeout, stop: stop)
    try connection.checkSettings()
    tool = try MariaDBSurvey.toolVersion(connection, stop)
    server = try MariaDBServer(connection, stop: stop)
    try MariaDBSurvey.checkVersions(tool, server.version)
    let exclude = settings.exclude.map { Array($0.utf8) }
    let wanted = settings.databases.map { $0.map { Array($0.utf8) } }
    catalogue = try MariaDBCatalogue.read(connection, stop: stop) { name in
      wanted?.contains(name) ?? !exclude.contains(name)
    }
    try MariaDBSurvey.checkDatabases(wanted, catalogue, server)
    try MariaDBSurvey.checkRights(server, catalogue)
    definers = try MariaDBCatalogue.definers(connection, of: catalogue.databases.map(\.name), stop: stop)
    position = try ReplicaPosition(server, connection, stop: stop)
    let canDumpUsers = tool.family == .mariadb && tool.isAtLeast(10, 4) && server.version.family == .mariadb
    let mayReadUsers = server.rights.missing(for: Array("mysql".utf8)).contains("SELECT") == false
    dumpsUsers = settings.globals && canDumpUsers && mayReadUsers
    notes = losses(settings, canDumpUsers) + position.notes
  }

  /// The names of the databases.
  var chosen: Set<[UInt8]> { Set(catalogue.databases.map(\.name)) }

  var about: MariaDBAbout {
    MariaDBAbout(
      server: server, catalogue: catalogue, definers: definers, position: position, hasUsers: dumpsUsers)
  }

  /// About the size of the dump; as text it is rarely larger than its pages.
  var expectedSize: UInt64? {
    catalogue.databases.reduce(0) { sum, database in database.baseTables.reduce(sum) { $0 &+ $1.bytes } }
  }

  func isTransactional(_ table: MariaDBCatalogue.Table) -> Bool {
    MariaDBSurvey.transactional.contains(table.engine.uppercased())
  }

  /// The arguments of the dump tool.
  var dumpArguments: [String] {
    var words = [
      "--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob", "--tz-utc",
      "--default-character-set=utf8mb4", "--max-allowed-packet=1073741824", "--no-tablespaces",
    ]
    switch position.recording {
    case .ownLog where tool.family == .mysql && tool.isAtLeast(8, 1): words.append("--source-data=2")
    case .ownLog: words.append("--master-data=2")
    case .sourceLog: words.append("--dump-slave=2")
    case .none: break
    }
    if tool.family == .mysql { words.append("--set-gtid-purged=OFF") }
    if keepsHistory { words.append("--dump-history") }
    return words + ["--databases", "--"] + catalogue.databases.map { String(decoding: $0.name, as: UTF8.self) }
  }

  private var hasHistory: Bool { catalogue.databases.contains { $0.tables.contains { $0.kind == .versioned } } }

  /// Since 10.11 the old rows of versioned tables can be dumped, and inserted again.
  private var keepsHistory: Bool {
    hasHistory && tool.family == .mariadb && tool.isAtLeast(10, 11) && server.version.isAtLeast(10, 11)
  }

  static func list(_ names: [String]) -> String {
    names.count <= 10
      ? names.joined(separator: ", ") : "\(names.prefix(10).joined(separator: ", ")) and \(names.count - 10) more"
  }
}

// MARK: What prevents a dump

extension MariaDBSurvey {
  private static func toolVersion(
    _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> MariaDBVersion {
    let result = try Child.run(try connection.command(.dump, ["--version"]), stop: stop)
    guard result.exit.succeeded, let version = MariaDBVersion(tool: result.text) else {
      throw connection.failure("mariadb-dump does not say its version", result)
    }
    return version
  }

  static func checkVersions(_ tool: MariaDBVersion, _ server: MariaDBVersion) throws(Failure) {
    guard tool.family == .mariadb || server.family == .mysql else {
      throw Failure(
        .sourceFailed, "the dump tool is MySQL's \(tool.text), the server is MariaDB \(server.text)",
        next: "Install MariaDB's client tools, or say in tools.folder where they are.")
    }
    guard tool.family != server.family || !tool.isSeriesOlder(than: server) else {
      throw Failure(
        .sourceFailed,
        "the dump tool \(tool.text) is older than the server \(server.text): it may leave out what it doesn't know",
        next: "Install client tools of the server's version, or say in tools.folder where they are.")
    }
  }

  private static func checkDatabases(
    _ wanted: [[UInt8]]?, _ catalogue: MariaDBCatalogue, _ server: MariaDBServer
  ) throws(Failure) {
    let found = catalogue.databases.map(\.name)
    let missing = (wanted ?? []).filter { !found.contains($0) }.map { Printable.text($0) }
    guard missing.isEmpty else {
      throw Failure(
        .sourceFailed, "no such database, or \(server.user) may not see it: \(list(missing))",
        next: "Check source.databases, and GRANT SELECT, SHOW VIEW, TRIGGER, EVENT on them.")
    }
    guard !found.isEmpty else {
      throw Failure(
        .sourceFailed, "\(server.user) sees no database to be dumped",
        next: "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT on what is to be dumped.")
    }
  }

  /// A role without them would get a dump that lacks triggers or routines without a word.
  private static func checkRights(_ server: MariaDBServer, _ catalogue: MariaDBCatalogue) throws(Failure) {
    for database in catalogue.databases {
      let missing = server.rights.missing(for: database.name)
      guard missing.isEmpty else {
        let name = MariaDBConnection.quote(Printable.text(database.name))
        throw Failure(
          .sourceFailed, "\(server.user) lacks \(missing.joined(separator: ", ")): the dump would not be whole",
          at: Printable.text(database.name),
          next: "GRANT \(missing.joined(separator: ", ")) ON \(name).* TO the role.")
      }
    }
    guard server.rights.seesRoutines else {
      let isOld = server.version.family == .mariadb && !server.version.isAtLeast(11, 3)
      let grant =
        server.version.family == .mysql
        ? "SHOW_ROUTINE ON *.*" : isOld ? "SELECT ON mysql.proc" : "SHOW CREATE ROUTINE ON *.*"
      throw Failure(
        .sourceFailed, "\(server.user) may not read routines: the dump would lack them without a word",
        next: "GRANT \(grant) TO the role.")
    }
  }
}

// MARK: What a dump can't hold

extension MariaDBSurvey {
  private func losses(_ settings: MariaDBSettings, _ canDumpUsers: Bool) -> [String] {
    var notes: [String] = []
    if settings.databases == nil, !server.rights.seesEveryDatabase {
      notes.append("\(server.user) has no right that holds everywhere: databases that it may not see are not dumped")
    }
    if settings.globals, !dumpsUsers {
      notes.append(
        canDumpUsers
          ? "users and their grants are not dumped: the role lacks SELECT ON mysql.*"
          : "users and their grants are not dumped: these tools can't")
    }
    if tool.family != server.version.family {
      notes.append("the server is \(server.version.family.rawValue), the dump tool is \(tool.family.rawValue)'s")
    }
    let tables = catalogue.databases.flatMap { database in
      database.baseTables.map { ("\(Printable.text(database.name)).\(Printable.text($0.name))", $0) }
    }
    let loose = tables.filter { !isTransactional($0.1) && !MariaDBSurvey.isRemote($0.1) }.map(\.0)
    if !loose.isEmpty {
      notes.append("tables without transactions are not consistent if they are written: \(MariaDBSurvey.list(loose))")
    }
    let remote = tables.filter { MariaDBSurvey.isRemote($0.1) }.map(\.0)
    if !remote.isEmpty { notes.append("rows that lie elsewhere are not dumped: \(MariaDBSurvey.list(remote))") }
    if hasHistory, !keepsHistory { notes.append("the history of versioned tables is not dumped: that takes 10.11") }
    return notes
  }

  private static func isRemote(_ table: MariaDBCatalogue.Table) -> Bool { remote.contains(table.engine.uppercased()) }
}
