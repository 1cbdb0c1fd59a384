import Bytes
import Databases
import Glibc
import Pipeline
import Profiles
import Synchronization
import TestKit
import Testing

/// Keeps what a source hands over, from any thread.
final class KeepingSink: StreamSink, @unchecked Sendable {
  private let lock = Mutex(())
  private(set) var streams: [(stream: DumpedStream, bytes: [UInt8])] = []
  private(set) var entries: [DumpedStream] = []
  /// Names in the order in which they came.
  private(set) var order: [String] = []
  private let stop: StopSignal
  /// What is thrown instead of reading.
  var failure: Failure?
  /// What reading ends with, by the stream's name.
  var readingProblems: [String: String] = [:]
  /// Runs before a stream is read.
  var before: (DumpedStream) -> Void = { _ in }

  init(stop: StopSignal = StopSignal()) { self.stop = stop }

  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    if let failure { throw failure }
    before(stream)
    var bytes: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in
        try Transfers.read(descriptor, into: room, stop: stop)
      }
      if part.count == 0 { break }
      part.withBytes { bytes.append(contentsOf: $0) }
      try part.withBytes { (part) throws(Failure) in try watcher?.see(part) }
    }
    let name = String(decoding: stream.name, as: UTF8.self)
    lock.withLock { _ in
      streams.append((stream, bytes))
      order.append(name)
    }
    return StreamSummary(
      length: UInt64(bytes.count), tail: Array(bytes.suffix(StreamSummary.tailLimit)),
      readingProblem: readingProblems[name])
  }

  /// Since when a snapshot was held, in the order in which it was said.
  private(set) var held: [UInt64?] = []

  func holdsSnapshot(since moment: UInt64?) { lock.withLock { _ in held.append(moment) } }

  func entry(_ stream: DumpedStream) throws(Failure) {
    lock.withLock { _ in
      entries.append(stream)
      order.append(String(decoding: stream.name, as: UTF8.self))
    }
  }
}

/// A folder for one test, removed afterwards.
final class TestFolder {
  let path: String

  init() {
    path = "/tmp/lifeboat-test-\(Identifier.random().hex)"
    mkdir(path, 0o700)
  }

  deinit { Shell.run(["rm", "-rf", path]) }

  func file(_ name: String, _ bytes: [UInt8] = []) -> String {
    let file = "\(path)/\(name)"
    unlink(file)
    try? bytes.withUnsafeBytes { _ = try DurableFile.create(file, $0) }
    return file
  }

  func file(_ name: String, _ text: String) -> String { file(name, Array(text.utf8)) }

  /// What lies in the folder, sorted.
  var names: [String] { Shell.run(["ls", "-A", path]).split(separator: "\n").map(String.init) }
}

/// Runs other programs of the tests.
enum Shell {
  @discardableResult
  static func run(_ words: [String], input: String = "", expecting status: Int32 = 0) -> String {
    var command = ChildCommand(words[0], Array(words.dropFirst()), failing: .defect)
    command.input = .bytes(Array(input.utf8))
    do {
      let result = try Child.run(command, limit: 64 << 20, stop: StopSignal())
      #expect(result.exit == .exited(status), "\(words.joined(separator: " ")): \(result.errorText)")
      return result.text
    } catch {
      Issue.record("\(error)")
      return ""
    }
  }

  /// Runs a script of SQL on a database file.
  @discardableResult
  static func sqlite(_ path: String, _ script: String) -> String {
    run(["sqlite3", "-init", "/dev/null", "-batch", "-bail", path], input: script)
  }
}

extension DumpOutcome {
  /// Why the dump is quarantined; empty if it is complete.
  var reasons: [String] {
    switch verdict {
    case .complete: []
    case .quarantined(let reasons): reasons
    }
  }
}
