import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Synchronization

/// Recovers by nothing but the commands of the rescue kit's page, run as they stand there.
final class KitTarget: RecoveryTarget {
  /// What a kit needs to know beside the drill.
  struct Setting: Sendable {
    let drill: Drill
    /// `bare-host` or `cold-tool`: which of the page's ways is gone.
    let fault: DrillFault
    /// Name and version of this program.
    let tool: String
    /// For addresses and credentials of buckets.
    let environment: [String: String]
    /// Gets the titles of the commands that were run: each is a step that somebody had to take.
    let note: @Sendable ([String]) -> Void
  }

  private let setting: Setting
  private static let words = ["rescue kit", "rescue.py"]

  private let kit = KitRun()
  private let made = Mutex(KitTarget.words[0])

  init(_ setting: Setting) { self.setting = setting }

  var title: String { made.withLock { $0 } }

  /// Whether it is a kit that a record names as its target.
  static func isNamed(by title: String) -> Bool { words.contains { title.hasPrefix($0) } }

  /// The commands make everything themselves.
  func start(stop: StopSignal) throws(Failure) { try stop.check() }

  func restore(_ job: RestoreJob) throws(Failure) -> any RestoredData {
    let drill = setting.drill
    let surroundings = StoreSurroundings(environment: setting.environment, stop: job.stop)
    // The page is printed in quiet times: what it takes to make it is no part of the recovery.
    let (page, program) = try job.clock.measure(.step(CalmDrill.placing)) { () throws(Failure) in
      let program = try KitProgram.running()
      let page = try RecoveryKit(
        drill, job.snapshot, job.access, try Ledger.load(job.access.meta), program: program, tool: setting.tool,
        in: surroundings)
      return (page, program)
    }
    let isCold = setting.fault == .coldTool
    var run = KitJob(
      page, by: isCold ? .reader : .lifeboat, key: job.access.meta.repository.key, program: program.path,
      clock: job.clock, stop: job.stop, events: job.events)
    if case .bareHost(let root) = setting.fault { run.root = root }
    run.folder = drill.target.folder
    run.timeToLive = UInt64(drill.target.timeToLive.count)
    run.credentials = setting.environment.filter { RecoveryKit.credentialVariables.contains($0.key) }
    if case .scratchServer(let server) = drill.target.place {
      run.account = server.account
      run.programs = server.programs
    }
    let restored = try kit.restore(run)
    setting.note(Array(run.way.steps.map(\.title).prefix(restored.commands.count)))
    return try data(restored, job)
  }

  private func data(_ restored: KitRestored, _ job: RestoreJob) throws(Failure) -> any RestoredData {
    let restore = RestoreRun(job.access, stop: job.stop, progress: RunProgress(), workers: job.workers)
    var truth = try restore.truth(of: job.snapshot)
    let way = KitTarget.words[setting.fault == .coldTool ? 1 : 0]
    switch restored.place {
    case .folder(let path):
      made.withLock { $0 = "\(way): folder" }
      // Nobody has counted the streams on their way, so that nothing can be said of them as a whole.
      truth.streams = nil
      let files = KitTarget.files(in: path)
      return RestoredFolder(
        folder: path, engine: job.snapshot.snapshot.engine.kind, truth: truth, streamDifferences: [],
        files: UInt64(files.count), firstFile: files.first)
    case .server(let kind, let settings):
      made.withLock { $0 = "\(way): \(kind.rawValue)" }
      // Databases of Redis have numbers, which no page names.
      let names =
        kind == .redis ? truth.tables.map { String(decoding: $0.name, as: UTF8.self) } : restored.databases
      let plan = LoadPlan(
        request: LoadRequest(checksums: truth.tables.contains { $0.checksum != .zero }, isDrill: true),
        databases: names.map { ($0, $0) }, bytes: job.snapshot.snapshot.catalogue.length)
      return RestoredServer(
        kind: kind, server: settings, databases: names.map { ($0, $0) }, truth: truth,
        loader: LoadTargets.make(TargetSettings(kind: kind, server: settings)), plan: plan, isScratch: true)
    }
  }

  /// Names of the regular files in a folder, at whatever depth.
  private static func files(in folder: String, below prefix: [UInt8] = []) -> [[UInt8]] {
    let path = prefix.isEmpty ? folder : "\(folder)/\(String(decoding: prefix, as: UTF8.self))"
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name != [0x2e], name != [0x2e, 0x2e] else { continue }
      let whole = prefix.isEmpty ? name : prefix + [0x2f] + name
      var status = stat()
      guard lstat("\(folder)/\(String(decoding: whole, as: UTF8.self))", &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFREG: names.append(whole)
      case S_IFDIR: names += files(in: folder, below: whole)
      default: break
      }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  func destroy() throws(Failure) -> String { try kit.destroy() }

  func keep() throws(Failure) -> String { try kit.keep() }
}
