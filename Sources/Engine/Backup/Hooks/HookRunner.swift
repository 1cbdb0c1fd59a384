import Bytes
import Databases
package import Pipeline
package import Profiles

/// Runs the hooks of one backup. What they print becomes notes.
struct HookRunner {
  /// What a hook is told of the run, in its environment; never a secret.
  struct Situation {
    var component: String
    /// The snapshot's id; empty before there is one.
    var snapshot = ""
    /// `complete`, `quarantined`, `failed`; empty before it is known.
    var verdict = ""
    /// Why the run failed, on one line; empty where it did not.
    var error = ""
    /// What somebody is told of; empty for a hook of the run itself.
    var event = ""
    /// What there is to say of a drill or a recovery beside that.
    var more: [String: String] = [:]

    fileprivate func variables(_ hook: String) -> [String: String] {
      [
        "LIFEBOAT_COMPONENT": component, "LIFEBOAT_SNAPSHOT": snapshot, "LIFEBOAT_VERDICT": verdict,
        "LIFEBOAT_ERROR": error, "LIFEBOAT_HOOK": hook, "LIFEBOAT_EVENT": event,
      ].merging(more) { own, _ in own }
    }
  }

  /// How long the hooks of a stopped run may take, in seconds, each: whoever stopped it waits.
  private static let stoppedGrace = Seconds(60)
  /// Lines of a hook's output that are told.
  private static let toldLines = 20

  let hooks: Hooks
  let stop: StopSignal
  let events: EventSink

  /// Runs the hooks before the dump.
  ///
  /// - Throws: `sourceFailed` for the first one that fails or takes too long
  func before(_ situation: Situation) throws(Failure) {
    for hook in hooks.before { try run(hook, "before", situation, stop, limit: hook.timeout) }
  }

  /// Runs the hooks after a complete snapshot; all of them, whatever one does.
  ///
  /// - Returns: what the first of them failed with
  func after(_ situation: Situation) -> Failure? {
    var first: Failure?
    for hook in hooks.after {
      do throws(Failure) {
        try run(hook, "after", situation, stop, limit: hook.timeout)
      } catch {
        if first == nil { first = error } else { events(.warning(error.description)) }
      }
    }
    return first
  }

  /// Runs the hooks of a failed run; what fails is a warning.
  func failed(_ situation: Situation) { runAll(hooks.failed, "failed", situation) }

  /// Runs the hooks at the end of any run; what fails is a warning.
  func finally(_ situation: Situation) { runAll(hooks.finally, "finally", situation) }

  /// Runs the program that tells somebody of an event; a failure is a warning.
  func tell(_ hook: Hook, of event: String, _ situation: Situation) {
    var situation = situation
    situation.event = event
    runAll([hook], "notify", situation)
  }

  /// These run after a stop, too: then under a signal of their own, and not for long.
  private func runAll(_ programs: [Hook], _ name: String, _ situation: Situation) {
    for hook in programs {
      let limit = stop.isStopped ? min(hook.timeout, HookRunner.stoppedGrace) : hook.timeout
      do throws(Failure) {
        try run(hook, name, situation, StopSignal(), limit: limit)
      } catch {
        events(.warning(error.description))
      }
    }
  }

  private func run(
    _ hook: Hook, _ name: String, _ situation: Situation, _ stop: StopSignal, limit: Seconds
  ) throws(Failure) {
    guard let program = hook.run.first else { throw Failure(.usage, "the hook \(name) is empty") }
    let late = Failure(.sourceFailed, "the hook \(name) took longer than \(limit) and was ended", at: program)
    events(.step("hook \(name)"))
    try InnerStop.run(within: stop, for: UInt64(limit.count) * 1_000_000_000, late: late) { (inner) throws(Failure) in
      let environment = try ProgramEnvironment(hook.environment, at: "hooks.\(name)", stop: inner)
      var command = ChildCommand(program, Array(hook.run.dropFirst()), failing: .sourceFailed)
      let told = situation.variables(name)
      command.environment = .inherited(setting: environment.variables.merging(told) { _, own in own })
      let child = try Child.start(command, stop: inner)
      let output = try HookOutput.read(child)
      let exit = try child.wait()
      let lines = (output + child.errorText).split(whereSeparator: \.isNewline).suffix(HookRunner.toldLines)
        .map { environment.clean(String($0)) }
      for line in lines { events(.note("hook \(name): \(line)")) }
      guard exit.succeeded else {
        let last = lines.last.map { ": \($0.prefix(300))" } ?? ""
        throw Failure(.sourceFailed, "the hook \(name) ended with \(exit)\(last)", at: program)
      }
    }
  }
}

/// Tells of what is no backup, by the programs of a profile's `notify`. One that fails is a warning.
package struct Notifier {
  private let runner: HookRunner

  package init(stop: StopSignal, events: @escaping EventSink) {
    runner = HookRunner(hooks: Hooks(), stop: stop, events: events)
  }

  /// Runs the programs that want to know of an event.
  ///
  /// - Parameters:
  ///   - notifications: of the profile
  ///   - event: what happened
  ///   - component: of what
  ///   - snapshot: its id
  ///   - verdict: how it ended
  ///   - error: why, on one line; empty where all is well
  ///   - more: further variables of their environment
  package func tell(
    _ notifications: [Notification], of event: Notification.Event, component: String, snapshot: String, verdict: String,
    error: String, more: [String: String]
  ) {
    let situation = HookRunner.Situation(
      component: component, snapshot: snapshot, verdict: verdict, error: error, more: more)
    for notification in notifications where notification.on.contains(event) {
      runner.tell(notification.hook, of: event.rawValue, situation)
    }
  }
}

/// The end of what a hook prints.
private enum HookOutput {
  private static let limit = 65_536

  /// Reads to the end and keeps the last of it.
  static func read(_ child: Child) throws(Failure) -> String {
    var kept: [UInt8] = []
    var part = Buffer(capacity: limit)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { break }
      part.withBytes { kept.append(contentsOf: $0) }
      if kept.count > limit { kept.removeFirst(kept.count - limit) }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
