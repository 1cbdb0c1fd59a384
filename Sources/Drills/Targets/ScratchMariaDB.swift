import Bytes
import Glibc
import Pipeline
import Profiles

/// MariaDB as a scratch server. Its user has a password, for then nothing of lifeboat's own option files is read.
struct ScratchMariaDB: ScratchPrograms {
  let kind = ServerKind.mariadb
  let daemon: String
  let installer: String
  let version: String
  /// Where the drill says that the programs are.
  let folder: String?
  /// Users of a dump may be called root; ours is nobody else's.
  private static let user = "lifeboat_drill"
  /// The redo log in MiB: what does not fit is written to the tables in between.
  private static let log: UInt64 = 512

  static func find(in folder: String?, stop: StopSignal) throws(Failure) -> ScratchMariaDB {
    let daemon = try ScratchFinder.required(["mariadbd", "mysqld"], in: folder, package: "mariadb-server")
    let names = ["mariadb-install-db", "mysql_install_db"]
    guard let installer = ScratchFinder.program(names, in: folder) ?? ScratchFinder.program(names, in: nil) else {
      throw Failure(
        .targetRefused, "no mariadb-install-db here to make a scratch server with", at: folder ?? "PATH",
        next: "Install the server (Debian: mariadb-server). A scratch server of MySQL is not made.")
    }
    let version = try ScratchFinder.version(of: daemon, after: "Ver", stop: stop)
    return ScratchMariaDB(daemon: daemon, installer: installer, version: version, folder: folder)
  }

  func make(in place: ScratchPlace, stop: StopSignal) throws(Failure) {
    // A release that was unpacked somewhere finds its files from there.
    let base = folder.map { ["--basedir=\(DurableFile.folder(of: $0))"] } ?? []
    try place.run(
      [installer, "--no-defaults"] + base + [
        "--datadir=\(place.data)", "--skip-test-db", "--skip-name-resolve",
        "--auth-root-authentication-method=normal", "--innodb-log-file-size=8M", "--debug-no-sync",
        "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0",
      ], stop: stop)
  }

  func configuration(in place: ScratchPlace, _ own: [String: String], jobs: Int) throws(Failure) -> String {
    let tuned: [(String, String)] = [
      // Nothing of it outlives the machine; a killed server still finds what the kernel has.
      ("innodb_flush_log_at_trx_commit", "0"), ("innodb_doublewrite", "0"), ("debug_no_sync", "1"),
      ("innodb_buffer_pool_size", "\(RestoreTuning.share(4, from: 128, to: 16_384))M"),
      ("innodb_log_file_size", "\(ScratchMariaDB.log)M"), ("innodb_log_buffer_size", "64M"),
      ("innodb_io_capacity", "10000"), ("innodb_flush_neighbors", "0"), ("innodb_sort_buffer_size", "64M"),
      ("performance_schema", "OFF"), ("max_allowed_packet", "1G"), ("character_set_server", "utf8mb4"),
      ("log_bin_trust_function_creators", "1"), ("key_buffer_size", "64M"), ("aria_pagecache_buffer_size", "64M"),
      ("net_read_timeout", "3600"), ("wait_timeout", "86400"),
    ]
    let fixed: [(String, String)] = [
      ("datadir", place.data), ("socket", socket(in: place)), ("pid_file", "\(place.data)/pid"),
      ("tmpdir", place.server),
      // Events of the source must not run here.
      ("event_scheduler", "OFF"), ("secure_file_priv", place.data),
    ]
    let all = (tuned + own.sorted { $0.key < $1.key } + fixed).map { "\($0.0)=\(ScratchMariaDB.quoted($0.1))\n" }
      .joined()
    // The drill's own settings can't open it to the network again: those of the command line come last.
    return "[mariadbd]\n\(all)"
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for character in value {
      if character == "\"" || character == "\\" { text.append("\\") }
      text.append(character)
    }
    return text + "\""
  }

