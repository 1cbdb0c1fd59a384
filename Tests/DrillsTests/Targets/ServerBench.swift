import Bytes
import Databases
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Synchronization
import TestKit
import Testing

/// Suites that make servers take turns: two of them at a time are enough for a small machine.
@Suite("Servers of drills", .serialized)
struct ServerTargetTests {}

/// A database on a test server, its backup, and a folder for scratch servers.
final class ServerBench: Sendable {
  let kind: ServerKind
  let bench: Bench
  let server: DatabaseServer
  let database = "drill_\(Identifier.random().hex.prefix(10))"
  /// Of PostgreSQL: owns the tables, and is nowhere else.
  let role = "drill_role_\(Identifier.random().hex.prefix(6))"
  private let files = TemporaryFolder()
  private let parent = TemporaryFolder()

  /// Fills and backs up; nil, said loudly, where no server runs.
  ///
  /// - Parameter rows: in the larger of two tables
  init?(_ kind: ServerKind, rows: Int = 20_000) throws {
    // Keys of Redis have no database of a test's own.
    let name = kind == .postgresql ? "postgres" : kind.rawValue
    guard let server = try kind == .redis ? DatabaseServer.own(name) : DatabaseServer.server(name) else { return nil }
    self.kind = kind
    self.server = server
    bench = try Bench()
    // The accounts of servers pass through.
    chmod(parent.path, 0o711)
    try Files.write(files.path("password"), Array(server.ownerPassword.utf8))
    fill(rows)
    try backUp()
  }

  deinit {
    switch kind {
    case .postgresql:
      for name in drillDatabases + [database] { sql("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)") }
      sql("DROP ROLE IF EXISTS \(role)")
    case .mariadb: for name in drillDatabases + [database] { sql("DROP DATABASE IF EXISTS `\(name)`") }
    case .redis: break
    }
  }

  private func fill(_ rows: Int) {
    switch kind {
    case .postgresql:
      sql("CREATE DATABASE \(database)")
      sql("CREATE ROLE \(role) PASSWORD 'secret-of-\(role)'")
      sql(
        """
        CREATE TABLE small AS SELECT 1 AS id, 'rosebud-4711' AS word;
        CREATE TABLE big AS SELECT i AS id, md5(i::text) AS word FROM generate_series(1, \(rows)) i;
        ALTER TABLE big ADD PRIMARY KEY (id); CREATE INDEX ON big (word); ALTER TABLE big OWNER TO \(role);
        CREATE SEQUENCE counter; SELECT nextval('counter');
        CREATE VIEW words AS SELECT word FROM big;
        """, in: database)
    case .mariadb:
      sql("CREATE DATABASE `\(database)`")
      sql(
        """
        CREATE TABLE small (id int primary key, word text); INSERT INTO small VALUES (1, 'rosebud-4711');
        CREATE TABLE big (id int primary key, word varchar(32), KEY (word));
        INSERT INTO big SELECT seq, md5(seq) FROM seq_1_to_\(rows);
        CREATE OR REPLACE USER '\(role)'@'%'; CREATE DEFINER='\(role)'@'%' VIEW words AS SELECT word FROM big;
        GRANT SELECT ON `\(database)`.* TO '\(role)'@'%';
        """, in: database)
    case .redis:
      sql("EVAL \"for i=1,\(rows) do redis.call('SET','key'..i,'rosebud-'..i) end\" 0")
    }
  }

  // MARK: - The source

  /// How its owner reaches it.
  var owner: ServerSettings {
    ServerSettings(
      host: "127.0.0.1", port: kind == .redis ? server.securePort : server.port, user: server.owner,
      password: .file(files.path("password")), tls: TLSSettings(mode: .verifyFull, caFile: server.certificateFile))
  }

  func backUp(_ databases: [String]? = nil) throws {
    let names = databases ?? [database]
    let source: SourceSettings =
      switch kind {
      case .postgresql: .postgresql(PostgreSQLSettings(server: owner, databases: names))
      case .mariadb: .mariadb(MariaDBSettings(server: owner, databases: names))
      case .redis: .redis(RedisSettings(server: owner))
      }
    try bench.backUp(DumpSources.make(source))
  }

  /// Databases that drills have made on the source's own server.
  var drillDatabases: [String] {
    let query =
      kind == .postgresql
      ? "SELECT datname FROM pg_database WHERE datname LIKE '\(database)\\_%'"
      : "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '\(database)\\_%'"
    return kind == .redis ? [] : sql(query).split(separator: "\n").map(String.init)
  }

  /// Runs a script on the source's server as its owner.
  @discardableResult
  func sql(_ script: String, in database: String? = nil) -> String {
    ServerBench.run(owner, kind, script, in: database)
  }

