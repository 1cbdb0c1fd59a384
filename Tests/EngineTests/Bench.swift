import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import Synchronization
import TestKit

/// A fresh repository in a folder of its own, with its three keys, and the runs that tests make with them.
final class Bench: Sendable {
  let folder: TemporaryFolder
  let keys: NewRepository.Keys

  init(components: [String] = ["orders"], below parent: String? = nil) throws {
    folder = TemporaryFolder(in: parent)
    keys = try NewRepository.create(
      in: try LocalStore(folder.path("store"), create: true), components: components, label: "test")
  }

  /// A copy of another bench's store and state: same keys, same snapshots, ready to be spoiled.
  init(copying other: Bench) throws {
    folder = TemporaryFolder()
    keys = other.keys
    _ = try Program.run(["cp", "-a", other.storePath, folder.path("store")])
    _ = try Program.run(["cp", "-a", other.statePath, folder.path("state")])
  }

  var storePath: String { folder.path("store") }
  var statePath: String { folder.path("state") }

  func open(
    _ key: KeyFile, state: String? = nil, decorate: (any Store) -> any Store = { $0 }
  ) throws -> OpenRepository {
    try RepositoryOpening.open(StoreAddress(.local(storePath)), key: key, stateRoot: state, decorate: decorate)
  }

  /// Opens with the writer's key and this bench's state folder, or another one.
  func writer(
    _ key: KeyFile? = nil, state: String? = nil, decorate: (any Store) -> any Store = { $0 }
  ) throws -> WriterAccess {
    try WriterAccess(try open(key ?? keys.writer, state: state ?? statePath, decorate: decorate))
  }

  func restorer() throws -> RestorerAccess {
    try RestorerAccess(try open(keys.restorer), to: "restore")
  }

  /// One backup run to its end.
  @discardableResult
  func backup(
    _ source: any DumpSource, of component: String = "orders", by access: WriterAccess? = nil, repeatable: Bool = true,
    waits: Bool = false, stop: StopSignal = StopSignal(), events: @escaping EventSink = { _ in },
    changing: (inout BackupRequest) -> Void = { _ in }
  ) throws -> BackupReport {
    var request = BackupRequest(
      component: component, source: source, profile: "{}", tuning: Tuning(threads: 2), waits: waits,
      isRepeatable: repeatable)
    changing(&request)
    return try BackupRun(
      try access ?? writer(), request, stop: stop, progress: RunProgress(), events: events
    ).run()
  }

  /// One backup run of these bytes.
  @discardableResult
  func backup(_ bytes: [UInt8], of component: String = "orders") throws -> BackupReport {
    try backup(dump(bytes), of: component)
  }

  /// A command whose output are these bytes.
  func dump(_ bytes: [UInt8], then rest: String = "", marker: String? = nil) throws -> CommandSource {
    let path = folder.path("dump-\(Identifier.random().hex)")
    try Files.write(path, bytes)
    let run = rest.isEmpty ? ["/bin/cat", path] : ["/bin/sh", "-c", "cat '\(path)'; \(rest)"]
    return CommandSource(CommandSettings(run: run, marker: marker))
  }

  func history() throws -> SnapshotHistory { try SnapshotHistory.load(try restorer().meta) }

  /// The snapshot of that name, or the latest.
  func listed(_ name: Name? = nil, of component: String = "orders") throws -> ListedSnapshot {
    let history = try history()
    let found = name.map { name in history.snapshots.first { $0.name == name } } ?? history.latest(of: component)
    guard let found else { throw Failure(.usage, "no such snapshot") }
    return found
  }

  /// Restores a snapshot, the latest unless named, into a sink.
  @discardableResult
  func restore(
    _ name: Name? = nil, of component: String = "orders", into sink: any RestoreSink, stop: StopSignal = StopSignal()
  ) throws -> RestoreReport {
    let run = RestoreRun(try restorer(), stop: stop, progress: RunProgress(), workers: 2)
    let snapshot = try listed(name, of: component)
    return try run.run(snapshot, from: try run.source(of: snapshot), into: sink)
  }

  /// The bytes of a snapshot's only stream.
  func restored(_ name: Name? = nil, of component: String = "orders") throws -> [UInt8] {
    let sink = MemorySink()
    let report = try restore(name, of: component, into: sink)
    guard report.differences.isEmpty else { throw Failure(.damaged, report.differences.joined()) }
    return sink.bytes
  }

