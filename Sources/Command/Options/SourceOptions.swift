import ArgumentParser
import Bytes
import Profiles

/// What to back up, for runs without a profile.
struct SourceOptions: ParsableArguments {
  @Option(help: "The component's name, for a run without a profile.")
  var component: String?

  @Flag(name: .customLong("stdin"), help: "Back up what arrives on standard input.")
  var standardInput = false

  @Option(help: "Back up a SQLite database.", completion: .file())
  var sqlite: String?

  @Option(help: "Back up a folder.", completion: .directory)
  var directory: String?

  @Option(help: "A glob of what to leave out of the folder; may be repeated.")
  var exclude: [String] = []

  // Markers often begin with dashes, as comments of SQL do.
  @Option(parsing: .unconditional, help: "The text that stands at the end of a whole dump.")
  var marker: String?

  @Option(help: "The name of the stream. Default: dump.")
  var stream: String?

  @Option(help: "About how long the dump is (10GiB), for the time left.")
  var expectedSize: String?

  /// What stands after `--`; `CommandWords` puts it here.
  @Option(name: .customLong(CommandWords.option), help: .hidden)
  var commandWords: [String] = []

  /// A program and its arguments, whose output is the dump.
  private var command: [String] { CommandWords.read(commandWords) }

  /// The options that were given, as they are spelled.
  var given: [String] {
    var names: [String] = []
    if component != nil { names.append("--component") }
    names += kinds
    if !exclude.isEmpty { names.append("--exclude") }
    if marker != nil { names.append("--marker") }
    if stream != nil { names.append("--stream") }
    if expectedSize != nil { names.append("--expected-size") }
    return names
  }

  /// A profile made of the options.
  func profile() throws(Failure) -> Profile {
    guard let component else {
      throw refusal("no component is named", "Name a component that has a profile, or give --component and a source.")
    }
    try ComponentNames.check([component], allowsEvery: false)
    guard kinds.count == 1 else {
      let what = kinds.isEmpty ? "no source is named" : "\(kinds.joined(separator: " and ")) exclude each other"
      throw refusal(what, "Give exactly one of --stdin, --sqlite, --directory, or -- with a command.")
    }
    guard !command.contains(where: PasswordURL.isIn) else {
      throw refusal(
        "a password stands in the URL of the command; every account of this machine can read it there",
        "Write a profile with password: {file: …}, or leave the password to the tool's own file, such as ~/.pgpass.")
    }
    let settings = try settings()
    return Profile(
      component: component, repository: "", source: settings,
      description: ProfileDescription(entries: entries(component, settings)))
  }

  private var kinds: [String] {
    var names: [String] = []
    if standardInput { names.append("--stdin") }
    if sqlite != nil { names.append("--sqlite") }
    if directory != nil { names.append("--directory") }
    if !command.isEmpty { names.append("-- COMMAND") }
    return names
  }

  private func settings() throws(Failure) -> SourceSettings {
    let size = try size()
    let name = try streamName()
    if let directory {
      try refuse("--directory", [("--marker", marker), ("--stream", stream), ("--expected-size", expectedSize)])
      return .directory(DirectorySettings(path: directory, exclude: exclude))
    }
    try refuse(kinds[0], [("--exclude", exclude.first)])
    if let sqlite {
      try refuse("--sqlite", [("--marker", marker), ("--stream", stream), ("--expected-size", expectedSize)])
      return .sqlite(SQLiteSettings(path: sqlite))
    }
    if standardInput { return .standardInput(StandardInputSettings(stream: name, marker: marker, expectedSize: size)) }
    return .command(CommandSettings(run: command, stream: name, marker: marker, expectedSize: size))
  }

  private func size() throws(Failure) -> ByteCount? {
    guard let expectedSize else { return nil }
    guard let size = ByteCount(expectedSize) else {
      throw refusal("\(expectedSize) is no size", "Write a number with a unit: 512MiB, 10GB.")
    }
    return size
  }

  private func streamName() throws(Failure) -> String {
    guard let stream else { return CommandSettings.defaultStream }
    let isPlain = stream.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
        || [0x2d, 0x2e, 0x5f].contains(byte)
    }
    guard isPlain, (1...255).contains(stream.utf8.count), stream != ".", stream != ".." else {
      throw refusal("\(stream) is no name for a stream", "Use letters, digits, '.', '_' and '-'.")
    }
    return stream
  }

  private func refuse(_ kind: String, _ options: [(name: String, value: String?)]) throws(Failure) {
    guard let option = options.first(where: { $0.value != nil }) else { return }
    throw refusal("\(option.name) does not go together with \(kind)", "Leave one of them out.")
  }

  private func refusal(_ what: String, _ next: String) -> Failure {
    Failure(.usage, what, at: "command line", next: next)
  }

  private func entries(_ component: String, _ settings: SourceSettings) -> [ProfileDescription.Entry] {
    var values: [(String, ProfileDescription.Value)] = [("component", .text(component))]
    values.append(("source.kind", .text(settings.kind)))
    switch settings {
    case .sqlite(let sqlite): values.append(("source.path", .text(sqlite.path)))
    case .directory(let directory):
      values.append(("source.path", .text(directory.path)))
      if !directory.exclude.isEmpty { values.append(("source.exclude", .list(directory.exclude))) }
    case .standardInput(let input): values.append(("source.stream", .text(input.stream)))
    case .command(let command):
      values += [("source.run", .list(command.run)), ("source.stream", .text(command.stream))]
    case .postgresql, .mariadb, .redis: break
    }
    if let marker { values.append(("source.marker", .text(marker))) }
    return values.map { ProfileDescription.Entry(key: $0.0, value: $0.1, origin: "command line") }
  }
}
