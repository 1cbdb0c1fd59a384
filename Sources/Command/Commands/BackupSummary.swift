import Bytes
import Engine
import Format
import Profiles

/// What a backup run says at its end.
struct BackupSummary {
  private let report: BackupReport
  private let isJSON: Bool

  init(_ report: BackupReport, isJSON: Bool) {
    self.report = report
    self.isJSON = isJSON
  }

  func say(in context: RunContext) {
    let isComplete = report.snapshot.verdict == .complete
    if isJSON {
      context.say(Statement("backup", fields, [], isSummary: isComplete))
      return
    }
    if isComplete {
      context.say(Statement("backup", [], [line], isSummary: true))
    } else {
      for text in errorLines { context.warn("the dump tool said: \(text)") }
    }
  }

  private var line: String {
    let snapshot = report.snapshot
    let counts = snapshot.statistics
    let seconds = max(Double(report.nanoseconds) / 1e9, 1e-6)
    let rate = ByteCount(UInt64(Double(counts.bytes) / seconds)).rounded
    return
      "\(snapshot.component): complete, \(ByteCount(counts.bytes).rounded) in \(Duration.text(report.nanoseconds)) "
      + "(\(rate)/s), \(ByteCount(counts.newBytes).rounded) new, \(ByteCount(counts.storedBytes).rounded) stored, "
      + "snapshot \(report.name.hex.prefix(12))"
  }

  /// The last lines that the tool printed as errors.
  private var errorLines: [String] {
    report.errorText.split(whereSeparator: \.isNewline).suffix(10).map { String($0) }
  }

  private var fields: [(String, JSONText)] {
    let snapshot = report.snapshot
    let counts = snapshot.statistics
    return [
      ("component", .text(snapshot.component)), ("snapshot", .text(report.name.hex)),
      ("verdict", .text(snapshot.verdict.rawValue)), ("reasons", .list(snapshot.reasons.map { .text($0) })),
      ("sequence", .count(snapshot.sequence)), ("streams", .count(snapshot.catalogue.streams)),
      ("bytes", .count(counts.bytes)), ("newBytes", .count(counts.newBytes)),
      ("storedBytes", .count(counts.storedBytes)),
      ("chunks", .count(counts.chunks)), ("newChunks", .count(counts.newChunks)),
      ("deltaChunks", .count(report.deltas)), ("cacheWritten", report.cache.map { .count($0.written) } ?? .nothing),
      ("cacheSize", report.cache.map { .count($0.size) } ?? .nothing),
      ("milliseconds", .count(report.nanoseconds / 1_000_000)), ("toolErrors", .text(report.errorText)),
    ]
  }
}
