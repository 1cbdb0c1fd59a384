import Bytes
import Glibc
import Pipeline

/// How the `sqlite3` command is run: no start-up file of the user, stop at the first error, the script on standard
/// input, never on the command line.
enum SQLiteCommand {
  /// `pragma_table_list` and safe mode came with this version.
  static let oldest = (3, 37)
  private static let install = "Install SQLite's command line tool (Debian: sqlite3)."

  /// How a database file is opened.
  enum Opening {
    /// Where other processes write: locks and the write-ahead log are honoured. `mode=rw` so that a log left by a crash
    /// can be brought in, as every reader does; the file is not created, and scripts set `query_only`.
    case live
    /// A copy that nobody writes: no locks, and no file is made beside it.
    case still
  }

  /// The command for one database.
  static func make(_ path: String, _ opening: Opening, script: [UInt8], isSafe: Bool = false) -> ChildCommand {
    var arguments = ["-init", "/dev/null", "-batch", "-bail"]
    if isSafe { arguments.append("-safe") }
    arguments.append(uri(path, opening))
    var command = ChildCommand("sqlite3", arguments, failing: .sourceFailed)
    command.input = .bytes(script)
    // Messages are matched and shown; nothing of ours depends on the user's language or editor settings.
    command.environment = .inherited(setting: ["LC_ALL": "C"], removing: ["SQLITE_HISTORY", "SQLITE_TMPDIR"])
    return command
  }

  /// The library's version; throws if the command isn't there or too old.
  static func version(stop: StopSignal) throws(Failure) -> String {
    var command = ChildCommand("sqlite3", ["-init", "/dev/null", "-version"], failing: .sourceFailed)
    command.environment = .inherited(setting: ["LC_ALL": "C"])
    let result: ChildResult
    do {
      result = try Child.run(command, stop: stop)
    } catch {
      try stop.check()
      throw Failure(.sourceFailed, error.what, at: "sqlite3", next: install)
    }
    let version = String(result.text.prefix { $0 != " " })
    let numbers = version.split(separator: ".").map { Int($0) }
    guard result.exit.succeeded, numbers.count >= 2, let major = numbers[0], let minor = numbers[1] else {
      throw Failure(.sourceFailed, "sqlite3 does not say its version", at: "sqlite3", next: install)
    }
    guard (major, minor) >= oldest else {
      throw Failure(
        .sourceFailed, "sqlite3 \(version) is too old: \(oldest.0).\(oldest.1) is needed", at: "sqlite3", next: install)
    }
    return version
  }

  /// A path as a `file:` URI, so that no letter of it can mean anything else.
  static func uri(_ path: String, _ opening: Opening) -> String {
    let plain = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
    var text = "file:"
    for byte in absolute(path).utf8 {
      text += plain.contains(byte) ? String(Unicode.Scalar(byte)) : "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
    }
    switch opening {
    case .live: return text + "?mode=rw"
    case .still: return text + "?mode=ro&immutable=1"
    }
  }

  static func absolute(_ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") { return path }
    guard let raw = getcwd(nil, 0) else { return path }
    defer { free(raw) }
    return "\(String(cString: raw))/\(path)"
  }

  /// The last line of what sqlite3 printed as errors, without its own prefix.
  static func complaint(_ errorText: String) -> String {
    let lines = errorText.split(whereSeparator: \.isNewline)
    guard let last = lines.last(where: { $0.contains("rror") }) ?? lines.last else { return "no message" }
    return String(last.prefix(300))
  }

  /// The failure that a complaint of sqlite3 stands for.
  static func failure(_ what: String, _ result: (exit: ChildExit, errorText: String), at path: String) -> Failure {
    let complaint = complaint(result.errorText)
    if complaint.contains("is locked") {
      return Failure(
        .sourceFailed, "\(what): \(complaint)", at: path,
        next: "Another process holds the database; try again, or raise source.busy-timeout.")
    }
    if complaint.contains("disk is full") || complaint.contains("disk I/O error") {
      return Failure(
        .scratchFull, "\(what): \(complaint)", at: path, next: "Free space, or set source.scratch to a larger disk.")
    }
    return Failure(.sourceFailed, "\(what): \(complaint), \(result.exit)", at: path)
  }

  /// A name as an SQL identifier, byte by byte.
  static func quote(_ name: [UInt8]) -> [UInt8] {
    let mark = UInt8(ascii: "\"")
    return [mark] + name.flatMap { $0 == mark ? [mark, mark] : [$0] } + [mark]
  }
}