  func command(in place: ScratchPlace) -> [String] {
    let base = folder.map { ["--basedir=\(DurableFile.folder(of: $0))"] } ?? []
    return [daemon, "--defaults-file=\(place.configuration)"] + base + [
      "--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--skip-slave-start",
    ]
  }

  func server(in place: ScratchPlace) -> ServerSettings {
    let hasTools = folder.map { folder in
      ["mariadb", "mariadb-dump", "mariadb-check"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
    }
    return ServerSettings(
      socket: socket(in: place), user: ScratchMariaDB.user, password: .file(place.password),
      tools: ToolSettings(folder: hasTools == true ? folder : nil))
  }

  func socket(in place: ScratchPlace) -> String { "\(place.sockets)/mariadb" }

  func answers(in place: ScratchPlace, stop: StopSignal) -> Bool {
    guard let result = try? ask("SELECT 1;", as: "nobody-in-particular", place, stop) else { return false }
    // Who refuses a login answers.
    return result.exit.succeeded || result.errorText.contains("1045") || result.errorText.contains("1698")
  }

  func complete(in place: ScratchPlace, stop: StopSignal) throws(Failure) {
    let password = Identifier.random().hex
    try place.write(place.password, password, isShared: false)
    let user = "'\(ScratchMariaDB.user)'@'localhost'"
    let result = try ask(
      "CREATE USER \(user) IDENTIFIED BY '\(password)';\nGRANT ALL PRIVILEGES ON *.* TO \(user) WITH GRANT OPTION;\n",
      as: "root", place, stop)
    guard result.exit.succeeded else {
      throw Failure(
        .targetRefused, "the scratch server refuses: \(ScratchPlace.complaint(result.errorText, result.exit))")
    }
  }

  /// Makes the users of a dump, for views, triggers and routines run as those who defined them. What the server does not
  /// take is returned.
  func takeUsers(_ script: [UInt8], in place: ScratchPlace, stop: StopSignal) throws(Failure) -> [String] {
    let password = (try? DurableFile.read(place.password, limit: 100)).map { String(decoding: $0, as: UTF8.self) }
    let result = try ask(script, as: ScratchMariaDB.user, place, stop, ["--force"], password)
    return result.errorText.split(separator: "\n").filter { $0.contains("ERROR") }.map {
      "users.sql: \($0.prefix(300))"
    }
  }

  private func ask(_ sql: String, as user: String, _ place: ScratchPlace, _ stop: StopSignal) throws(Failure)
    -> ChildResult
  { try ask(Array(sql.utf8), as: user, place, stop) }

  private func ask(
    _ sql: [UInt8], as user: String, _ place: ScratchPlace, _ stop: StopSignal, _ more: [String] = [],
    _ password: String? = nil
  ) throws(Failure) -> ChildResult {
    let names = ["mariadb", "mysql"]
    let client = try ScratchFinder.client(names, in: folder, package: "mariadb-client")
    return try ScratchFinder.ask(
      [
        client, "--no-defaults", "--batch", "--skip-column-names", "--protocol=socket",
        "--socket=\(socket(in: place))", "--user=\(user)",
      ] + more, input: sql, variables: password.map { ["MYSQL_PWD": $0] } ?? [:], stop: stop)
  }

  func close(_ process: ServerProcess, in place: ScratchPlace, stop: StopSignal) {
    if process.isAlive { Glibc.kill(process.number, SIGTERM) }
  }

  /// Measured: 67 MB of narrow rows, with a primary key and an index over their text, take 200 MB; wide rows take little
  /// more than their text. Less than what is surely needed is not asked for. A server without data has 30 MB, and its log
  /// is made in full.
  func needs(_ dump: UInt64, keys: UInt64) -> (disk: UInt64, memory: UInt64) {
    (dump * 2 + (64 + ScratchMariaDB.log) * RestoreTuning.mebibyte, 0)
  }
}
