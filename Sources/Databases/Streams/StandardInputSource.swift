package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// The standard input of the run is the dump. Whether the program before the pipe succeeded nobody can know from here;
/// only a completion marker can tell.
package struct StandardInputSource: DumpSource {
  private let settings: StandardInputSettings
  private let descriptor: Int32

  /// - Parameters:
  ///   - settings: the stream's name and marker
  ///   - descriptor: what is read; standard input unless a test says otherwise
  package init(_ settings: StandardInputSettings, descriptor: Int32 = 0) {
    self.settings = settings
    self.descriptor = descriptor
  }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    guard fcntl(descriptor, F_GETFD) >= 0 else {
      throw Failure(.sourceFailed, "standard input is closed", next: "Pipe the dump into lifeboat.")
    }
    guard isatty(descriptor) == 0 else {
      throw Failure(
        .usage, "standard input is a terminal", next: "Pipe the dump into lifeboat: pg_dump orders | lifeboat backup …")
    }
    let hint = "without a marker a dump that breaks off early can't be told from a whole one"
    return SourceDescription(
      engine: "stdin", identity: "standard input", expectedSize: settings.expectedSize?.count,
      notes: settings.marker == nil ? [hint] : [])
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let stream = DumpedStream(
      name: Array(settings.stream.utf8), kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: settings.expectedSize?.count)
    let summary = try sink.stream(stream, from: descriptor)
    var reasons: [String] = []
    if let problem = summary.readingProblem { reasons.append("standard input can't be read: \(problem)") }
    if summary.length == 0 { reasons.append("nothing arrived on standard input") }
    if let objection = CompletionMarker.objection(settings.marker, to: summary) { reasons.append(objection) }
    return DumpOutcome(verdict: DumpOutcome.verdict(reasons))
  }
}
