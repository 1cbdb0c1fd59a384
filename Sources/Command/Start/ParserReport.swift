import ArgumentParser
import Bytes

/// What the argument parser had to say: help for people, or what is wrong with the command line.
struct ParserReport {
  private let error: any Error
  private let isJSON: Bool

  init(_ error: any Error, _ arguments: [String]) {
    self.error = error
    isJSON = arguments.prefix { $0 != "--" }.contains("--json")
  }

  /// Prints it; returns the exit status.
  func show(on streams: StandardStreams) -> Int32 {
    if Lifeboat.exitCode(for: error) == .success {
      streams.output.write(Lifeboat.fullMessage(for: error) + "\n")
      guard let broken = streams.output.failure else { return 0 }
      return show(broken, on: streams)
    }
    return show(failure, on: streams)
  }

  private func show(_ failure: Failure, on streams: StandardStreams) -> Int32 {
    let renderer: any Renderer =
      isJSON ? JSONRenderer(streams.output, isQuiet: false) : PlainRenderer(streams, isQuiet: false)
    renderer.fail(failure)
    return failure.code.exitStatus
  }

  private var failure: Failure {
    let message = Lifeboat.message(for: error).split(separator: "\n").map(String.init)
    let hint = Lifeboat.fullMessage(for: error).split(separator: "\n").last.map { $0.drop { $0 == " " } } ?? ""
    let what =
      message.first.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 } ?? "the command line is not understood"
    return Failure(
      .usage, what.prefix(1).lowercased() + what.dropFirst(), at: "command line",
      next: hint.hasPrefix("See ") ? String(hint) : "See lifeboat --help.")
  }
}
