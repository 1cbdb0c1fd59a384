import Bytes
import Glibc
import Pipeline

/// Finds what would keep a load from succeeding, before anything is changed.
struct MariaDBExamination {
  let stored: MariaDBStored
  let request: LoadRequest
  let connection: MariaDBConnection
  let server: MariaDBServer
  private(set) var databases: [(name: String, target: String)] = []
  private(set) var steps: [String] = []
  var obstacles: [String] = []
  var notes: [String] = []

  /// What loading a dump takes.
  private static let needed = [
    "SELECT", "INSERT", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "LOCK TABLES", "CREATE VIEW", "SHOW VIEW",
    "CREATE ROUTINE", "ALTER ROUTINE", "EVENT", "TRIGGER",
  ]

  init(
    _ stored: MariaDBStored, _ request: LoadRequest, _ connection: MariaDBConnection, stop: StopSignal
  ) throws(Failure) {
    self.stored = stored
    self.request = request
    self.connection = connection
    server = try MariaDBServer(connection, stop: stop)
  }

  mutating func run(stop: StopSignal) throws(Failure) {
    choose()
    checkRequest()
    checkVersion()
    try checkParts(stop)
    try checkTargets(stop)
    try checkRights(stop)
  }

  private mutating func choose() {
    let names = stored.databases.map { String(decoding: $0.name, as: UTF8.self) }
    let chosen = names.filter { request.database == nil || $0 == request.database }
    if chosen.isEmpty {
      obstacles.append("the snapshot has no database \(request.database ?? ""); it has \(MariaDBSurvey.list(names))")
    }
    if request.newName != nil, chosen.count > 1 {
      obstacles.append("a new name is for one database, and the snapshot has \(chosen.count): choose one")
    }
    databases = chosen.map { name in
      (name, request.ending.map { $0.appended(to: name, limit: 64) } ?? request.newName ?? name)
    }
    for (name, target) in databases where name != target {
      notes.append("routines and views that name the database \(name) go on naming it")
    }
  }

  private mutating func checkRequest() {
    if request.table != nil {
      obstacles.append("one table can't be taken out of a dump of MariaDB: load its database under another name")
    }
    if request.schemaOnly || request.dataOnly {
      obstacles.append("a dump of MariaDB is loaded whole: neither its schema nor its data alone")
    }
    if request.isDrill, request.replaces != nil { obstacles.append("a drill replaces nothing") }
    if request.isDrill, server.identity == stored.server.identity {
      obstacles.append("a drill never loads into the server that was backed up")
    }
  }

  private mutating func checkVersion() {
    guard let version = MariaDBVersion(server: stored.server.version) else { return }
    if version.family != server.version.family {
      obstacles.append("the dump is of \(version.family.rawValue), the server is \(server.version.family.rawValue)")
    } else if server.version.isSeriesOlder(than: version) {
      obstacles.append(
        "the server \(server.version.text) is older than the dump's \(version.text): load into one that is not older")
    }
    if server.lowerCaseTableNames != stored.server.lowerCaseTableNames {
      notes.append("the server treats upper and lower case in names otherwise (lower_case_table_names)")
    }
    if server.isReadOnly { obstacles.append("the server is read-only: SET GLOBAL read_only = OFF, or load elsewhere") }
  }

  /// Collations, engines and definers that the dump needs.
  private mutating func checkParts(_ stop: StopSignal) throws(Failure) {
    let chosen = stored.databases.filter { database in databases.contains { Array($0.name.utf8) == database.name } }
    let hasFullNames = server.version.family == .mariadb && server.version.isAtLeast(10, 10)
    let more =
      hasFullNames
      ? "SELECT 'c', FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY;" : ""
    let rows = try connection.rows(
      """
      SELECT 'c', COLLATION_NAME FROM information_schema.COLLATIONS;
      \(more)
      SELECT 'e', ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT');

      """, stop: stop)
    let known = Set(rows.filter { $0.count == 2 }.map { "\($0[0]) \($0[1].lowercased())" })
    let collations = Set(chosen.flatMap { [$0.collation] + $0.tables.map(\.collation) }).subtracting([""])
    let engines = Set(chosen.flatMap { $0.tables.map(\.engine) }).subtracting([""])
    for name in collations.sorted() where !known.contains("c \(name.lowercased())") {
      obstacles.append("the server does not know the collation \(name)")
    }
    for name in engines.sorted() where !known.contains("e \(name.lowercased())") {
      obstacles.append("the server has no engine \(name): install its plugin")
    }
    try checkDefiners(stop)
  }

