import Bytes
import Format
import Pipeline
import Profiles

/// Runs a program of the person's own as a check: it finds the restored data by its environment (a folder in
/// `LIFEBOAT_RESTORED`, a server as the clients of its engine do) and says by its exit status whether it is good.
struct ProgramRun {
  /// How much of the end of its output is kept, in bytes.
  private static let tail = 4096

  private let check: ProgramCheck
  private let variables: [String: String]
  private let stop: StopSignal

  init(_ check: ProgramCheck, variables: [String: String], stop: StopSignal) {
    self.check = check
    self.variables = variables
    self.stop = stop
  }

  /// Throws only the reason of a stopped drill.
  func run() throws(Failure) -> CheckResult {
    let limit = check.timeout.map { UInt64($0.count) * 1_000_000_000 }
    let late = Failure(.unproven, "it did not end within \(check.timeout?.text ?? "")")
    do throws(Failure) {
      let (exit, words) = try InnerStop.run(within: stop, for: limit, late: late) { (inner) throws(Failure) in
        try start(inner)
      }
      return result(exit.succeeded ? .pass : .fail, exit.description, words)
    } catch {
      try stop.check()
      // A program that is not there or cannot be started measured nothing; one that is late was measured.
      return error == late ? result(.fail, error.what, []) : result(.unmeasured, error.what, [])
    }
  }

  private func result(_ outcome: Record.Check.Outcome, _ detail: String, _ words: [String]) -> CheckResult {
    CheckResult(check.name, outcome, detail, looksAtData: check.looksAtData, particulars: words)
  }

  private func start(_ stop: StopSignal) throws(Failure) -> (exit: ChildExit, words: [String]) {
    var command = ChildCommand(check.command[0], Array(check.command.dropFirst()), failing: .unproven)
    command.environment = .inherited(setting: variables)
    let child = try Child.start(command, stop: stop)
    var end: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      part.withBytes { end.append(contentsOf: $0) }
      if end.count > ProgramRun.tail { end.removeFirst(end.count - ProgramRun.tail) }
    }
    let exit = try child.wait()
    return (exit, ProgramRun.lastLine(String(decoding: end, as: UTF8.self)) + ProgramRun.lastLine(child.errorText))
  }

  /// The last line that says anything, made safe for a terminal.
  private static func lastLine(_ text: String) -> [String] {
    let line = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
    return line.map { [DisplayText.of(Array($0.utf8.suffix(300)))] } ?? []
  }
}
