package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// A program run by us whose output is the dump. The dump is whole if the program exits 0, its output isn't empty, and
/// the completion marker stands at its end, if the profile names one.
package struct CommandSource: DumpSource {
  private let settings: CommandSettings
  /// How much of the error output goes into an outcome, in bytes from its end.
  private static let errorLimit = 4096

  package init(_ settings: CommandSettings) { self.settings = settings }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    guard let program = settings.run.first else { throw Failure(.usage, "source.run is empty") }
    if program.contains("/"), program.hasPrefix("/") || settings.directory == nil, access(program, X_OK) != 0 {
      throw SystemError(call: "access", subject: program, number: errno)
        .failure(.sourceFailed, "can't run the dump program", next: "Check source.run.")
    }
    let environment = try environment(stop)
    var version = ""
    if let words = settings.engine?.version, let tool = words.first {
      var command = ChildCommand(tool, Array(words.dropFirst()), failing: .sourceFailed)
      command.environment = .inherited(setting: environment.variables)
      command.folder = settings.directory
      let result = try Child.run(command, stop: stop)
      guard result.exit.succeeded else {
        throw Failure(
          .sourceFailed, "the command for the engine's version failed: \(result.exit)", at: tool,
          next: "Check source.engine.version.")
      }
      version = String(result.text.split(separator: "\n").first?.prefix(200) ?? "")
    }
    var notes: [String] = []
    if settings.marker == nil, settings.run.starts(with: ["/bin/sh", "-c"]) {
      notes.append("a shell line without a marker: if a part of a pipe fails, only its last program's status counts")
    }
    return SourceDescription(
      engine: settings.engine?.name ?? "command", version: version, identity: identity(program),
      expectedSize: settings.expectedSize?.count, notes: notes)
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    guard let program = settings.run.first else { throw Failure(.usage, "source.run is empty") }
    let environment = try environment(stop)
    var command = ChildCommand(program, Array(settings.run.dropFirst()), failing: .sourceFailed)
    command.environment = .inherited(setting: environment.variables)
    command.folder = settings.directory
    let child = try Child.start(command, stop: stop)
    let stream = DumpedStream(
      name: Array(settings.stream.utf8), kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: settings.expectedSize?.count)
    let summary = try sink.stream(stream, from: child.output)
    let exit = try child.wait()
    let errorText = String(
      decoding: environment.clean(child.errorText).utf8.suffix(CommandSource.errorLimit), as: UTF8.self)
    return DumpOutcome(
      verdict: DumpOutcome.verdict(reasons(exit, summary, errorText)), errorText: errorText)
  }

  private func reasons(_ exit: ChildExit, _ summary: StreamSummary, _ errorText: String) -> [String] {
    var reasons: [String] = []
    if !exit.succeeded {
      let last = errorText.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(300))" } ?? ""
      reasons.append("the dump command ended with \(exit)\(last)")
    }
    if let problem = summary.readingProblem { reasons.append("the dump command's output can't be read: \(problem)") }
    if summary.length == 0 { reasons.append("the dump command printed nothing") }
    if let objection = CompletionMarker.objection(settings.marker, to: summary) { reasons.append(objection) }
    return reasons
  }

  private func environment(_ stop: StopSignal) throws(Failure) -> ProgramEnvironment {
    try ProgramEnvironment(settings.environment, at: "source.environment", stop: stop)
  }

  /// The program, or the first word of a shell line: arguments may hold what isn't for everyone.
  private func identity(_ program: String) -> String {
    guard settings.run.count == 3, settings.run.starts(with: ["/bin/sh", "-c"]) else { return program }
    return settings.run[2].split(whereSeparator: \.isWhitespace).first.map { "\($0.prefix(200))" } ?? program
  }
}
