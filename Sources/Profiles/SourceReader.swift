/// Reads the `source` group of a profile: the kind first, then the keys of that kind.
struct SourceReader {
  let section: Section

  /// What is dumped, and how long that may take.
  struct Source {
    let settings: SourceSettings
    let times: SourceTimes
  }

  /// The words for the kinds, for an error.
  private static let kinds = "postgresql, mariadb, redis, sqlite, directory, command or stdin"

  func read() -> Source? {
    let servers = DatabaseReader(section: section)
    return section.variant(
      "kind", SourceReader.kinds,
      [
        ("postgresql", { whole(servers.postgresql) }), ("mariadb", { whole(servers.mariadb) }),
        ("redis", { whole(servers.redis) }), ("sqlite", { whole(sqlite) }), ("directory", { whole(directory) }),
        ("command", { whole(command) }), ("stdin", { whole(standardInput) }),
      ])
  }

  /// The keys of a kind, then those of all kinds.
  private func whole(_ read: () -> SourceSettings?) -> Source? {
    let settings = read()
    let times = SourceTimes.read(section)
    section.end()
    return settings.map { Source(settings: $0, times: times) }
  }

  private func sqlite() -> SourceSettings? {
    let path = section.required("path", "the database file")?.path()
    let scratch = section.field("scratch", "the folder for the consistent copy; $TMPDIR unless told")?.path()
    var busyTimeout: Seconds? = SQLiteSettings.defaultBusyTimeout
    let about = "how long to wait for a lock that another process holds"
    if let field = section.field("busy-timeout", about, assumed: SQLiteSettings.defaultBusyTimeout.text) {
      busyTimeout = field.seconds()
    }
    guard let path, let busyTimeout else { return nil }
    return .sqlite(SQLiteSettings(path: path, scratch: scratch, busyTimeout: busyTimeout))
  }

  private func command() -> SourceSettings? {
    let run = section.required("run", SourceReader.expected).flatMap { SourceReader.program($0) }
    let stream = streamName()
    let marker = marker()
    let environment = section.field("environment", "variables for the program").map(SourceReader.environment) ?? []
    let directory = section.field("directory", "the folder that the program runs in")?.path()
    let engine = section.field("engine", "what the program dumps")?.section().flatMap(SourceReader.engine)
    let expectedSize = expectedSize()
    guard let run, let stream else { return nil }
    return .command(
      CommandSettings(
        run: run, stream: stream, marker: marker, environment: environment, directory: directory, engine: engine,
        expectedSize: expectedSize))
  }

  private func standardInput() -> SourceSettings? {
    let stream = streamName()
    let marker = marker()
    let expectedSize = expectedSize()
    guard let stream else { return nil }
    return .standardInput(StandardInputSettings(stream: stream, marker: marker, expectedSize: expectedSize))
  }

  private func directory() -> SourceSettings? {
    let path = section.required("path", "the folder")?.path()
    let exclude =
      section.field("exclude", "globs of what is left out")?.texts("a list of globs", allowsOne: true) ?? []
    guard let path else { return nil }
    return .directory(DirectorySettings(path: path, exclude: exclude))
  }

  private func streamName() -> String? {
    let assumed = CommandSettings.defaultStream
    guard let field = section.field("stream", "the name of the stream", assumed: assumed) else { return assumed }
    return field.streamName()
  }

  private func expectedSize() -> ByteCount? {
    section.field("expected-size", "about how long the dump is, for the time left")?.byteCount()
  }

  private func marker() -> String? {
    guard let field = section.field("marker", "the text at the end of a whole dump"),
      let marker = field.text("the text at the end of a whole dump")
    else { return nil }
    guard marker.utf8.count <= 1024 else {
      field.problem("longer than 1024 bytes")
      return nil
    }
    return marker
  }

  // MARK: - What other readers need, too

  private static let expected = "a program and its arguments, or a line for /bin/sh"

  /// Program and arguments; a single text is a line for the shell.
  static func program(_ field: Field, _ expected: String = expected) -> [String]? {
    field.either(single: { field.text("a line for /bin/sh", display: .asWritten).map { ["/bin/sh", "-c", $0] } }) {
      field.texts(expected, display: .asWritten)
    }
  }

  private static func engine(_ section: Section) -> EngineSettings? {
    let name = section.required("name", "the name of the engine")?.identifier()
    let version = section.field("version", "a program whose first line of output is the version")?
      .texts("a program and its arguments", display: .asWritten)
    section.end()
    return name.map { EngineSettings(name: $0, version: version) }
  }

  /// Variables for a program.
  static func environment(_ field: Field) -> [EnvironmentSetting] {
    guard let section = field.section("a group of NAME: value") else { return [] }
    return section.all(example: "NAME", "a value, or a reference to a secret").compactMap { name, field in
      guard Words.isVariable(name) else {
        field.problem("not the name of an environment variable")
        return nil
      }
      return field.either(group: {
        let reference = field.section()?.secretReference(allowsEnvironment: true)
        return reference.map { EnvironmentSetting(name: name, value: .reference($0)) }
      }) {
        literal(field, of: name)
      }
    }
  }

  /// A value that stands in the profile: anything but a password.
  private static func literal(_ field: Field, of name: String) -> EnvironmentSetting? {
    let text = field.text("a value, or \(SecretReference.expectedAny)", display: .hidden)
    if case .scalar(let written, _) = field.node.content, text != nil, !written.contains("${"), isPassword(name) {
      field.problem("a password doesn't stand in a profile; refer to it: \(SecretReference.expectedAny)")
      return nil
    }
    return text.map { EnvironmentSetting(name: name, value: .literal($0)) }
  }

  private static func isPassword(_ name: String) -> Bool {
    name.uppercased().hasSuffix("PASSWORD") || ["MYSQL_PWD", "REDISCLI_AUTH"].contains(name)
  }
}