  private mutating func checkDefiners(_ stop: StopSignal) throws(Failure) {
    guard !stored.definers.isEmpty else { return }
    let result = try connection.run("SELECT CONCAT(User, '@', Host) FROM mysql.user;", stop: stop)
    guard result.exit.succeeded else {
      notes.append("whether the definers exist can't be told: \(MariaDBSurvey.list(stored.definers))")
      return
    }
    let users = Set(result.text.split(separator: "\n").map(String.init))
    let missing = stored.definers.filter { !users.contains($0) }
    if !missing.isEmpty {
      notes.append(
        "definers that do not exist here, whose views, routines, events and triggers will fail: \(MariaDBSurvey.list(missing))"
      )
    }
    let foreign = stored.definers.contains { $0 != server.user }
    if foreign, !server.rights.hasEverywhere("SET USER", "SUPER", "SET_USER_ID", "SET_ANY_DEFINER") {
      obstacles.append("\(server.user) may not make what runs as others: GRANT SET USER ON *.* TO it")
    }
  }

  private mutating func checkTargets(_ stop: StopSignal) throws(Failure) {
    let wanted = Set(databases.map { Array($0.target.utf8) })
    let found = try MariaDBCatalogue.read(connection, stop: stop) { wanted.contains($0) }
    let isSame = server.identity == stored.server.identity
    if let replaced = request.replaces, !databases.contains(where: { $0.target == replaced }) {
      obstacles.append("\(replaced) is to be replaced, but the load does not make it")
    }
    for (name, target) in databases {
      let there = found.databases.first { $0.name == Array(target.utf8) }
      if let there, MariaDBPreparation.isInterrupted(there) {
        steps.append("drop what an interrupted load left in \(target)")
      } else if let there, !there.tables.isEmpty || there.routines > 0 {
        if request.replaces == target {
          steps.append("rename \(target) aside, \(there.tables.count) tables")
        } else if isSame, name == target {
          obstacles.append("\(target) on this server is the very database that was backed up: give it another name")
        } else {
          obstacles.append("the database \(target) is not empty: give it another name, or say that it is replaced")
        }
      }
      steps.append("load \(name)" + (name == target ? "" : " as \(target)"))
    }
    steps.append("analyze the tables")
    let events = stored.databases.reduce(0) { $0 + $1.events }
    if events > 0 { notes.append("\(events) events come with the dump, and run where event_scheduler is on") }
  }

  private mutating func checkRights(_ stop: StopSignal) throws(Failure) {
    for (_, target) in databases {
      let missing = server.rights.missing(MariaDBExamination.needed, for: Array(target.utf8))
      if !missing.isEmpty {
        obstacles.append("\(server.user) lacks \(missing.joined(separator: ", ")) on \(target)")
      }
    }
  }

  /// Room is known only where the server's folder is ours to see.
  mutating func checkSpace(_ bytes: UInt64) {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var status = statvfs()
    guard host == server.hostname, !server.dataFolder.isEmpty, statvfs(server.dataFolder, &status) == 0 else {
      notes.append("free space on the server: unknown")
      return
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    if free < bytes {
      obstacles.append("the server's disk has \(free) bytes free, and the dump has \(bytes)")
    } else {
      notes.append(
        "free space on the server: \(free) bytes; tables and indexes often take more than the dump's \(bytes)")
    }
  }
}
