import Bytes
import Databases
import Glibc
import Pipeline
import Profiles

/// PostgreSQL as a scratch server. Nobody but the account and root reaches its socket, so nobody is asked for a password.
struct ScratchPostgreSQL: ScratchPrograms {
  let kind = ServerKind.postgresql
  let folder: String
  let number: PostgreSQLVersion
  /// The superuser; globals of a dump leave it alone, for it is there.
  private static let owner = "postgres"
  private static let port = 5432

  var version: String { number.text }

  /// The version that the snapshot is of, where it is installed: what was dumped came from it. Else the newest.
  static func find(in folder: String?, major: Int?, stop: StopSignal) throws(Failure) -> ScratchPostgreSQL {
    var found: [ScratchPostgreSQL] = []
    for folder in folder.map({ [$0] }) ?? folders() where Glibc.access("\(folder)/initdb", X_OK) == 0 {
      let text = try ScratchFinder.version(of: "\(folder)/postgres", after: "(PostgreSQL)", stop: stop)
      guard let number = PostgreSQLVersion(printed: "postgres (PostgreSQL) \(text)") else { continue }
      found.append(ScratchPostgreSQL(folder: folder, number: number))
    }
    if let same = found.filter({ $0.number.major == major }).max(by: { $0.number < $1.number }) { return same }
    if let newest = found.max(by: { $0.number < $1.number }) { return newest }
    throw Failure(
      .targetRefused, "no initdb and postgres here to make a scratch server with",
      at: folder ?? "/usr/lib/postgresql/*/bin",
      next: "Install the server (Debian: postgresql), or say in target.programs where its programs are.")
  }

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
    return folders + [ScratchFinder.program(["initdb"], in: nil)].compactMap { $0 }.map { DurableFile.folder(of: $0) }
  }

  func make(in place: ScratchPlace, stop: StopSignal) throws(Failure) {
    try place.write(access(of: place), "local all all trust\n", isShared: true)
    try place.run(
      [
        "\(folder)/initdb", "-D", place.data, "-U", ScratchPostgreSQL.owner, "-E", "UTF8", "--locale=C", "--no-sync",
        "--auth-local=trust", "--auth-host=reject",
      ], stop: stop)
  }

  private func access(of place: ScratchPlace) -> String { "\(place.folder)/access.conf" }

  func configuration(in place: ScratchPlace, _ own: [String: String], jobs: Int) throws(Failure) -> String {
    let maintenance = RestoreTuning.share(UInt64(8 * max(1, jobs)), from: 64, to: 2048)
    let tuned: [(String, String)] = [
      // Nothing of it outlives the machine; a killed server still finds what the kernel has.
      ("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"),
      // Rows that go into a table made in the same transaction, and indexes, are then not logged at all.
      ("wal_level", "minimal"), ("max_wal_senders", "0"), ("wal_buffers", "64MB"),
      ("max_wal_size", "16GB"), ("min_wal_size", "256MB"), ("checkpoint_timeout", "1d"),
      ("wal_init_zero", "off"), ("wal_recycle", "off"),
      ("autovacuum", "off"), ("track_counts", "on"),
      ("shared_buffers", "\(RestoreTuning.share(8, from: 128, to: 8192))MB"),
      ("maintenance_work_mem", "\(maintenance)MB"),
      ("max_parallel_maintenance_workers", "\(max(0, min(8, UsableCores.count() / max(1, jobs))))"),
      ("max_connections", "\(100 + 2 * jobs)"), ("max_locks_per_transaction", "1024"),
      // Segments in /dev/shm would outlive a killed server, with rows in them.
      ("dynamic_shared_memory_type", "mmap"),
      // A log must not hold rows.
      ("logging_collector", "off"), ("log_min_messages", "fatal"), ("log_min_error_statement", "panic"),
      ("log_checkpoints", "off"), ("update_process_title", "off"), ("max_prepared_transactions", "0"),
    ]
    let fixed: [(String, String)] = [
      ("listen_addresses", ""), ("port", "\(ScratchPostgreSQL.port)"), ("unix_socket_directories", place.sockets),
      ("unix_socket_permissions", "0700"), ("hba_file", access(of: place)), ("ident_file", "/dev/null"),
      ("external_pid_file", ""), ("archive_mode", "off"), ("primary_conninfo", ""), ("ssl", "off"),
    ]
    let all = tuned + own.sorted { $0.key < $1.key } + fixed
    return all.map { name, value in
      let quoted = value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
      return
        "\(name) = '\(quoted.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\"))'\n"
    }.joined()
  }

  func command(in place: ScratchPlace) -> [String] {
    ["\(folder)/postgres", "-D", place.data, "-c", "config_file=\(place.configuration)"]
  }

  func server(in place: ScratchPlace) -> ServerSettings {
    let hasTools = ["psql", "pg_dump"].allSatisfy { Glibc.access("\(folder)/\($0)", X_OK) == 0 }
    return ServerSettings(
      port: ScratchPostgreSQL.port, socket: place.sockets, user: ScratchPostgreSQL.owner,
      tools: ToolSettings(folder: hasTools ? folder : nil))
  }

  func socket(in place: ScratchPlace) -> String { "\(place.sockets)/.s.PGSQL.\(ScratchPostgreSQL.port)" }

  func answers(in place: ScratchPlace, stop: StopSignal) -> Bool {
    (try? ask("SELECT 1;", place, stop))?.exit.succeeded == true
  }

  /// A dump of all databases holds one of this name, too; until then nobody needs it.
  func complete(in place: ScratchPlace, stop: StopSignal) throws(Failure) {
    let result = try ask("DROP DATABASE IF EXISTS postgres;", place, stop)
    guard result.exit.succeeded else {
      throw Failure(
        .targetRefused, "the scratch server refuses: \(ScratchPlace.complaint(result.errorText, result.exit))")
    }
  }

  private func ask(_ sql: String, _ place: ScratchPlace, _ stop: StopSignal) throws(Failure) -> ChildResult {
    let psql = try ScratchFinder.client(["psql"], in: folder, package: "postgresql-client")
    return try ScratchFinder.ask(
      [
        psql, "-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", place.sockets, "-p",
        "\(ScratchPostgreSQL.port)", "-U", ScratchPostgreSQL.owner, "-d", "template1",
      ], input: Array("\(sql)\n".utf8), stop: stop)
  }

  func close(_ process: ServerProcess, in place: ScratchPlace, stop: StopSignal) {
    if process.isAlive { Glibc.kill(process.number, SIGINT) }
  }

  /// Only where the dumped database's own size is not known. Measured: 61 MB of narrow rows as text, with a primary key
  /// and an index over their text, take 217 MB; wide rows take no more than their text. A cluster without data has 33 MB,
  /// and the log stays small, for rows are not logged.
  func needs(_ dump: UInt64, keys: UInt64) -> (disk: UInt64, memory: UInt64) {
    (dump * 2 + 64 * RestoreTuning.mebibyte, 0)
  }
}
