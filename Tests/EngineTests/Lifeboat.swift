import Bytes
import Glibc
import Pipeline
import TestKit
import Testing

/// The program itself, for tests about whole processes: a repository, its keys and its state in a folder of their own.
final class Lifeboat: Sendable {
  /// A run that has ended.
  struct Outcome {
    let exit: ChildExit
    let output: String
    let errors: String

    /// The exit status; minus one for a process that was killed.
    var status: Int32 {
      if case .exited(let status) = exit { return status }
      return -1
    }

    var summary: String { "\(exit): \(output) \(errors)" }
  }

  let folder: TemporaryFolder

  /// Whether the full sizes are asked for, which take many minutes.
  static var isLong: Bool { getenv("LIFEBOAT_LONG") != nil }

  /// Where the program is: `LIFEBOAT_BINARY`, or beside the tests.
  static let binary: String = {
    if let told = getenv("LIFEBOAT_BINARY") { return String(cString: told) }
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(DurableFile.folder(of: own))/lifeboat"
  }()

  /// Makes a repository.
  init() throws {
    folder = TemporaryFolder()
    mkdir(folder.path("tmp"), 0o700)
    let made = try run(["init", store, "--component", "orders", "--keys", folder.path("keys")])
    try #require(made.status == 0, "\(made.summary)")
  }

  /// Copies another one's repository, keys and state.
  init(copying other: Lifeboat) throws {
    folder = TemporaryFolder()
    for name in ["store", "keys", "state", "tmp"] {
      _ = try Program.run(["cp", "-a", other.folder.path(name), folder.path(name)])
    }
  }

  var store: String { folder.path("store") }

  /// A command that uses the key of a role.
  func command(_ words: [String], as role: String? = nil) -> ChildCommand {
    let key = role.map { ["--repository", store, "--key", folder.path("keys/\($0).key")] } ?? []
    // What stands behind `--` belongs to the dump program.
    let split = words.firstIndex(of: "--") ?? words.endIndex
    var command = ChildCommand(Lifeboat.binary, Array(words[..<split]) + key + Array(words[split...]))
    command.environment = .inherited(
      setting: ["LIFEBOAT_STATE": folder.path("state"), "TMPDIR": folder.path("tmp")])
    return command
  }

  /// A backup of what a program prints.
  func backup(_ dump: [String]) -> ChildCommand {
    command(["backup", "--component", "orders", "--json", "--threads", "2", "--"] + dump, as: "writer")
  }

  /// Runs a command to its end.
  @discardableResult
  func run(_ words: [String], as role: String? = nil) throws -> Outcome {
    try Lifeboat.run(command(words, as: role))
  }

  /// Runs a command to its end.
  static func run(_ command: ChildCommand) throws -> Outcome {
    let result = try Child.run(command, limit: 16 << 20, stop: StopSignal())
    return Outcome(exit: result.exit, output: result.text, errors: result.errorText)
  }

  /// The ids of the complete snapshots as the listing of the store shows them.
  func snapshots() -> [String] { objects("snapshots") }

  /// The names of a writer's objects of one kind.
  func objects(_ kind: String) -> [String] {
    Files.tree("\(store)/writers").filter { $0.contains("/\(kind)/") }.compactMap { $0.split(separator: "/").last }
      .map(String.init)
  }

  /// The bytes of a snapshot's only stream.
  func restored(_ snapshot: String) throws -> [UInt8] {
    let target = TemporaryFolder()
    let outcome = try run(["restore", "orders", "--snapshot", snapshot, "--to", target.path("back")], as: "restorer")
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try Files.read(target.path("back/dump"))
  }
}
