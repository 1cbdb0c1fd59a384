import Bytes
import Databases
import Engine
import Format
import Pipeline
import Profiles
import Synchronization

/// One snapshot on its way into one server: examined, loaded, put in place, asked. Gives each part its phase.
struct ServerLoad {
  let job: RestoreJob
  let stop: StopSignal

  /// The streams of the job's snapshot, and its manifest.
  func open() throws(Failure) -> (streams: SnapshotStreams, truth: TruthManifest) {
    try step(.index) { () throws(Failure) in
      let run = RestoreRun(job.access, stop: stop, progress: job.progress, workers: job.workers)
      let source = try run.source(of: job.snapshot)
      let truth = try run.truth(of: job.snapshot)
      let streams = try SnapshotStreams(
        job.snapshot, from: source, access: job.access, lanes: UsableCores.count(), workers: job.workers, stop: stop,
        progress: job.progress)
      return (streams, truth)
    }
  }

  /// Does it.
  ///
  /// - Parameter adopt: gets the plan before anything is changed, to discard by what was made
  /// - Returns: the plan as it holds now: everything has its name
  /// - Throws: `targetRefused` with all that is in the way, and what the load throws
  func run(
    _ request: LoadRequest, into loader: any LoadTarget, from streams: TimedStreams,
    adopt: (LoadPlan) throws(Failure) -> Void
  ) throws(Failure) -> LoadPlan {
    let plan = try step(.examined) { () throws(Failure) in
      try loader.examine(streams, request, stop: stop)
    }
    for note in plan.notes { job.events(.note(note)) }
    guard plan.obstacles.isEmpty else {
      throw Failure(.targetRefused, plan.obstacles.joined(separator: "\n"), next: "Nothing was changed.")
    }
    try adopt(plan)
    var outcome = try load(plan, loader, streams)
    outcome = try step(.settled) { () throws(Failure) in
      try loader.settle(plan, outcome, from: streams, stop: stop)
    }
    for warning in outcome.warnings { job.events(.warning(warning)) }
    var settled = plan
    settled.workspaces = [:]
    try step(.firstQuery) { () throws(Failure) in try loader.greet(settled, stop: stop) }
    return settled
  }

  /// A phase that is told and measured.
  private func step<Result>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try stop.check()
    job.events(.step(phase.name))
    return try job.clock.measure(phase, body)
  }

  private func load(
    _ plan: LoadPlan, _ loader: any LoadTarget, _ streams: TimedStreams
  ) throws(Failure) -> LoadOutcome {
    let marks = Mutex<[(phase: String, moment: UInt64)]>([])
    let start = MonotonicClock.now()
    defer {
      claim(marks.withLock { $0 })
      if let first = streams.firstByte, let last = streams.lastByte {
        job.clock.claim(.firstByte, from: start, to: first)
        job.clock.claim(.lastByte, from: first, to: last)
      }
    }
    job.progress.expect(plan.bytes)
    let events = job.events
    return try loader.load(plan, from: streams, stop: stop) { event in
      switch event {
      case .phase(let name):
        marks.withLock { $0.append((name, MonotonicClock.now())) }
        events(.step(ServerLoad.phases[name]?.name ?? name))
      case .note(let text): events(.note(text))
      case .warning(let text): events(.warning(text))
      }
    }
  }

  /// The loader's words for its phases, which follow each other.
  private static let phases: [String: Phase] = [
    "target": .target, "load": .loaded, "indexes": .indexes, "analyze": .analyzed,
  ]

  /// Gives each phase the time until the next.
  private func claim(_ marks: [(phase: String, moment: UInt64)]) {
    for (index, mark) in marks.enumerated() {
      let end = index + 1 < marks.count ? marks[index + 1].moment : MonotonicClock.now()
      if let phase = ServerLoad.phases[mark.phase] { job.clock.claim(phase, from: mark.moment, to: end) }
    }
  }
}
