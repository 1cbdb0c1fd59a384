import Bytes
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// What happens around a backup: the hooks, and the word to those who want to be told of its end.
struct BackupSurroundings {
  private let request: BackupRequest
  private let runner: HookRunner
  private let state: HostState?
  private let events: EventSink
  private let stop: StopSignal

  init(_ request: BackupRequest, state: HostState?, stop: StopSignal, events: @escaping EventSink) {
    self.request = request
    self.state = state
    self.stop = stop
    self.events = events
    runner = HookRunner(hooks: request.hooks, stop: stop, events: events)
  }

  /// Does the backup between its hooks.
  func run(_ backup: () throws(Failure) -> BackupReport) throws(Failure) -> BackupReport {
    var situation = HookRunner.Situation(component: request.component)
    do throws(Failure) {
      try runner.before(situation)
      var report = try backup()
      situation.snapshot = report.name.hex
      situation.verdict = report.snapshot.verdict.rawValue
      if report.snapshot.verdict == .complete { report.hookFailure = runner.after(situation) }
      end(&situation, report.failure)
      return report
    } catch {
      situation.verdict = "failed"
      end(&situation, error)
      throw error
    }
  }

  /// Tells of a run that failed before its first hook: there is nothing for `finally` to put right. That another run is
  /// under way is no failure to tell of.
  func failedEarly(_ failure: Failure) {
    guard failure.code != .busy else { return }
    var situation = HookRunner.Situation(component: request.component)
    situation.verdict = "failed"
    situation.error = BackupSurroundings.line(failure)
    runner.failed(situation)
    notify(situation)
  }

  private func end(_ situation: inout HookRunner.Situation, _ failure: Failure?) {
    if let failure {
      situation.error = BackupSurroundings.line(failure)
      runner.failed(situation)
    }
    notify(situation)
    runner.finally(situation)
  }

  private static func line(_ failure: Failure) -> String {
    String(failure.description.map { $0.isNewline ? " " : $0 })
  }

  private func notify(_ situation: HookRunner.Situation) {
    // A run that a person stopped is nothing to tell of.
    guard !stop.isStopped, let event = Notification.Event(rawValue: situation.verdict) else { return }
    let isRecovered = event == .complete && lastVerdict.map { $0 != event.rawValue } ?? false
    remember(event.rawValue)
    for notification in request.notifications {
      let wanted = isRecovered && notification.on.contains(.recovered) ? .recovered : event
      guard notification.on.contains(wanted) else { continue }
      runner.tell(notification.hook, of: wanted.rawValue, situation)
    }
  }

  /// How the last run of the component on this host ended; nil where nobody knows.
  private var lastVerdict: String? {
    guard let state, let bytes = try? DurableFile.read(state.verdictPath(component: request.component), limit: 64)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Costs a word of recovery where it fails, no more.
  private func remember(_ verdict: String) {
    guard let state, verdict != lastVerdict else { return }
    let path = state.verdictPath(component: request.component)
    do throws(SystemError) {
      try DurableFile.createFolder(DurableFile.folder(of: path))
      try Array(verdict.utf8).withUnsafeBufferPointer { (bytes) throws(SystemError) in
        try DurableFile.replace(path, UnsafeRawBufferPointer(bytes))
      }
    } catch {
      events(.note("how this run ended cannot be remembered: \(error.reason)"))
    }
  }
}
