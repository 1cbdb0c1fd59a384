import Bytes
import Glibc
import Pipeline

/// What the server that is loaded into has and allows, before anything is changed.
struct TargetState: Sendable {
  struct Database: Sendable {
    var oid: UInt32
    var mark: LoadMark?
    var sessions: Int
  }

  struct Extension: Sendable {
    var version: [UInt8]
    /// Any role that may create in the database can install it.
    var isTrusted: Bool
  }

  var version: PostgreSQLVersion
  var systemIdentifier: String
  var role: String
  var isSuperuser: Bool
  var createsDatabases: Bool
  var createsRoles: Bool
  var isStandby: Bool
  var isReadOnly: Bool
  /// Whether a setting of ours reached the session; a pooler in between keeps it to itself.
  var isDirect: Bool
  /// How many more sessions there may be.
  var freeSessions: Int
  var skipsLog: Bool
  /// In bytes.
  var sharedBuffers: UInt64
  var maintenanceMemory: UInt64
  var databases: [String: Database] = [:]
  /// The roles, and whether the session's role is a member.
  var roles: [[UInt8]: Bool] = [:]
  var extensions: [[UInt8]: Extension] = [:]
  /// Names of locales of the C library that the server surely knows.
  var locales: Set<String> = []
  var hasICU = false
  /// Bytes that are free where its data lies; nil where that can't be known.
  var freeBytes: UInt64?

  /// Asks the server.
  static func read(_ server: LoadServer, stop: StopSignal) throws(Failure) -> TargetState {
    let probe = Identifier.random().hex
    let options = ["lifeboat.probe=\(probe)"]
    let query = PostgreSQLQuery(
      server.connection, server.tools, database: server.server.maintenance, options: options)
    let row: [String]
    do {
      row = try query.rows(question(probe), columns: 13, stop: stop)[0].map { String(decoding: $0, as: UTF8.self) }
    } catch {
      try stop.check()
      throw LoadServer.pooled(error) ?? error
    }
    func truth(_ place: Int) -> Bool { row[place] == "t" }
    var state = TargetState(
      version: server.server.facts.version, systemIdentifier: server.server.facts.systemIdentifier,
      role: row[0], isSuperuser: truth(1), createsDatabases: truth(1) || truth(2), createsRoles: truth(1) || truth(3),
      isStandby: truth(4), isReadOnly: row[5] == "on", isDirect: truth(6), freeSessions: Int(row[7]) ?? 0,
      skipsLog: row[8] == "minimal", sharedBuffers: UInt64(row[9]) ?? 0, maintenanceMemory: UInt64(row[10]) ?? 0)
    state.freeBytes = server.readsFiles ? free(in: row[11], startedAt: row[12]) : nil
    try state.readCatalogues(server.maintenance, stop)
    return state
  }

  private mutating func readCatalogues(_ query: PostgreSQLQuery, _ stop: StopSignal) throws(Failure) {
    for row in try query.rows(TargetState.databases, columns: 4, stop: stop) {
      let texts = row.map { String(decoding: $0, as: UTF8.self) }
      databases[texts[0]] = Database(
        oid: UInt32(texts[1]) ?? 0, mark: LoadMark(texts[2]), sessions: Int(texts[3]) ?? 0)
    }
    for row in try query.rows(
      "SELECT rolname, pg_has_role(oid, 'MEMBER') FROM pg_roles;", columns: 2, stop: stop)
    {
      roles[row[0]] = row[1] == [UInt8(ascii: "t")]
    }
    for row in try query.rows(TargetState.extensions, columns: 3, stop: stop) {
      extensions[row[0]] = Extension(version: row[1], isTrusted: row[2] == [UInt8(ascii: "t")])
    }
    for row in try query.rows(TargetState.locales, columns: 2, stop: stop) {
      if row[0] == [UInt8(ascii: "i")] { hasICU = true }
      locales.insert(TargetState.plain(String(decoding: row[1], as: UTF8.self)))
    }
  }

  /// A locale's name as all spellings of it agree: `en_US.UTF-8` and `en_US.utf8` are the same.
  static func plain(_ locale: String) -> String {
    let parts = locale.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return locale }
    return parts[0] + "." + parts[1].lowercased().filter { $0 != "-" && $0 != "_" }
  }

  /// Free bytes on the disk of the data folder, if that folder is really the server's: the one whose process began
  /// when the server says it did.
  private static func free(in folder: String, startedAt started: String) -> UInt64? {
    guard folder.hasPrefix("/"), let bytes = try? DurableFile.read("\(folder)/postmaster.pid", limit: 65_536) else {
      return nil
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 2, let here = Int64(lines[2]), let there = Int64(started), abs(here - there) <= 2 else {
      return nil
    }
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  private static func question(_ probe: String) -> String {
    """
    SELECT session_user, r.rolsuper, r.rolcreatedb, r.rolcreaterole, pg_is_in_recovery(),
    current_setting('default_transaction_read_only'),
    coalesce(current_setting('lifeboat.probe', true), '') = '\(probe)',
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    current_setting('wal_level'), pg_size_bytes(current_setting('shared_buffers')),
    pg_size_bytes(current_setting('maintenance_work_mem')),
    coalesce((SELECT setting FROM pg_settings WHERE name = 'data_directory'), ''),
    extract(epoch FROM pg_postmaster_start_time())::bigint
    FROM pg_roles r WHERE r.rolname = session_user;
    """
  }

  private static let databases = """
    SELECT datname, oid, coalesce(shobj_description(oid, 'pg_database'), ''),
    (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid) FROM pg_database d;
    """

  private static let extensions = """
    SELECT e.name, e.default_version, coalesce(to_jsonb(v)->>'trusted', 'false') = 'true' OR NOT v.superuser
    FROM pg_available_extensions e
    LEFT JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version;
    """

  private static let locales = """
    SELECT collprovider, coalesce(collcollate, '') FROM pg_collation
    UNION SELECT 'c', datcollate FROM pg_database UNION SELECT 'c', datctype FROM pg_database;
    """
}
