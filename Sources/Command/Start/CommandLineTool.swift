import ArgumentParser
import Bytes
import Glibc
import Pipeline

/// The program: arguments in, exit status out.
package enum CommandLineTool {
  /// Runs the command line of this process and ends it.
  package static func main() -> Never {
    let isInputClosed = StandardStreams.fillGaps()
    SignalWatch.prepare()
    CrashOutput.forbid()
    let stop = StopSignal()
    let streams = StandardStreams(stop: stop, isInputClosed: isInputClosed)
    SignalWatch.start(stopping: stop)
    exit(run(Array(CommandLine.arguments.dropFirst()), streams, stop))
  }

  private static func run(_ arguments: [String], _ streams: StandardStreams, _ stop: StopSignal) -> Int32 {
    do {
      let parsed = try Lifeboat.parseAsRoot(CommandWords.spelled(arguments))
      if let command = parsed as? any LifeboatCommand { return run(command, streams, stop) }
      // A command that only groups others, or the built-in help: both end by throwing the help text.
      var other = parsed
      try other.run()
      return 0
    } catch {
      return ParserReport(error, arguments).show(on: streams)
    }
  }

  private static func run(
    _ command: any LifeboatCommand, _ streams: StandardStreams, _ stop: StopSignal
  ) -> Int32 {
    let context = RunContext(command, streams, stop: stop)
    do {
      try command.run(in: context)
      return context.finish(promisesOutput: command.promisesOutput)
    } catch {
      return context.finish(failing: Failure(unexpected: error))
    }
  }
}
