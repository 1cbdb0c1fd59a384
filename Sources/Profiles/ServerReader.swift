/// Reads how a database server is reached: the keys that a source of a server and a target share.
struct ServerReader {
  let section: Section
  let kind: ServerKind

  /// Reads the keys; the group is not ended.
  func read() -> ServerSettings {
    var server = ServerSettings()
    let host = section.field("host", "the server's name or address")
    server.host = host?.host(several: kind == .postgresql)
    server.port = section.field("port", "the server's port")?.integer(1...65_535)
    let socket = kind == .postgresql ? "the folder of the server's socket" : "the server's socket"
    if let field = section.field("socket", socket) {
      server.socket = field.path()
      if host != nil { field.problem("host and socket exclude each other") }
    }
    server.user = section.field("user", "the role or user that logs in")?.serverName("a user's name")
    server.password = section.field("password", "where the password comes from").flatMap(ServerReader.password)
    switch kind {
    case .postgresql:
      server.service = section.field("service", "an entry of pg_service.conf")?.serverName("the name of a service")
    case .mariadb: server.optionFile = section.field("option-file", "a MariaDB option file")?.path()
    case .redis: break
    }
    server.tls =
      section.field("tls", "how the connection is protected")?.section("{mode: verify-full, ca-file: …}")
      .map(ServerReader.tls) ?? TLSSettings()
    server.tools = section.field("tools", "where the vendor's tools are").flatMap(ToolsReader.read) ?? ToolSettings()
    let assumed = ServerSettings.defaultConnectTimeout
    let timeout = section.field(
      "connect-timeout", "how long a connection may take to come about", assumed: assumed.text)
    server.connectTimeout = timeout?.span() ?? assumed
    return server
  }

  /// A reference. What else stands there is not repeated: it is a password.
  private static func password(_ field: Field) -> SecretReference? {
    guard field.isGroup || field.isRecording else {
      field.problem(
        field.node.isNothing
          ? "\(SecretReference.expectedAny) is expected, this is nothing"
          : "a password doesn't stand in a profile; refer to it: \(SecretReference.expectedAny)")
      return nil
    }
    return field.section()?.secretReference(allowsEnvironment: true)
  }

  private static func tls(_ section: Section) -> TLSSettings {
    var tls = TLSSettings()
    let modes = TLSSettings.Mode.allCases.map { ($0.rawValue, $0) }
    tls.mode = section.field("mode", "what is asked of the server")?.choice(modes)
    let authority = section.field("ca-file", "the certificates that are trusted, PEM")
    tls.caFile = authority?.path()
    let certificate = section.field("certificate", "the client's certificate, PEM")
    tls.certificate = certificate?.path()
    let key = section.field("key", "the client's key, PEM")
    tls.key = key?.path()
    if tls.mode == .disable {
      for field in [authority, certificate, key] { field?.problem("mode is disable: nothing would use this") }
    } else if (certificate == nil) != (key == nil) {
      section.problem("certificate and key belong together")
    }
    section.end()
    return tls
  }
}

/// Reads where the vendor's tools are.
private enum ToolsReader {
  static func read(_ field: Field) -> ToolSettings? {
    field.either(single: { field.path().map { ToolSettings(folder: $0) } }) {
      field.section("a folder, or {folder: …, prefix: […], account: …}").map(tools)
    }
  }

  private static func tools(_ section: Section) -> ToolSettings {
    let folder = section.field("folder", "the folder that they lie in")
    let prefix = section.field("prefix", "what stands before each tool: docker exec -i db, ssh host")
    let account = section.field("account", "the account that they run as, where lifeboat runs as root")
    section.end()
    var tools = ToolSettings()
    if let prefix { tools.prefix = words(prefix) ?? [] }
    if let folder, case .scalar(let text, _) = folder.node.content, prefix != nil, !text.hasPrefix("/") {
      folder.problem("with a prefix the folder lies elsewhere: write its whole path")
    } else {
      tools.folder = folder?.path()
    }
    tools.account = account?.value("the name of an account", shown: { $0 }) { text in
      Words.isPlain(text, also: "_-.$") && !text.hasPrefix("-") && text.utf8.count <= 32 ? text : nil
    }
    return tools
  }

  /// Program and arguments; a single text is split at its spaces, for no shell ever sees it.
  private static func words(_ field: Field) -> [String]? {
    let expected = "a program and its arguments such as docker exec -i db"
    let words = field.either(single: {
      field.value(expected, shown: { $0.joined(separator: " ") }) { text -> [String]? in
        let words = text.split(separator: " ").map(String.init)
        return words.isEmpty || text.contains(where: { "\"'\\$`|;&<>\n\t".contains($0) }) ? nil : words
      }
    }) { field.texts(expected) }
    if let words, let complaint = complaint(words) { field.problem(complaint) }
    return words
  }

  /// `docker exec` gives a tool nothing to read without `-i`, and changes its output with `-t`.
  private static func complaint(_ words: [String]) -> String? {
    guard let program = words.first?.split(separator: "/").last, ["docker", "podman", "kubectl"].contains(program),
      words.contains("exec")
    else { return nil }
    let flags = words.dropFirst().prefix { $0 != "--" }.filter { $0.hasPrefix("-") }
    func isGiven(_ letter: Character, _ long: String) -> Bool {
      flags.contains { $0 == long || ($0.hasPrefix("-") && !$0.hasPrefix("--") && isShort($0) && $0.contains(letter)) }
    }
    if isGiven("t", "--tty") { return "a terminal (-t) would change the bytes of a dump; leave it out" }
    return isGiven("i", "--interactive") ? nil : "\(program) exec needs -i, or the tools get no input"
  }

  /// Flags of one letter each: `-i`, `-it`.
  private static func isShort(_ flag: String) -> Bool { flag.dropFirst().allSatisfy { "itdqTI".contains($0) } }
}

extension Field {
  /// The name or the address of a host. What is wrong with it is not repeated: a password could stand in it.
  fileprivate func host(several: Bool) -> String? {
    guard let text = text("a host's name or address", display: .nothing) else { return nil }
    if text.contains("://") || text.contains("@") {
      problem("a URL is not used here; write host, port and user, and password: \(SecretReference.expectedAny)")
      return nil
    }
    if text.hasPrefix("/") {
      problem("this is a path; write it as socket")
      return nil
    }
    return value("a host's name or address", shown: { $0 }) { text in
      Words.isPlain(text, also: several ? ".-_:%," : ".-_:%") && !text.hasPrefix("-") ? text : nil
    }
  }

  /// A name that a server or its tools know, on one line, of at most 128 bytes.
  func serverName(_ expected: String) -> String? {
    guard let text = text(expected, display: .nothing) else { return nil }
    if text.contains("://") || text.lowercased().contains("password=") {
      problem("a connection's address is not used here; only \(expected)")
      return nil
    }
    return value("\(expected) of at most 128 bytes on one line", shown: { $0 }) { text in
      text.utf8.count <= 128 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? text : nil
    }
  }
}
