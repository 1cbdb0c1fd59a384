import Bytes
import Engine

/// For logs and mail: one summary on standard output, warnings and errors on standard error, and a line every few
/// minutes on long runs. Nothing is said that a person need not read.
struct PlainRenderer: Renderer {
  private let streams: StandardStreams
  private let isQuiet: Bool

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
    }
  }

  func say(_ statement: Statement) {
    if statement.isSummary && isQuiet { return }
    streams.output.write(statement.lines.map { SafeText.of($0) + "\n" }.joined())
  }

  func fail(_ failure: Failure) { streams.errors.write(ErrorText.of(failure)) }
}
