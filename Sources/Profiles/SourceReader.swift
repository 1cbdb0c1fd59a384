/// Reads the `source` group of a profile: the kind first, then the keys of that kind.
struct SourceReader {
  let section: Section

  func read() -> SourceSettings? {
    let kind: (() -> SourceSettings?)? = section.required("kind", "sqlite, command, stdin or directory")?.choice([
      ("sqlite", sqlite), ("command", command), ("stdin", standardInput), ("directory", directory),
    ])
    guard let kind else { return nil }
    let settings = kind()
    section.end()
    return settings
  }

  private func sqlite() -> SourceSettings? {
    let path = section.required("path", "the database file")?.path()
    let scratch = section.field("scratch")?.path()
    var busyTimeout: Seconds? = SQLiteSettings.defaultBusyTimeout
    if let field = section.field("busy-timeout") {
      busyTimeout = field.seconds()
    } else {
      section.assume("busy-timeout", SQLiteSettings.defaultBusyTimeout.text)
    }
    guard let path, let busyTimeout else { return nil }
    return .sqlite(SQLiteSettings(path: path, scratch: scratch, busyTimeout: busyTimeout))
  }

  private func command() -> SourceSettings? {
    let run = section.required("run", "a program and its arguments, or a line for /bin/sh").flatMap(
      SourceReader.program)
    let stream = streamName()
    let marker = marker()
    let environment = section.field("environment").map(SourceReader.environment) ?? []
    let directory = section.field("directory")?.path()
    let engine = section.field("engine")?.section().flatMap(SourceReader.engine)
    let expectedSize = section.field("expected-size")?.byteCount()
    guard let run, let stream else { return nil }
    return .command(
      CommandSettings(
        run: run, stream: stream, marker: marker, environment: environment, directory: directory, engine: engine,
        expectedSize: expectedSize))
  }

  private func standardInput() -> SourceSettings? {
    let stream = streamName()
    let marker = marker()
    let expectedSize = section.field("expected-size")?.byteCount()
    guard let stream else { return nil }
    return .standardInput(StandardInputSettings(stream: stream, marker: marker, expectedSize: expectedSize))
  }

  private func directory() -> SourceSettings? {
    let path = section.required("path", "the folder")?.path()
    let exclude = section.field("exclude")?.texts("a list of globs", allowsOne: true) ?? []
    guard let path else { return nil }
    return .directory(DirectorySettings(path: path, exclude: exclude))
  }

  private func streamName() -> String? {
    if let field = section.field("stream") { return field.streamName() }
    section.assume("stream", CommandSettings.defaultStream)
    return CommandSettings.defaultStream
  }

  private func marker() -> String? {
    guard let field = section.field("marker"), let marker = field.text("the text at the end of a whole dump") else {
      return nil
    }
    guard marker.utf8.count <= 1024 else {
      field.problem("longer than 1024 bytes")
      return nil
    }
    return marker
  }

  /// Program and arguments; a single text is a line for the shell.
  static func program(_ field: Field) -> [String]? {
    if case .scalar = field.node.content, !field.node.isNothing {
      return field.text("a line for /bin/sh", display: .asWritten).map { ["/bin/sh", "-c", $0] }
    }
    return field.texts("a program and its arguments, or a line for /bin/sh", display: .asWritten)
  }

  private static func engine(_ section: Section) -> EngineSettings? {
    let name = section.required("name", "the name of the engine")?.identifier()
    let version = section.field("version")?.texts("a program and its arguments", display: .asWritten)
    section.end()
    return name.map { EngineSettings(name: $0, version: version) }
  }

  private static func environment(_ field: Field) -> [EnvironmentSetting] {
    guard let section = field.section("a group of NAME: value") else { return [] }
    return section.all().compactMap { name, field in
      guard Words.isVariable(name) else {
        field.problem("not the name of an environment variable")
        return nil
      }
      if case .mapping = field.node.content {
        let reference = field.section()?.secretReference(allowsEnvironment: true)
        return reference.map { EnvironmentSetting(name: name, value: .reference($0)) }
      }
      return field.text("a value, or {file: …}, {command: […]} or {environment: …}", display: .hidden)
        .map { EnvironmentSetting(name: name, value: .literal($0)) }
    }
  }
}
