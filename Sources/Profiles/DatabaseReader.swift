/// Reads sources that are database servers.
struct DatabaseReader {
  let section: Section

  func postgresql() -> SourceSettings? {
    let (databases, exclude) = databases()
    let server = ServerReader(section: section, kind: .postgresql).read()
    let globals = truth("globals", "whether roles and tablespaces are dumped")
    let checksums = truth("checksums", "whether every row is hashed as it passes")
    let jobs = section.field("jobs", "streams that are dumped at the same time; 2 unless told")?.integer(1...64)
    return .postgresql(
      PostgreSQLSettings(
        server: server, databases: databases, exclude: exclude, globals: globals, checksums: checksums, jobs: jobs,
        lockTimeout: lockTimeout()))
  }

  func mariadb() -> SourceSettings? {
    let (databases, exclude) = databases()
    let server = ServerReader(section: section, kind: .mariadb).read()
    let globals = truth("globals", "whether users and their grants are dumped")
    let checksums = truth("checksums", "whether every row is hashed as it passes")
    return .mariadb(
      MariaDBSettings(
        server: server, databases: databases, exclude: exclude, globals: globals, checksums: checksums,
        lockTimeout: lockTimeout()))
  }

  func redis() -> SourceSettings? {
    .redis(RedisSettings(server: ServerReader(section: section, kind: .redis).read()))
  }

  /// Which databases, nil for all of them; and which not.
  private func databases() -> ([String]?, [String]) {
    let field = section.field("databases", "a list of names, or the word all", assumed: "all")
    let isAll = field?.isWord("all") ?? true
    var names: [String]?
    if field?.isRecording == true || isAll { _ = field?.choice([("all", ())]) }
    if field?.isRecording == true || !isAll { names = field?.names() }
    let exclude = section.field("exclude", "databases that all leaves out")
    if !isAll { exclude?.problem("only databases: all can leave some out") }
    return (names, exclude?.names() ?? [])
  }

  private func truth(_ name: String, _ about: String) -> Bool {
    section.field(name, about, assumed: "true").flatMap { $0.truth() } ?? true
  }

  private func lockTimeout() -> Seconds {
    let assumed = PostgreSQLSettings.defaultLockTimeout
    let field = section.field("lock-timeout", "how long to wait for a lock on a table", assumed: assumed.text)
    return field?.span() ?? assumed
  }
}

extension Field {
  /// Names of databases: a list, or one.
  fileprivate func names() -> [String]? {
    guard let names = texts("a list of databases, or all", allowsOne: true) else { return nil }
    for name in names where name.contains("://") || name.lowercased().contains("password=") {
      problem("a connection's address is not used here; only names of databases")
      return nil
    }
    for name in names where name.utf8.count > 128 || name.unicodeScalars.contains("\0") {
      problem("a database's name has at most 128 bytes, none of them zero")
      return nil
    }
    if Set(names.map { Array($0.utf8) }).count < names.count { problem("a database stands here twice") }
    return names
  }
}
