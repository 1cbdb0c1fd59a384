import Bytes
import Glibc
import Pipeline
import Synchronization

/// What the threads of a dump have found so far, and their way to the sink.
final class PostgreSQLLedger: Sendable {
  private struct State {
    var reasons = FewRemarks()
    var warnings: [String] = []
    var errorText = ""
    var contents: [String: CopyContents] = [:]
    var hasStored = false
    var fatal: Failure?
  }

  private let sink: any StreamSink
  private let state = Mutex(State())

  init(_ sink: any StreamSink) { self.sink = sink }

  /// Hands a stream to the sink. What the sink throws ends the whole dump.
  func store(
    _ name: String, from descriptor: Int32, expecting length: UInt64? = nil, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    state.withLock { $0.hasStored = true }
    let stream = DumpedStream(
      name: Array(name.utf8), kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: length)
    do {
      return try sink.stream(stream, from: descriptor, watcher: watcher)
    } catch {
      state.withLock { $0.fatal = $0.fatal ?? error }
      throw error
    }
  }

  /// The snapshot of a database is held since then; nil once it is released.
  func holdsSnapshot(since moment: UInt64?) { sink.holdsSnapshot(since: moment) }

  /// Whether the sink was given anything: a failure is a quarantined dump from then on.
  var hasStored: Bool { state.withLock { $0.hasStored } }
  /// What the sink threw first.
  var fatal: Failure? { state.withLock { $0.fatal } }
  var reasons: [String] { state.withLock { $0.reasons.all } }
  var warnings: [String] { state.withLock { $0.warnings } }
  var errorText: String { state.withLock { $0.errorText } }

  func object(_ reason: String) { state.withLock { $0.reasons.add(reason) } }

  func warn(_ warning: String) {
    state.withLock { if !$0.warnings.contains(warning) { $0.warnings.append(warning) } }
  }

  /// Takes what a tool printed as errors: its end is kept, its warnings are told.
  func hear(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) where line.contains("warning: ") { warn(String(line)) }
    if text.isEmpty { return }
    state.withLock { $0.errorText = String(decoding: ($0.errorText + text).utf8.suffix(4096), as: UTF8.self) }
  }

  /// What a stream held.
  func keep(_ contents: CopyContents, of stream: String) { state.withLock { $0.contents[stream] = contents } }
  func contents(of stream: String) -> CopyContents? { state.withLock { $0.contents[stream] } }
}
