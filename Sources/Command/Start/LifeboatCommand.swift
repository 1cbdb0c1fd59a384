import ArgumentParser
import Bytes

/// What every command of ours is: it runs in a context, and fails with a `Failure` alone.
protocol LifeboatCommand: ParsableCommand {
  var output: OutputOptions { get }

  /// True for a command that is run for what it prints: output that can't be written is then a failure, not a warning.
  var promisesOutput: Bool { get }

  /// True where only warnings and errors are to be shown.
  var isQuiet: Bool { get }

  /// True where standard output carries the data themselves, so that events go to standard error.
  var sendsDataToOutput: Bool { get }

  /// Does the work.
  func run(in context: RunContext) throws(Failure)
}

extension LifeboatCommand {
  var promisesOutput: Bool { true }
  var isQuiet: Bool { false }
  var sendsDataToOutput: Bool { false }
}

/// How a command speaks.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object a line, errors included, for programs.")
  var json = false
}

/// For commands whose summary may be unwanted.
struct QuietOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false
}
