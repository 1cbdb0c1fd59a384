package import Bytes
package import Pipeline

/// Credentials that a program prints as JSON: `credential_process` of the shared AWS files.
///
/// The program is started without a shell. What it prints is never shown, for it is the secret; of its errors the end
/// is.
package struct ProcessCredentials: CredentialsSource {
  /// Longer than any answer.
  private static let limit = 262_144

  private let line: String
  private let origin: String
  private let seconds: UInt64
  private let stop: StopSignal

  /// - Parameters:
  ///   - line: program and arguments as a shell reads them
  ///   - origin: where the line stands: `profile backup in /root/.aws/config`
  ///   - seconds: how long the program may take
  ///   - stop: the signal of the run
  package init(_ line: String, origin: String, seconds: UInt64 = 60, stop: StopSignal) {
    self.line = line
    self.origin = origin
    self.seconds = seconds
    self.stop = stop
  }

  package func look() throws(Failure) -> CredentialsFinding {
    let place = "credential_process of \(origin)"
    guard let words = CommandWords.split(line), let program = words.first else {
      throw Failure(.storeDenied, "the command line is empty or a quote in it is not closed", at: place)
    }
    let answer = try output(of: program, Array(words.dropFirst()), place)
    guard let json = CredentialsJSON.read(answer), json.version == 1 else {
      throw Failure(
        .storeDenied, "\(program) did not print credentials as JSON of Version 1", at: place,
        next: "Run the command by hand: its output must have Version, AccessKeyId and SecretAccessKey.")
    }
    return .found(try json.credentials(from: place))
  }

  private func output(of program: String, _ arguments: [String], _ place: String) throws(Failure) -> [UInt8] {
    var command = ChildCommand(program, arguments, failing: .storeDenied)
    command.grace = 1_000_000_000
    let late = Failure(
      .storeUnavailable, "\(program) did not answer within \(seconds) s", at: place,
      next: "Run the command by hand; it must not ask for anything.", retry: RetryAdvice())
    let result: ChildResult
    do throws(Failure) {
      result = try InnerStop.run(within: stop, for: seconds * 1_000_000_000, late: late) { (inner) throws(Failure) in
        try Child.run(command, limit: ProcessCredentials.limit, stop: inner)
      }
    } catch {
      throw error == late || error.code == .interrupted ? error : error.within(place)
    }
    guard result.exit.succeeded else {
      let tail = ProcessCredentials.tail(of: result.errorText)
      throw Failure(
        .storeDenied, "\(program) ended with \(result.exit)\(tail.isEmpty ? "" : ": \(tail)")", at: place,
        next: "Run the command by hand.")
    }
    return result.output
  }

  /// The last lines of what the program said, on one.
  private static func tail(of errors: String) -> String {
    let lines = errors.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " | ")
    return lines.count > 300 ? "…\(lines.suffix(300))" : lines
  }
}
