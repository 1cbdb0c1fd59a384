import Bytes
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// A repository with its key files, and the program run against it.
final class Scene: Sendable {
  let folder = TemporaryFolder()

  var repository: String { folder.path("repository") }
  var state: String { folder.path("state") }

  /// Makes the repository.
  init(_ options: [String] = [], environment: [String: String] = [:]) throws {
    mkdir(folder.path("tmp"), 0o700)
    let made = try run(["init", repository, "--keys", folder.path("keys")] + options, environment)
    #expect(made.status == 0, "\(made.errors)")
  }

  func key(_ role: String) -> String { folder.path("keys/\(role).key") }

  /// Runs the program; `TMPDIR` is the scene's own, so that what a run leaves behind can be seen.
  func run(
    _ arguments: [String], _ environment: [String: String] = [:], input: [UInt8] = [], in place: String? = nil
  ) throws -> Program.Outcome {
    try Product.run(
      arguments, input: input, state: state, environment: variables(environment), in: place ?? folder.path)
  }

  /// What the program sees beside a bare path.
  func variables(_ more: [String: String] = [:]) -> [String: String] {
    ["TMPDIR": folder.path("tmp"), "HOME": ""].merging(more) { $1 }
  }

  /// Runs a command with the repository and a role's key.
  func run(
    _ role: String, _ command: [String], _ rest: [String] = [], environment: [String: String] = [:],
    input: [UInt8] = []
  ) throws -> Program.Outcome {
    try run(command + ["--repository", repository, "--key", key(role)] + rest, environment, input: input)
  }

  /// Backs up bytes from standard input.
  @discardableResult
  func backUp(
    _ bytes: [UInt8], as component: String = "orders", _ options: [String] = []
  ) throws -> Program.Outcome {
    try run("writer", ["backup", "--component", component, "--stdin"] + options, input: bytes)
  }

  /// Backs up what a shell line prints.
  func backUp(shell line: String, as component: String = "orders", _ options: [String] = []) throws -> Program.Outcome {
    try run("writer", ["backup", "--component", component] + options, ["--", "/bin/sh", "-c", line])
  }

  /// The bytes of the newest snapshot.
  func latest(_ component: String = "orders") throws -> [UInt8] {
    let dump = try run("restorer", ["dump", "latest", "--component", component])
    #expect(dump.status == 0 || dump.status == 1, "\(dump.errors)")
    return dump.output
  }

  /// Every snapshot as `snapshots --json` shows it.
  func snapshots(_ component: String? = nil) throws -> [Object] {
    let list = try run("keeper", ["snapshots", "--json"] + (component.map { [$0] } ?? []))
    return try Object.lines(list.text).filter { $0["type"] == "snapshot" }
  }

  /// What `check` says of every byte; empty if all is well.
  func complaints() throws -> [String] {
    let check = try run("restorer", ["check", "--read-data", "--json"])
    let problems = try Object.lines(check.text).filter { $0["type"] == "problem" && $0["severity"] != "note" }
    return problems.map { "\($0["object"] ?? ""): \($0["what"] ?? "")" } + (check.status > 1 ? [check.errors] : [])
  }
}

/// One JSON object of the program's output. Members that are no plain values stand as their kind.
struct Object: Decodable {
  private struct Value: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        text = "null"
      } else if let truth = try? container.decode(Bool.self) {
        text = "\(truth)"
      } else if let number = try? container.decode(Int64.self) {
        text = "\(number)"
      } else if let string = try? container.decode(String.self) {
        text = string
      } else if let list = try? container.decode([Value].self) {
        text = "[\(list.map(\.text).joined(separator: ", "))]"
      } else {
        text = "{\(try container.decode([String: Value].self).keys.sorted().joined(separator: ", "))}"
      }
    }
  }

  private let members: [String: String]

  init(from decoder: any Decoder) throws {
    members = try decoder.singleValueContainer().decode([String: Value].self).mapValues(\.text)
  }

  subscript(name: String) -> String? { members[name] }

  var names: Set<String> { Set(members.keys) }

  /// Every line of a text as an object; throws if one is none.
  static func lines(_ text: String) throws -> [Object] {
    try text.split(separator: "\n").map { try JSONDecoder().decode(Object.self, from: Data($0.utf8)) }
  }
}

/// Something that must come true soon; a test that waits for it hangs on nothing else.
func eventually(_ what: String, _ condition: () -> Bool) {
  for _ in 0..<3_000 {
    if condition() { return }
    usleep(10_000)
  }
  Issue.record("this did not come true within 30 s: \(what)")
}
