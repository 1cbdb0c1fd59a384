import Bytes
import Engine
import Pipeline
import Synchronization

/// For logs and mail: one summary on standard output, warnings and errors on standard error, and a line every few
/// minutes on long runs and at both ends of a long wait. Nothing is said that a person need not read.
final class PlainRenderer: Renderer {
  private let streams: StandardStreams
  private let isQuiet: Bool
  private let talk = Mutex(OutageTalk())

  let progressInterval: UInt64 = 300_000_000_000

  init(_ streams: StandardStreams, isQuiet: Bool) {
    self.streams = streams
    self.isQuiet = isQuiet
  }

  func show(_ event: Event, of subject: String) {
    switch event {
    case .step, .note: break
    case .warning(let text): streams.errors.write("lifeboat: warning: \(SafeText.line(text))\n")
    case .progress(let reading):
      if !isQuiet { streams.errors.write("\(SafeText.line(subject)): \(ProgressText.of(reading))\n") }
    case .store(let notice):
      guard !isQuiet, let text = talk.withLock({ $0.hear(notice, at: MonotonicClock.awake()) }) else { return }
      streams.errors.write("lifeboat: \(SafeText.line(text))\n")
    }
  }

  func say(_ statement: Statement) {
    if statement.isSummary && isQuiet { return }
    streams.output.write(statement.lines.map { SafeText.of($0) + "\n" }.joined())
  }

  func fail(_ failure: Failure) { streams.errors.write(ErrorText.of(failure)) }
}
