package import Bytes
import Engine
import Glibc
import Pipeline
import Profiles

/// Runs the commands of a kit as a person would: each by `sh -eu`, with nothing in its environment but what the page
/// says, an empty home, no profile, no cache, no configuration; in a system of its own where there is one.
///
/// One thread at a time uses it.
package final class KitRun: KitExecutor, @unchecked Sendable {
  private var scratch: KitScratch?

  package init() {}

  package func restore(_ job: KitJob) throws(Failure) -> KitRestored {
    if scratch != nil { _ = try destroy() }
    let late = Failure(
      .unproven, "the commands of the kit did not end in time", next: "Look at what takes so long, or give more time.")
    return try InnerStop.run(within: job.stop, for: job.limit, late: late) { (stop) throws(Failure) in
      let scratch = try job.clock.measure(.target) { () throws(Failure) in try KitScratch(job, stop: stop) }
      self.scratch = scratch
      // The key goes as soon as nothing needs it any more, whatever happened.
      defer { scratch.removeKit() }
      var commands: [String] = []
      for step in job.way.steps {
        try stop.check()
        job.events(.step(step.title))
        let script = job.way.script(of: step, setting: scratch.values)
        commands.append(script)
        try job.clock.measure(.step(step.title)) { () throws(Failure) in
          try KitCommand(job, scratch, step, script).run(stop: stop)
        }
      }
      return KitRestored(
        place: try scratch.place(of: job.way.result), databases: job.kit.contents.databases ?? [], commands: commands)
    }
  }

  package func destroy() throws(Failure) -> String {
    guard let scratch else { return "nothing was made" }
    let proof = try scratch.destroy()
    self.scratch = nil
    return proof
  }

  package func keep() throws(Failure) -> String {
    guard let scratch else {
      throw Failure(.targetRefused, "the kit restored nothing that could be kept")
    }
    let place = try scratch.keep()
    self.scratch = nil
    return place
  }
}

/// One command of a kit, run.
struct KitCommand {
  /// How much of the end of what it prints is kept, in bytes.
  private static let tail = 8192

  private let job: KitJob
  private let scratch: KitScratch
  private let step: KitStep
  private let script: String

  init(_ job: KitJob, _ scratch: KitScratch, _ step: KitStep, _ script: String) {
    self.job = job
    self.scratch = scratch
    self.step = step
    self.script = script
  }

  func run(stop: StopSignal) throws(Failure) {
    let words = scratch.entering(["/bin/sh", "-eu", "-c", script])
    var command = ChildCommand(words[0], Array(words.dropFirst()), failing: .targetRefused)
    command.environment = .only(scratch.environment)
    command.folder = "/"
    let child = try Child.start(command, stop: stop)
    var end: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      part.withBytes { end.append(contentsOf: $0) }
      if end.count > KitCommand.tail { end.removeFirst(end.count - KitCommand.tail) }
    }
    let exit = try child.wait()
    guard exit.succeeded else {
      throw failure(exit, child.errorText + "\n" + String(decoding: end, as: UTF8.self))
    }
  }

  private func failure(_ exit: ChildExit, _ words: String) -> Failure {
    let words = step.reads ? words : "\(scratch.serverLog)\n\(words)"
    let lines = scratch.clean(words).split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    let last = lines.suffix(6).joined(separator: "; ")
    return Failure(
      step.reads ? KitCommand.code(of: exit) : .targetRefused,
      "the step \"\(step.title)\" ended with \(exit)" + (last.isEmpty ? "" : ": \(last)"),
      at: "rescue kit of \(job.kit.component), by \(job.tool == .lifeboat ? "lifeboat" : "rescue.py")",
      next: "Run the page's commands by hand up to this one.")
  }

  /// Both tools share these.
  private static func code(of exit: ChildExit) -> Failure.Code {
    switch exit {
    case .exited(4): .storeUnavailable
    case .exited(5): .keyInvalid
    case .exited(6): .damaged
    case .exited(10): .unproven
    default: .targetRefused
    }
  }
}
