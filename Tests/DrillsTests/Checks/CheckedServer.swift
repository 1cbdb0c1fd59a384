import Bytes
import Databases
import Drills
import Format
import Pipeline
import Profiles
import Synchronization
import TestKit
import Testing

/// A dump that a test holds in memory: what a source gives is what a target gets.
final class HeldDump: StreamSink, StreamProvider {
  private let kept = Mutex<[(name: [UInt8], bytes: [UInt8])]>([])

  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    var bytes: [UInt8] = []
    var part = Buffer(capacity: 1 << 20)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in
        try Transfers.read(descriptor, into: room, stop: StopSignal())
      }
      if part.count == 0 { break }
      part.withBytes { bytes.append(contentsOf: $0) }
      try part.withBytes { (part) throws(Failure) in try watcher?.see(part) }
    }
    kept.withLock { $0.append((stream.name, bytes)) }
    return StreamSummary(length: UInt64(bytes.count), tail: Array(bytes.suffix(StreamSummary.tailLimit)))
  }

  func entry(_ stream: DumpedStream) {}

  var streams: [ProvidedStream] {
    kept.withLock { $0.map { ProvidedStream(name: $0.name, length: UInt64($0.bytes.count)) } }
  }

  func write(
    _ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal
  ) throws(Failure) {
    try read(name, limit: .max, stop: stop).withUnsafeBufferPointer { (buffer) throws(Failure) in
      try Transfers.write(UnsafeRawBufferPointer(buffer), to: descriptor, stop: stop)
    }
  }

  func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8] {
    guard let found = kept.withLock({ $0.first { $0.name == name } }) else { throw Failure(.damaged, "no stream") }
    return found.bytes
  }
}

/// A small database that was dumped and loaded again, for checks to look at.
struct CheckedServer {
  let server: DatabaseServer
  let kind: ServerKind
  let settings: ServerSettings
  let truth: TruthManifest
  let plan: LoadPlan
  let loader: any LoadTarget
  let databases: [(name: String, place: String)]
  private let restored: RestoredServer

  /// Dumps and loads.
  init(
    _ kind: ServerKind, on server: DatabaseServer, _ settings: ServerSettings, from source: any DumpSource,
    _ request: LoadRequest
  ) throws {
    let stop = StopSignal()
    let dump = HeldDump()
    _ = try source.prepare(stop: stop)
    let outcome = try source.dump(into: dump, stop: stop)
    #expect(outcome.verdict == .complete)
    let loader = LoadTargets.make(TargetSettings(kind: kind, server: settings))
    let plan = try loader.examine(dump, request, stop: stop)
    #expect(plan.obstacles == [])
    let loaded = try loader.load(plan, from: dump, stop: stop) { _ in }
    _ = try loader.settle(plan, loaded, from: dump, stop: stop)
    self.server = server
    self.kind = kind
    self.settings = settings
    self.loader = loader
    self.plan = plan
    truth = try #require(outcome.truth)
    databases = plan.databases.map { ($0.name, $0.target) }
    restored = RestoredServer(
      kind: kind, server: settings, databases: databases, truth: truth, loader: loader, plan: plan, isScratch: true)
  }

  /// The restored data as a drill has it; with other settings of the server or another manifest where a test says so.
  func data(_ settings: ServerSettings? = nil, truth: TruthManifest? = nil, isScratch: Bool = true) -> RestoredServer {
    if settings == nil, truth == nil, isScratch { return restored }
    return RestoredServer(
      kind: kind, server: settings ?? self.settings, databases: databases, truth: truth ?? self.truth,
      loader: settings.map { LoadTargets.make(TargetSettings(kind: kind, server: $0)) } ?? loader, plan: plan,
      isScratch: isScratch)
  }

  /// When the dump of every test began.
  static let dumpStarted = Moment.answered("2026-11-20T03:00:00.5Z") ?? Moment(seconds: 0)

  func run(_ check: Check, _ data: RestoredServer? = nil) throws -> Record.Check {
    try CheckOf.run(check, on: data ?? self.data())
  }

  func query(_ text: String, expect: String, database: String? = nil) throws -> Record.Check {
    try run(
      .query(QueryCheck(name: "q", database: database, query: text, expectation: .equals(expect))))
  }
}

/// Runs one check.
enum CheckOf {
  static func result(_ check: Check, on data: any RestoredData) throws -> CheckResult {
    let started = CheckedServer.dumpStarted
    let runner = CheckRunner(
      restored: data, reference: started, dumpStarted: started.sinceEpoch, stop: StopSignal())
    return try runner.run(check)
  }

  static func run(_ check: Check, on data: any RestoredData) throws -> Record.Check {
    try result(check, on: data).recorded
  }

  static func canary(_ query: String, within: Int64 = 900) -> Check {
    .canary(CanaryCheck(name: "canary", query: query, within: Seconds(within)))
  }
}

extension Record.Check {
  /// `pass: equal: 3 tables`.
  var line: String { "\(outcome.rawValue): \(detail)" }
}