  /// What a check that reads every byte finds damaged.
  func damage() throws -> [String] {
    let access = try restorer()
    let report = try RepositoryCheck.run(
      access.meta, restorer: access, CheckRequest(readData: true, workers: 2), stop: StopSignal())
    return report.problems(.damage).map { "\($0)" }
  }

  /// The regular files of the store, relative to it, what it keeps for itself included.
  var objects: [String] { Files.tree(storePath) }

  /// Everything that is wrong with the store's files: leftovers, and objects whose bytes do not match their names.
  func unsoundObjects() throws -> [String] {
    let digests = try Program.run(["sh", "-c", "find . -type f -exec sha256sum {} +"], in: storePath)
    return digests.text.split(separator: "\n").compactMap { line in
      let digest = line.prefix(64)
      let path = line.dropFirst(68)
      if path.hasPrefix(".incoming/") { return "leftover \(path)" }
      let isNamed = path.hasSuffix(digest) || path.hasPrefix("rescue/")
      return isNamed ? nil : "\(path) has the digest \(digest)"
    }
  }
}

/// Keeps what is restored in memory.
final class MemorySink: RestoreSink {
  private(set) var bytes: [UInt8] = []

  func begin(_ stream: StreamEntry) {}
  func write(_ part: UnsafeRawBufferPointer) { bytes.append(contentsOf: part) }
  func writeHole(_ count: UInt64) { bytes.append(contentsOf: repeatElement(0, count: Int(count))) }
  func end() {}
  func finish() {}
  func abandon() {}
}

/// A source with a part of a test in it.
struct ScriptedSource: DumpSource {
  var parallelStreams = 1
  let script: @Sendable (any StreamSink, StopSignal) throws(Failure) -> DumpOutcome

  /// Another source, and what happens once it has been dumped.
  init(_ base: any DumpSource, afterwards: @escaping @Sendable () -> Void) {
    script = { (sink, stop) throws(Failure) in
      _ = try base.prepare(stop: stop)
      let outcome = try base.dump(into: sink, stop: stop)
      afterwards()
      return outcome
    }
  }

  /// Streams made up by the test: anything that a compromised writer could sign.
  init(_ streams: [(stream: DumpedStream, bytes: [UInt8])]) {
    script = { (sink, _) throws(Failure) in
      let folder = TemporaryFolder()
      for (stream, bytes) in streams {
        guard stream.kind == .file || stream.kind == .dump else {
          try sink.entry(stream)
          continue
        }
        do {
          try Files.write(folder.path("bytes"), bytes)
          let file = try Descriptor.open(folder.path("bytes"), O_RDONLY)
          _ = try sink.stream(stream, from: file.number)
        } catch {
          throw Failure(unexpected: error)
        }
      }
      return DumpOutcome(verdict: .complete)
    }
  }

  /// Anything at all.
  init(
    parallelStreams: Int = 1, script: @escaping @Sendable (any StreamSink, StopSignal) throws(Failure) -> DumpOutcome
  ) {
    self.parallelStreams = parallelStreams
    self.script = script
  }

  func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    SourceDescription(engine: "test", identity: "test")
  }

  func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome { try script(sink, stop) }
}

/// Collects the events of a run.
final class EventLog: Sendable {
  private let lines = Mutex<[String]>([])

  var sink: EventSink {
    { event in
      self.lines.withLock { lines in
        switch event {
        case .step(let text): lines.append("step \(text)")
        case .note(let text): lines.append("note \(text)")
        case .warning(let text): lines.append("warning \(text)")
        case .store(let notice): lines.append("store \(notice)")
        case .progress: break
        }
      }
    }
  }

  var all: [String] { lines.withLock { $0 } }
}

/// The failure that a body throws; nil if it throws none.
func failure(of body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return Failure(unexpected: error)
  }
}

extension RandomSource {
  /// Incompressible bytes that follow from a number.
  static func sample(_ seed: Int, _ count: Int) -> [UInt8] {
    var random = RandomSource(seed: UInt64(seed))
    return random.bytes(count)
  }
}

/// Collects what stores have to say.
final class NoticeLog: Sendable {
  private let kept = Mutex<[StoreNotice]>([])

  var sink: NoticeSink { { notice in self.kept.withLock { $0.append(notice) } } }

  /// The paths of what came from elsewhere.
  var taken: Set<String> {
    Set(kept.withLock { $0.compactMap { if case .taken(let path, _) = $0 { path } else { nil } } })
  }

  var complaints: [String] {
    kept.withLock { $0.compactMap { if case .degraded(let text) = $0 { text } else { nil } } }
  }
}
