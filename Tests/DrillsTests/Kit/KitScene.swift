import Bytes
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

/// A repository made by the program, with what a kit's run needs.
final class KitScene: Sendable {
  let folder = TemporaryFolder()
  private let variables: [String: String]
  let repository: String

  /// - Parameters:
  ///   - component: what the writer may write
  ///   - repository: where; nil for a folder
  ///   - variables: what leads to a bucket
  init(_ component: String, in repository: String? = nil, _ variables: [String: String] = [:]) throws {
    self.repository = repository ?? folder.path("repository")
    self.variables = variables
    // Whoever runs a server in a scratch folder must get there.
    chmod(folder.path, 0o711)
    for name in ["scratch", "tmp"] { mkdir(folder.path(name), 0o711) }
    try run(["init", self.repository, "--keys", folder.path("keys"), "--component", component])
  }

  var scratch: String { folder.path("scratch") }
  var restorerFile: String { folder.path("keys/restorer.key") }

  /// What the runs left behind: nothing, as a rule.
  var leftovers: [String] { Files.names(in: scratch) }

  @discardableResult
  func run(_ arguments: [String]) throws -> Program.Outcome {
    let outcome = try Product.run(
      arguments, state: folder.path("state"), environment: variables.merging(["TMPDIR": folder.path("tmp")]) { $1 },
      in: folder.path)
    #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    return outcome
  }

  /// Backs up what the text describes: the group `source` of a profile.
  func backUp(_ component: String, source: String) throws {
    let profile = """
      component: \(component)
      repository: \(repository)
      keys: {writer: keys/writer.key, restorer: keys/restorer.key}
      source: \(source)
      objectives: {rto: 30m, rpo: 1d}

      """
    try Files.write(folder.path("\(component).yaml"), Array(profile.utf8))
    try run(["backup", "\(component).yaml"])
  }

  var key: KeyFile { get throws { try KeyFile(text: try Files.read(restorerFile)) } }

  /// The kit that a drill would run.
  func kit(_ component: String) throws -> RecoveryKit {
    let text = """
      drill: back
      component: \(component)
      repository: \(repository)
      keys: {restorer: \(restorerFile)}
      checks: [manifest]
      """
    let drill = try Drill.parse(Array(text.utf8), file: "drill.yaml") { _ in nil }
    let surroundings = StoreSurroundings(environment: variables)
    let open = try RepositoryOpening.open(
      StoreAddress(try StoreLocation(repository)), key: try key, stateRoot: nil, in: surroundings)
    let access = try RestorerAccess(open, to: "drill")
    let history = try SnapshotHistory.load(access.meta)
    let ledger = try Ledger.load(access.meta)
    let choice = try SnapshotChoice.make(.latest, of: component, in: history, ledger: ledger)
    return try RecoveryKit(
      drill, choice.listed, access, ledger, program: try KitProgram(Product.path), tool: "lifeboat test",
      in: surroundings)
  }

  func job(_ component: String, by tool: KitWay.Tool, clock: RecoveryClock = RecoveryClock()) throws -> KitJob {
    var job = KitJob(
      try kit(component), by: tool, key: try key, program: Product.path, clock: clock, stop: StopSignal())
    job.folder = scratch
    job.credentials = variables
    return job
  }
}

extension KitRestored {
  /// The socket of the server, with its user; nil for a folder.
  var server: ServerSettings? { if case .server(_, let settings) = place { settings } else { nil } }
  /// The folder; nil for a server.
  var folder: String? { if case .folder(let path) = place { path } else { nil } }
}