  /// Runs a script on a server by its settings; returns what it prints.
  @discardableResult
  static func run(_ server: ServerSettings, _ kind: ServerKind, _ script: String, in database: String? = nil) -> String
  {
    var password = ""
    if case .file(let path)? = server.password {
      password = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    let place = server.host ?? server.socket ?? ""
    let words: [String]
    switch kind {
    case .postgresql:
      let string =
        "host=\(place) port=\(server.port ?? 5432) user=\(server.user ?? "") dbname=\(database ?? "template1")"
      words = ["env", "PGPASSWORD=\(password)", "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", string]
    case .mariadb:
      words =
        ["env", "MYSQL_PWD=\(password)", "mariadb", "--no-defaults", "--batch", "--skip-column-names"]
        + (server.socket.map { ["--socket=\($0)"] } ?? ["--host=\(place)", "--port=\(server.port ?? 3306)"])
        + ["--user=\(server.user ?? "")"] + (database.map { ["--database=\($0)"] } ?? [])
    case .redis:
      words =
        ["env", "REDISCLI_AUTH=\(password)", "redis-cli", "--no-auth-warning"]
        + (server.socket.map { ["-s", $0] }
          ?? ["-p", "\(server.port ?? 6379)", "--tls", "--cacert", server.tls.caFile ?? ""])
    }
    guard let outcome = try? Program.run(words, input: Array("\(script)\n".utf8)) else { return "no program" }
    let text = outcome.text + (outcome.status == 0 ? "" : outcome.errors)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  // MARK: - Drills

  /// What lies in the folder of scratch servers.
  var leftovers: [String] { Files.names(in: parent.path) }
  var scratch: String { parent.path }

  func target(keep: DrillTarget.Keep = .never, timeToLive: Seconds = Seconds(3600)) -> DrillTarget {
    DrillTarget(place: .scratchServer(ScratchServerSettings()), folder: scratch, keep: keep, timeToLive: timeToLive)
  }

  func scratchServer(
    _ settings: ScratchServerSettings = ScratchServerSettings(), timeToLive: Seconds = Seconds(3600),
    events: Events = Events()
  ) -> ServerTarget {
    ServerTarget(kind, settings, of: target(timeToLive: timeToLive), events: events.take)
  }

  /// The newest snapshot, to be restored.
  func job(
    events: Events = Events(), clock: RecoveryClock = RecoveryClock(), progress: RunProgress = RunProgress()
  ) throws -> RestoreJob {
    let access = try RestorerAccess(try OpenRepository(bench.store, key: bench.keys.restorer, state: nil), to: "drill")
    let history = try SnapshotHistory.load(access.meta)
    let newest = try #require(history.snapshots.max { ListedSnapshot.precedes($0, $1) })
    return RestoreJob(
      snapshot: newest, access: access, clock: clock, stop: StopSignal(), progress: progress, events: events.take,
      workers: 2)
  }

  /// Differences between what a server has and what was dumped.
  func differences(_ loaded: LoadedServer) throws -> [String] {
    var expected = loaded.truth
    expected.streams = nil
    return expected.differences(from: try loaded.loader.truth(of: loaded.plan, stop: StopSignal()))
  }

  /// What the larger table says.
  func count(_ loaded: LoadedServer) -> String {
    let query = kind == .redis ? "DBSIZE" : "SELECT count(*) FROM big"
    return ServerBench.run(loaded.server, kind, query, in: kind == .redis ? nil : loaded.plan.databases[0].target)
  }
}

/// What the kernel says of processes.
enum Processes {
  /// Those that work in a folder.
  static func working(in folder: String) -> [pid_t] {
    Files.names(in: "/proc").compactMap { name in
      guard let number = pid_t(name), let place = link("/proc/\(name)/cwd"), place.hasPrefix("\(folder)/") else {
        return nil
      }
      return number
    }
  }

  /// Waits until none is left; false after twenty seconds.
  static func areGone(from folder: String) -> Bool { eventually { working(in: folder).isEmpty } }

  static func eventually(within seconds: Int = 20, _ isTrue: () -> Bool) -> Bool {
    for _ in 0..<50 * seconds {
      if isTrue() { return true }
      usleep(20_000)
    }
    return false
  }

  /// The number of the account that a process runs as.
  static func account(of process: pid_t) -> uid_t? {
    var status = stat()
    return stat("/proc/\(process)", &status) == 0 ? status.st_uid : nil
  }

  static func environment(of process: pid_t) -> String {
    (try? Files.read("/proc/\(process)/environ")).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func link(_ path: String) -> String? {
    var room = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &room, room.count - 1)
    return count > 0 ? String(decoding: room[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }
}
