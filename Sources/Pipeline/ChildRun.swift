package import Bytes

/// What a small program said and how it ended.
package struct ChildResult: Sendable {
  /// How it ended.
  package let exit: ChildExit
  /// All it printed on standard output.
  package let output: [UInt8]
  /// The last 64 KiB of what it printed on standard error.
  package let errorText: String

  /// The output as text without the line ends at its end.
  package var text: String {
    let end = output.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }.map { $0 + 1 } ?? 0
    return String(decoding: output[..<end], as: UTF8.self)
  }
}

extension Child {
  /// Runs a program to its end and returns all it printed; for outputs that fit in memory.
  ///
  /// - Parameters:
  ///   - command: its `output` is always a pipe here
  ///   - limit: the most it may print, in bytes; more ends it and throws with the command's code
  ///   - stop: the signal of the run
  /// - Returns: the result, whatever the exit status is
  package static func run(
    _ command: ChildCommand, limit: Int = 1 << 20, stop: StopSignal
  ) throws(Failure) -> ChildResult {
    var command = command
    command.output = .pipe
    let child = try Child.start(command, stop: stop)
    var output: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      part.withBytes { output.append(contentsOf: $0) }
      guard output.count <= limit else {
        child.terminate()
        throw Failure(command.code, "\(command.executable) printed more than \(limit) bytes")
      }
    }
    let exit = try child.wait()
    return ChildResult(exit: exit, output: output, errorText: child.errorText)
  }
}
