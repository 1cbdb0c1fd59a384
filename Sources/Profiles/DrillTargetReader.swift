import Bytes

/// Reads the `target` of a drill: the kind first, which decides what else there is.
struct DrillTargetReader {
  enum Kind: String, CaseIterable {
    case scratchFolder = "scratch-directory"
    case scratchServer = "scratch-server"
    case server
  }

  let section: Section
  /// The profile that the drill names; nil where it names none, or one that can't be read.
  let profile: Profile?

  func read() -> DrillTarget? {
    let kinds = Kind.allCases.map { ($0.rawValue, $0) }
    let kind = section.required("kind", "scratch-directory, scratch-server or server")?.choice(kinds)
    var target = DrillTarget()
    let isElsewhere = kind == .server
    // A server that runs has its own folders.
    if !isElsewhere { target.folder = section.field("folder", "where the scratch folder or server is made")?.path() }
    let keep = keep()
    let place: DrillTarget.Place?
    switch kind {
    case .scratchFolder: place = .scratchFolder
    case .scratchServer: place = scratchServer()
    case .server: place = server()
    // Keys of any kind may be meant: they are read, so that only the kind is complained about.
    case nil: place = section.names.contains("name") ? server() : scratchServer()
    }
    let life = kind == .scratchFolder ? target.timeToLive : timeToLive()
    section.end()
    guard kind != nil, let place, let keep, let life else { return nil }
    target.place = place
    target.keep = keep
    target.timeToLive = life
    return target
  }

  private func keep() -> DrillTarget.Keep? {
    let field = section.field("keep", "what becomes of the data", assumed: DrillTarget.Keep.never.rawValue)
    guard let field else { return .never }
    return field.choice([("never", .never), ("on-failure", .onFailure)])
  }

  private func timeToLive() -> Seconds? {
    let assumed = DrillTarget.defaultTimeToLive
    let about = "after which time the target is removed, whatever happened to the drill"
    guard let field = section.field("time-to-live", about, assumed: assumed.text) else { return assumed }
    guard let life = field.seconds() else { return nil }
    guard life.count >= 1, life <= DrillTargetReader.longest else {
      field.problem("a time from 1s to \(DrillTargetReader.longest.text) is expected")
      return nil
    }
    return life
  }

  /// What is left behind lies there decrypted: a month is more than any drill takes.
  private static let longest = Seconds(30 * 86_400)

  // MARK: - A server of its own

  private func scratchServer() -> DrillTarget.Place? {
    let engines = ServerKind.allCases.map { ($0.rawValue, $0) }
    let source = profile?.source.server?.kind
    let engine = section.field("engine", "the kind of server", assumed: source?.rawValue)
    var settings = ScratchServerSettings(kind: engine.map { $0.choice(engines) } ?? source)
    settings.programs = section.field("programs", "the folder of the server's programs")?.path()
    settings.account = section.field("account", "the account that it runs as, where lifeboat runs as root")?.account()
    if let field = section.field("settings", "settings of the server, as its own configuration spells them") {
      settings.settings = own(field)
    }
    return engine != nil && settings.kind == nil ? nil : .scratchServer(settings)
  }

  /// What keeps a scratch server private and findable, by the names that the engines have for it, with `_` for `-`.
  private static let reserved: Set<String> = [
    "listen_addresses", "port", "unix_socket_directories", "unix_socket_permissions", "unix_socket_group",
    "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "ssl", "archive_mode",
    "archive_command", "archive_library", "restore_command", "primary_conninfo", "dynamic_shared_memory_type",
    "include", "include_dir", "include_if_exists", "datadir", "socket", "bind_address", "skip_networking", "pid_file",
    "tmpdir", "log_bin", "event_scheduler", "init_file", "user", "basedir", "plugin_dir", "secure_file_priv",
    "general_log_file", "slow_query_log_file", "log_error", "bind", "tls_port", "unixsocket", "unixsocketperm", "dir",
    "daemonize", "supervised", "logfile", "requirepass", "replicaof", "slaveof", "cluster_enabled", "aclfile",
    "loadmodule", "pidfile", "rename_command", "set_proc_title", "log_directory", "cluster_name",
  ]

  private func own(_ field: Field) -> [String: String] {
    guard let group = field.section("a group of NAME: value") else { return [:] }
    var settings: [String: String] = [:]
    for (name, field) in group.all(example: "shared_buffers", "its value") {
      guard Words.isPlain(name, also: "_.-"), !name.hasPrefix("-"), name.utf8.count <= 64 else {
        field.problem("the name of a setting has letters, digits, _, . and -")
        continue
      }
      let plain = String(name.lowercased().map { $0 == "-" ? "_" : $0 })
      guard !DrillTargetReader.reserved.contains(plain) else {
        field.problem("a scratch server is private, and lifeboat sets this itself")
        continue
      }
      settings[name] = field.value("a value on one line", shown: { $0 }) { text in
        text.utf8.count <= 1024 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? text : nil
      }
    }
    return settings
  }

  // MARK: - A server that runs

  private func server() -> DrillTarget.Place? {
    guard let field = section.required("name", "the name of one of the profile's targets"),
      let word = field.text("the name of one of the profile's targets")
    else { return nil }
    guard let profile else {
      field.problem("a server is named in a profile: say which with profile:")
      return nil
    }
    guard word != TargetSettings.sourceName else {
      field.problem("a drill never loads into the server that is dumped; name another one")
      return nil
    }
    do {
      return .server(name: word, try profile.target(word))
    } catch {
      let next = error.next.hasSuffix(".") ? String(error.next.dropLast()) : error.next
      field.problem("\(error.what); \(next.prefix(1).lowercased())\(next.dropFirst())")
      return nil
    }
  }
}

extension Field {
  /// The name of an account of this machine.
  fileprivate func account() -> String? {
    value("the name of an account", shown: { $0 }) { text in
      Words.isPlain(text, also: "_-.$") && !text.hasPrefix("-") && text.utf8.count <= 32 ? text : nil
    }
  }
}
