import Profiles

/// What a profile comes to, in a few plain lines.
struct ProfileSummary {
  private let profile: Profile

  init(_ profile: Profile) { self.profile = profile }

  /// Nothing for a source whose table of values says it all.
  var lines: [String] {
    var rows: [(String, String)] = []
    if let server = profile.source.server {
      rows.append(("dumps", dumps))
      rows.append(("from", ProfileSummary.place(server.settings, server.kind)))
      rows.append(("gives up", patience(server.settings)))
    }
    for (name, target) in profile.targets.sorted(by: { $0.key < $1.key }) {
      rows.append(("can load", "into \(name): \(ProfileSummary.place(target.server, target.kind))"))
    }
    if !rows.isEmpty { rows.append(("quarantines", gate)) }
    if !idle.isEmpty { rows.append(("only recorded, nothing acts on it yet", ProfileSummary.list(idle))) }
    guard !rows.isEmpty else { return [] }
    return ["", "In short"] + rows.map { SafeText.line("  \($0.0): \($0.1)") }
  }

  /// Keys that a profile carries for what is still to come.
  private var idle: [String] {
    [profile.retention.map { _ in "retention" }, profile.schedule.map { _ in "schedule" }].compactMap { $0 }
  }

  // MARK: - The source

  private var dumps: String {
    switch profile.source {
    case .postgresql(let settings):
      ProfileSummary.sentence([
        ProfileSummary.databases(settings.databases, settings.exclude),
        settings.globals ? "roles and tablespaces too" : "no roles and tablespaces",
        settings.jobs.map { "\($0) streams at a time" } ?? "2 streams at a time",
        settings.checksums ? "every row hashed" : "rows only counted",
      ])
    case .mariadb(let settings):
      ProfileSummary.sentence([
        ProfileSummary.databases(settings.databases, settings.exclude),
        settings.globals ? "users and their grants too" : "no users",
        settings.checksums ? "every row hashed" : "rows only counted",
      ])
    default: "everything, as one RDB file"
    }
  }

  private static func databases(_ names: [String]?, _ exclude: [String]) -> String {
    guard let names else { return "all databases" + (exclude.isEmpty ? "" : " but \(list(exclude))") }
    return "\(names.count == 1 ? "database" : "databases") \(list(names))"
  }

  private func patience(_ server: ServerSettings) -> String {
    var parts = ["after \(server.connectTimeout.text) without a connection"]
    switch profile.source {
    case .postgresql(let settings): parts.append("\(settings.lockTimeout.text) for a lock")
    case .mariadb(let settings): parts.append("\(settings.lockTimeout.text) for a lock")
    default: break
    }
    if let stall = profile.times.stallTimeout { parts.append("\(stall.text) without a byte") }
    parts.append(profile.times.timeout.map { "\($0.text) in all" } ?? "no limit in all")
    return ProfileSummary.sentence(parts)
  }

  // MARK: - A server

  /// Where a server is, as whom it is spoken to, and how that is protected.
  private static func place(_ server: ServerSettings, _ kind: ServerKind) -> String {
    var parts = ["\(name(kind)) \(address(server))"]
    if let user = server.user { parts.append("as \(user)") }
    if let password = server.password { parts.append("password from \(password.text)") }
    if let mode = server.tls.mode { parts.append("TLS \(mode.rawValue)") }
    if let folder = server.tools.folder { parts.append("tools in \(folder)") }
    if !server.tools.prefix.isEmpty { parts.append("tools through \(server.tools.prefix.joined(separator: " "))") }
    if let account = server.tools.account { parts.append("tools run as \(account)") }
    return sentence(parts)
  }

  private static func address(_ server: ServerSettings) -> String {
    let port = server.port.map { ":\($0)" } ?? ""
    if let socket = server.socket { return "by the socket \(socket)\(port)" }
    if let host = server.host { return "at \(host.contains(":") ? "[\(host)]" : host)\(port)" }
    if let service = server.service { return "of the service \(service)" }
    if let file = server.optionFile { return "of the option file \(file)" }
    return "where its tools find it\(server.port.map { ", port \($0)" } ?? "")"
  }

  private static func name(_ kind: ServerKind) -> String {
    switch kind {
    case .postgresql: "PostgreSQL"
    case .mariadb: "MariaDB"
    case .redis: "Redis"
    }
  }

  // MARK: - The gate

  private var gate: String {
    let gate = profile.gate
    var parts = ["a dump that ends early"]
    if let shrink = gate.size.shrink { parts.append("one that shrank by more than \(ProfileSummary.percent(shrink))") }
    if let grow = gate.size.grow { parts.append("one that grew by more than \(ProfileSummary.percent(grow))") }
    if profile.source.server?.kind == .redis { return ProfileSummary.sentence(parts) }
    if let shrink = gate.rows.shrink {
      parts.append("a table that lost more than \(ProfileSummary.percent(shrink)) of its rows")
    }
    if let grow = gate.rows.grow { parts.append("a table with more than \(ProfileSummary.percent(grow)) more rows") }
    if gate.vanish == .refuse { parts.append("a table that is gone") }
    let ignored = gate.ignore.isEmpty ? "" : "; not of \(ProfileSummary.list(gate.ignore))"
    return ProfileSummary.sentence(parts) + ignored
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int64((share * 1_000).rounded())
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }

  private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

  private static func sentence(_ parts: [String]) -> String { parts.joined(separator: ", ") }
}
