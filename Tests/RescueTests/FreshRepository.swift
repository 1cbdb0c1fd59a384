import TestKit
import Testing

/// A repository that the built program has just made, with two runs of a folder and one of a command.
final class FreshRepository {
  let folder = TemporaryFolder()
  var store: String { folder.path("repository") }
  var restorer: String { folder.path("keys/restorer.key") }
  var state: String { folder.path("state") }
  /// What the newest snapshot of `tree` holds.
  private(set) var tree: [String: [UInt8]] = [:]
  /// The one file that differs in the snapshot before.
  private(set) var olderNoise: [UInt8] = []
  /// What the snapshot of `dump` holds.
  private(set) var dump: [UInt8] = []

  init() throws {
    var random = RandomSource(seed: 7)
    try lifeboat("init", store, "--keys", folder.path("keys"))
    let source = folder.path("source")
    _ = try Program.run(["mkdir", "-p", "\(source)/below/deep"])
    tree = [
      "empty": [], "one": [1], "below/noise": random.bytes(3_000_000),
      "below/deep/zeros": Array(repeating: 0, count: 9_000_000),
      "below/deep/text": Array(String(repeating: "all that is lost comes back\n", count: 40_000).utf8),
    ]
    for (name, bytes) in tree { try Files.write("\(source)/\(name)", bytes) }
    try backup("tree", "--directory", source)
    olderNoise = tree["below/noise"] ?? []
    tree["below/noise"]?.replaceSubrange(1_000_000..<1_000_100, with: random.bytes(333))
    try Files.write("\(source)/below/noise", tree["below/noise"] ?? [])
    try backup("tree", "--directory", source)
    dump = random.bytes(2_500_000) + Array(String(repeating: "INSERT INTO t VALUES (1);\n", count: 90_000).utf8)
    try Files.write(folder.path("dump"), dump)
    try backup("dump", "--", "cat", folder.path("dump"))
  }

  private func backup(_ component: String, _ source: String...) throws {
    try lifeboat(
      ["backup", "--repository", store, "--key", folder.path("keys/writer.key"), "--component", component] + source)
  }

  private func lifeboat(_ arguments: String...) throws { try lifeboat(arguments) }

  private func lifeboat(_ arguments: [String]) throws {
    let outcome = try Product.run(arguments, state: state)
    try #require(outcome.status == 0, "\(arguments.joined(separator: " ")): \(outcome.errors)")
  }

  /// The paths of all objects, by the folder that names their kind.
  var objects: [String: [String]] {
    Dictionary(grouping: Files.tree(store).filter { Files.names(in: "\(store)/\($0)").isEmpty }) { path in
      let parts = path.split(separator: "/").map(String.init)
      return parts[0] == "writers" && parts.count > 2 ? parts[2] : parts[0]
    }
  }
}
