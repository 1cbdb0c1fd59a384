package import Bytes
import Glibc
package import Pipeline
package import Profiles
import Synchronization

/// A Redis server, dumped as a replica would be: the server sends its data once (`redis-cli --rdb`), without a file on
/// its side where it replicates without disk.
///
/// Streams: `about.json`, facts for whoever restores; `dump.rdb`, which any Redis of the version or a later one loads.
/// The end and the checksum of the dump are verified as it passes.
///
/// What the user needs, and no more:
///
///     ACL SETUSER lifeboat on >… +ping +info +psync +sync +replconf
package struct RedisSource: DumpSource {
  static let dumpName = Array("dump.rdb".utf8)
  static let factsName = Array("about.json".utf8)
  private let settings: RedisSettings

  package init(_ settings: RedisSettings) { self.settings = settings }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    let connection = try RedisConnection(settings.server, failing: .sourceFailed, stop: stop)
    let server = try RedisServer(connection, stop: stop)
    var notes: [String] = []
    if server.role == "slave" { notes.append("the source of the dump is a replica") }
    if connection.asksForName {
      notes.append("redis-cli checks the server's certificate against tls.ca, but not the name in it")
    }
    return SourceDescription(
      engine: "redis", version: server.version, identity: "\(server.runID) \(connection.place)",
      expectedSize: server.usedMemory, notes: notes)
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let connection = try RedisConnection(settings.server, failing: .sourceFailed, stop: stop)
    let before = try RedisServer(connection, stop: stop)
    try SmallStream.send(Array(RedisSource.about(before).utf8), as: RedisSource.factsName, to: sink, stop: stop)
    let trim = try RDBTransfer(connection, stop: stop)
    let stream = DumpedStream(
      name: RedisSource.dumpName, kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: before.usedMemory)
    let watcher = RDBWatcher()
    let summary = try sink.stream(stream, from: trim.output, watcher: watcher)
    let (exit, verdict, errors) = try trim.finish()
    var reasons: [String] = []
    var warnings: [String] = []
    if !exit.succeeded {
      let complaint = connection.complaint(errors)
      reasons.append("redis-cli ended with \(exit)" + (complaint.isEmpty ? "" : ": \(complaint)"))
    }
    if let problem = summary.readingProblem { reasons.append("the output of redis-cli can't be read: \(problem)") }
    switch verdict {
    case .whole: break
    case .unchecked: warnings.append("the dump has no checksum: the server runs with rdbchecksum no")
    case .damaged: reasons.append("the dump has no end, or its checksum does not fit")
    }
    let truth = watcher.isReadable ? watcher.truth : nil
    if !watcher.isReadable, reasons.isEmpty { warnings.append("the keys can't be counted: a later layout of the dump") }
    return DumpOutcome(
      verdict: DumpOutcome.verdict(reasons), truth: truth, warnings: warnings,
      errorText: connection.redaction.clean(errors))
  }

  private static func about(_ server: RedisServer) -> String {
    let keys = server.keys.sorted { $0.key < $1.key }.map { number, counts in
      JSONText.object([
        ("database", .integer(Int64(number))), ("keys", .integer(Int64(clamping: counts.keys))),
        ("expires", .integer(Int64(clamping: counts.expires))),
      ])
    }
    return JSONText.object([
      ("version", .integer(1)), ("engine", .text("redis")), ("server", .text(server.version)),
      ("run-id", .text(server.runID)), ("replication-id", .text(server.replicationID)),
      ("replication-offset", .text(server.offset)), ("role", .text(server.role)), ("databases", .list(keys)),
    ]).encoded
  }
}

/// The transfer of a dump through `redis-cli`, with the mark at its end taken off.
final class RDBTransfer: Sendable {
  private final class Ending: Sendable {
    let verdict = Mutex(RDBEnding.Verdict.damaged)
  }

  private let child: Child
  private let thread: ThreadHandle
  private let reading: Descriptor
  private let ending = Ending()

  init(_ connection: RedisConnection, stop: StopSignal) throws(Failure) {
    let child = try Child.start(try connection.command(["--rdb", "-"]), stop: stop)
    let pipe = try OpenPipe()
    let ending = ending
    let writing = pipe.takeWriting()
    reading = Descriptor(owning: pipe.takeReading())
    self.child = child
    thread = Threads.run(named: "rdb") {
      let end = Descriptor(owning: writing)
      let verdict = try? RDBTransfer.pass(child, to: end.number, stop)
      ending.verdict.withLock { $0 = verdict ?? .damaged }
      // Where nobody reads any more the client must not wait for ever.
      if verdict == nil { child.terminate() }
    }
  }

  /// What is to be read; borrowed.
  var output: Int32 { reading.number }

  /// Waits for the end of the client.
  func finish() throws(Failure) -> (ChildExit, RDBEnding.Verdict, String) {
    thread.join()
    let exit = try child.wait()
    return (exit, ending.verdict.withLock { $0 }, child.errorText)
  }

  private static func pass(
    _ child: Child, to descriptor: Int32, _ stop: StopSignal
  ) throws(Failure) -> RDBEnding.Verdict {
    let output = OutputDescriptor(descriptor, stop: stop)
    var ending = RDBEnding()
    var part = Buffer(capacity: 256 * 1024)
    var failure: Failure?
    func release(_ bytes: UnsafeRawBufferPointer) {
      guard failure == nil else { return }
      do throws(Failure) { try output.write(bytes) } catch { failure = error }
    }
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      part.withBytes { ending.take($0, release: release) }
      if let failure { throw failure }
    }
    let verdict = ending.verdict()
    let mark: Int
    switch verdict {
    case .whole(let count), .unchecked(let count): mark = count
    case .damaged: mark = 0
    }
    ending.held.dropLast(mark).withUnsafeBytes { release($0) }
    if let failure { throw failure }
    return verdict
  }
}
