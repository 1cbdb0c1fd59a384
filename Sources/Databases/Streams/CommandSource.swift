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
    let (variables, _) = try environment(stop)
    var version = ""
    if let words = settings.engine?.version, let tool = words.first {
      var command = ChildCommand(tool, Array(words.dropFirst()), failing: .sourceFailed)
      command.environment = .inherited(setting: variables)
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
    let (variables, redaction) = try environment(stop)
    var command = ChildCommand(program, Array(settings.run.dropFirst()), failing: .sourceFailed)
    command.environment = .inherited(setting: variables)
    command.folder = settings.directory
    let child = try Child.start(command, stop: stop)
    let stream = DumpedStream(
      name: Array(settings.stream.utf8), kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: settings.expectedSize?.count)
    let summary = try sink.stream(stream, from: child.output)
    let exit = try child.wait()
    let errorText = String(
      decoding: redaction.clean(child.errorText).utf8.suffix(CommandSource.errorLimit), as: UTF8.self)
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

  /// The variables for the program, and what must be taken out of its messages.
  private func environment(_ stop: StopSignal) throws(Failure) -> ([String: String], Redaction) {
    var variables: [String: String] = [:]
    var secrets: [[UInt8]] = []
    for setting in settings.environment {
      switch setting.value {
      case .literal(let value):
        variables[setting.name] = value
        if CommandSource.mayBeSecret(setting.name) { secrets.append(Array(value.utf8)) }
      case .reference(let reference):
        let bytes: [UInt8]
        do {
          bytes = try SecretFetcher.fetch(reference, stop: stop)
        } catch {
          try stop.check()
          throw error.within("source.environment.\(setting.name)")
        }
        guard let value = String(validating: bytes, as: UTF8.self) else {
          throw Failure(.keyInvalid, "the secret is not UTF-8 text", at: "source.environment.\(setting.name)")
        }
        variables[setting.name] = value
        secrets.append(bytes)
      }
    }
    return (variables, Redaction(secrets: secrets))
  }

  /// A value written in the profile is hidden if its name sounds like a secret; hiding host names would only obscure
  /// messages.
  private static func mayBeSecret(_ name: String) -> Bool {
    let name = name.uppercased()
    return ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL"].contains { name.contains($0) }
  }

  /// The program, or the first word of a shell line: arguments may hold what isn't for everyone.
  private func identity(_ program: String) -> String {
    guard settings.run.count == 3, settings.run.starts(with: ["/bin/sh", "-c"]) else { return program }
    return settings.run[2].split(whereSeparator: \.isWhitespace).first.map { "\($0.prefix(200))" } ?? program
  }
}
