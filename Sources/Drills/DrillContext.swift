import Bytes
import Engine
import Pipeline

/// What all steps of a drill share.
struct DrillContext: Sendable {
  let clock: RecoveryClock
  let stop: StopSignal
  let progress: RunProgress
  let events: EventSink
  /// Threads that restore; nil for one a core.
  let workers: Int?

  /// Runs a step as a phase that is told and measured.
  func measure<Result>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try stop.check()
    events(.step(phase.name))
    return try clock.measure(phase, body)
  }
}
