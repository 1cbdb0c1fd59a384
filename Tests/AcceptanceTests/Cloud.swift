import Bytes
import Glibc
import TestKit
import Testing

/// A repository in a bucket with its key files, and the program run against it.
final class Cloud: Sendable {
  let bucket: S3Bucket
  let prefix: String
  let folder = TemporaryFolder()

  /// Makes a repository, as the bucket's owner.
  ///
  /// - Parameters:
  ///   - bucket: where
  ///   - prefix: what its keys begin with
  ///   - components: granted to its first writer
  init(in bucket: S3Bucket, prefix: String = "repository", components: [String] = ["orders"]) throws {
    self.bucket = bucket
    self.prefix = prefix
    mkdir(folder.path("tmp"), 0o700)
    let made = try run(
      ["init", location, "--keys", folder.path("keys")] + components.flatMap { ["--component", $0] }, as: nil)
    try #require(made.status == 0, "\(made.errors)")
  }

  /// The same repository again under another prefix, with the keys and what the host remembers.
  init(copying other: Cloud, to prefix: String) throws {
    bucket = other.bucket
    self.prefix = prefix
    for name in ["keys", "state", "tmp"] {
      _ = try Program.run(["cp", "-a", other.folder.path(name), folder.path(name)])
    }
    try bucket.copy("\(other.prefix)/", to: "\(prefix)/")
  }

  var location: String { bucket.location(prefix) }

  func key(_ role: String) -> String { folder.path("keys/\(role).key") }

  // MARK: - Running

  /// How the program finds the server, and who it is there.
  struct Access: Sendable {
    /// The server's address; nil for the bucket's own.
    var endpoint: String?
    /// Nil for the owner.
    var user: S3User?
    /// Lines below `store:` of a profile, for what only a profile can say.
    var store: [String] = []
    /// The folder for what the host remembers.
    var state = "state"
    /// The key file's name without its ending; nil for that of the role.
    var key: String?
  }

  /// Everything that the program is given to run a command as a role, nil for one without a key.
  private func call(
    _ words: [String], as role: String?, _ access: Access
  ) throws -> (words: [String], variables: [String: String]) {
    let server = access.endpoint.map { bucket.server.at($0) } ?? bucket.server
    var variables = server.variables(as: access.user)
    variables["PATH"] = "/usr/bin:/bin"
    variables["TMPDIR"] = folder.path("tmp")
    variables["LIFEBOAT_STATE"] = folder.path(access.state)
    var options = role.map { ["--repository", location, "--key", key(access.key ?? $0)] } ?? []
    if !access.store.isEmpty {
      let path = folder.path("way-\(Identifier.random().hex).yaml")
      let lines = ["component: way", "repository: \(location)", "source: {kind: stdin}", "store:"]
      try Files.write(path, Array((lines + access.store.map { "  \($0)" }).joined(separator: "\n").utf8))
      options += ["--profile", path]
    }
    // What stands behind `--` belongs to the dump program.
    let split = words.firstIndex(of: "--") ?? words.endIndex
    return ([Product.path] + words[..<split] + options + words[split...], variables)
  }

  /// Runs a command to its end.
  func run(_ words: [String], as role: String?, _ access: Access = Access()) throws -> Program.Outcome {
    let call = try call(words, as: role, access)
    return try Program.run(call.words, environment: call.variables)
  }

  /// Runs a command whose output another program takes in: a line for the shell.
  func run(
    _ words: [String], as role: String?, _ access: Access = Access(), into line: String
  ) throws -> Program.Outcome {
    let call = try call(words, as: role, access)
    return try Program.run(
      ["/bin/bash", "-o", "pipefail", "-c", "\"$@\" | \(line)", "bash"] + call.words, environment: call.variables)
  }

  /// Starts a command.
  func start(_ words: [String], as role: String?, _ access: Access = Access()) throws -> RunningProgram {
    let call = try call(words, as: role, access)
    return try RunningProgram(call.words, environment: call.variables)
  }

  /// The words of a backup of a file's bytes.
  static func backup(_ path: String, of component: String = "orders") -> [String] {
    ["backup", "--component", component, "--json", "--threads", "2", "--", "/bin/cat", path]
  }

  // MARK: - What must hold

  /// Backs up a file and wants that to succeed.
  @discardableResult
  func backUp(_ path: String, of component: String = "orders", _ access: Access = Access()) throws -> Program.Outcome {
    let outcome = try run(Cloud.backup(path, of: component), as: "writer", access)
    try #require(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
    return outcome
  }

  /// The bytes of a snapshot; nil, with an issue recorded, where it does not come back.
  func dump(
    _ snapshot: String = "latest", of component: String = "orders", _ access: Access = Access()
  ) throws -> [UInt8]? {
    let words = ["dump", snapshot] + (snapshot == "latest" ? ["--component", component] : [])
    let outcome = try run(words, as: "restorer", access)
    if outcome.status == 0 || outcome.status == 1 { return outcome.output }
    Issue.record("dump \(snapshot): status \(outcome.status): \(outcome.errors)")
    return nil
  }

  /// What a check of every byte says; empty if it finds nothing wrong.
  func complaints(_ access: Access = Access()) throws -> String {
    let check = try run(["check", "--read-data", "--json"], as: "restorer", access)
    return check.status <= 1 && check.text.contains(#""sound":true"#)
      ? "" : "\(check.status): \(check.text)\(check.errors)"
  }

  /// The names of the complete snapshots in the store, all writers' together.
  func snapshots() throws -> [String] {
    try objects("snapshots").compactMap { $0.split(separator: "/").last.map(String.init) }
  }

  /// The keys of the writers' objects of one kind.
  func objects(_ kind: String) throws -> [String] {
    try bucket.keys("\(prefix)/writers/").filter { $0.contains("/\(kind)/") }
  }

  /// A file of noise that is the same for the same seed.
  func file(_ name: String, _ parts: (seed: UInt64, count: Int)...) throws -> (path: String, bytes: [UInt8]) {
    var bytes: [UInt8] = []
    for part in parts {
      var random = RandomSource(seed: part.seed)
      bytes += random.bytes(part.count)
    }
    try Files.write(folder.path(name), bytes)
    return (folder.path(name), bytes)
  }
}

/// A number from a line of JSON that the program printed; nil without it.
func number(_ name: String, in text: String) -> Int? {
  guard
    let start = text.split(separator: "\"\(name)\":", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first
  else { return nil }
  return Int(start.prefix { $0.isNumber })
}

/// Waits for something that must come true soon.
func eventually(_ what: String, seconds: Int = 60, _ condition: () throws -> Bool) throws {
  for _ in 0..<(seconds * 50) {
    if try condition() { return }
    usleep(20_000)
  }
  throw Late(what: what)
}

/// Something did not come true.
struct Late: Error {
  let what: String
}
