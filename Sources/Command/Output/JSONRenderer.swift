import Bytes
import Engine
import Pipeline
import Profiles
import Store

/// For programs: one JSON object a line. Every object has `type` and `time` (UTC, `2026-11-20T03:00:00Z`).
///
/// | type | further fields |
/// |---|---|
/// | `step` | `step`: what begins |
/// | `note`, `warning` | `text` |
/// | `progress` | `subject`, `unit` (`bytes`, `objects`, `snapshots`), `done`, `total` (null where unknown), `newBytes` (null where nothing is stored), `snapshotMilliseconds` (for how long a database is held in one state; null where none is), `milliseconds` since the start |
/// | `waiting` | a call of the store failed and is tried again: `reason`, `attempt` (which try failed, from 1), `milliseconds` until the next, `budget` (milliseconds until it is given up) |
/// | `resumed` | the store answers again: `milliseconds` since the first failure |
/// | `taken` | an object was missing or damaged, and good bytes came from elsewhere: `path`, `from` |
/// | `error` | `code` (stable, see the catalogue), `status` (the exit status), `what`, `where`, `next` |
///
/// What the commands themselves say is described where each says it. Numbers beyond 2^53 are texts; counts are bytes
/// where nothing else is said; readers must let fields and types pass that they do not know.
struct JSONRenderer: Renderer {
  private let writer: LineWriter
  private let isQuiet: Bool

  let progressInterval: UInt64 = 5_000_000_000

  init(_ writer: LineWriter, isQuiet: Bool) {
    self.writer = writer
    self.isQuiet = isQuiet
  }

  func show(_ event: Event, of subject: String) {
    switch event {
    case .step(let step): if !isQuiet { write("step", [("step", .text(step))]) }
    case .note(let text): if !isQuiet { write("note", [("text", .text(text))]) }
    case .warning(let text): write("warning", [("text", .text(text))])
    case .progress(let reading): if !isQuiet { write("progress", JSONRenderer.fields(reading, subject)) }
    case .store(let notice): if !isQuiet { show(notice) }
    }
  }

  private func show(_ notice: StoreNotice) {
    switch notice {
    case .waiting(let wait):
      write(
        "waiting",
        [
          ("reason", .text(wait.reason)), ("attempt", .count(UInt64(wait.attempt))),
          ("milliseconds", .count(wait.delay / 1_000_000)), ("budget", .count(wait.budgetLeft / 1_000_000)),
        ])
    case .resumed(let length): write("resumed", [("milliseconds", .count(length / 1_000_000))])
    case .taken(let path, let from): write("taken", [("path", .text(path)), ("from", .text(from))])
    case .degraded(let what): write("warning", [("text", .text(what))])
    }
  }

  func say(_ statement: Statement) {
    if statement.isSummary && isQuiet { return }
    write(statement.type, statement.fields)
  }

  func fail(_ failure: Failure) {
    write(
      "error",
      [
        ("code", .text(failure.code.rawValue)), ("status", .integer(Int64(failure.code.exitStatus))),
        ("what", .text(failure.what)), ("where", .text(failure.place)), ("next", .text(failure.next)),
      ])
  }

  private func write(_ type: String, _ fields: [(String, JSONText)]) {
    let now = Moment(seconds: Int64(WallClock.now() / 1_000_000_000)).text
    writer.write(JSONText.object([("type", .text(type)), ("time", .text(now))] + fields).encoded + "\n")
  }

  private static func fields(_ reading: ProgressReading, _ subject: String) -> [(String, JSONText)] {
    [
      ("subject", .text(subject)), ("unit", .text(reading.unit.rawValue)), ("done", .count(reading.done)),
      ("total", reading.total.map { .count($0) } ?? .nothing),
      ("newBytes", reading.newBytes.map { .count($0) } ?? .nothing),
      ("snapshotMilliseconds", reading.snapshotAge.map { .count($0 / 1_000_000) } ?? .nothing),
      ("milliseconds", .count(reading.elapsed / 1_000_000)),
    ]
  }
}

extension JSONText {
  /// Nanoseconds since the epoch as UTC.
  static func time(_ nanoseconds: UInt64) -> JSONText {
    .text(Moment(seconds: Int64(nanoseconds / 1_000_000_000)).text)
  }
}
