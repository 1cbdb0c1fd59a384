package import Bytes
import Databases
package import Engine
import Format
package import Pipeline
package import Profiles
import Repository
import Synchronization

/// A running server that the profile names. It is loaded into databases whose names no one else gives, and those are
/// dropped again; whatever else it holds is left alone. It is never the server that was backed up.
package final class GivenServerTarget: RecoveryTarget {
  private let settings: TargetSettings
  private let word: String
  private let timeToLive: Seconds
  private let loader: any LoadTarget
  private let events: EventSink
  private let plan = Mutex<LoadPlan?>(nil)

  /// - Parameters:
  ///   - word: its name in the profile
  ///   - target: how long what is loaded may stay
  package init(_ word: String, _ settings: TargetSettings, of target: DrillTarget, events: @escaping EventSink) {
    self.word = word
    self.settings = settings
    timeToLive = target.timeToLive
    self.events = events
    loader = LoadTargets.make(settings)
  }

  package var title: String { "server \(settings.kind.rawValue)" }

  /// Removes what killed drills have left there.
  package func start(stop: StopSignal) throws(Failure) {
    let gone = try loader.sweep(stop: stop)
    if !gone.isEmpty {
      events(.note("left behind by drills that were killed, and dropped: \(gone.joined(separator: ", "))"))
    }
  }

  func restore(_ job: RestoreJob) throws(Failure) -> any RestoredData { try load(job).restored }

  /// Restores, as `restore` does.
  package func load(_ job: RestoreJob) throws(Failure) -> LoadedServer {
    let engine = job.snapshot.snapshot.engine.kind
    guard engine == settings.kind.rawValue || (settings.kind == .mariadb && engine == "mysql") else {
      throw Failure(
        .targetRefused, "the snapshot is of \(engine), and the server is \(settings.kind.rawValue)", at: word)
    }
    do throws(Failure) {
      return try InnerStop.run(within: job.stop) { (inner) throws(Failure) in try attempt(job, inner) }
    } catch {
      try job.stop.check()
      throw error
    }
  }

  private func attempt(_ job: RestoreJob, _ stop: StopSignal) throws(Failure) -> LoadedServer {
    let loading = ServerLoad(job: job, stop: stop)
    let (streams, truth) = try loading.open()
    try discard(stop: stop)
    let expires = Moment(seconds: Int64(WallClock.now() / 1_000_000_000) + timeToLive.count)
    // Whose objects they are over there is for that server's people: no role is made or changed.
    let request = LoadRequest(
      noOwner: settings.kind == .postgresql, checksums: truth.tables.contains { $0.checksum != .zero }, isDrill: true,
      ending: settings.kind == .redis ? nil : DrillEnding(expires: expires))
    let loaded = try loading.run(request, into: loader, from: TimedStreams(streams)) { (found) throws(Failure) in
      plan.withLock { $0 = found }
    }
    return LoadedServer(
      kind: settings.kind, server: settings.server, truth: truth, loader: loader, plan: loaded, isScratch: false)
  }

  @discardableResult
  private func discard(stop: StopSignal) throws(Failure) -> [String] {
    guard let made = plan.withLock({ $0 }) else { return [] }
    let gone = try loader.discard(made, stop: stop)
    plan.withLock { $0 = nil }
    return gone
  }

  package func destroy() throws(Failure) -> String {
    guard let made = plan.withLock({ $0 }) else { return "nothing was made" }
    // A stopped drill clears up, too, but not for ever.
    let late = Failure(
      .targetRefused, "the server does not answer", at: word, next: "Drop the drill's databases by hand.")
    _ = try InnerStop.run(within: StopSignal(), for: 120_000_000_000, late: late) { (stop) throws(Failure) in
      try discard(stop: stop)
    }
    let count = made.databases.count
    return count == 1 ? "database gone" : "\(count) databases gone"
  }

  /// They stay until a later drill finds that their time is over.
  package func keep() throws(Failure) -> String {
    guard let made = plan.withLock({ $0 }) else { throw Failure(.targetRefused, "nothing was made") }
    plan.withLock { $0 = nil }
    return "\(word): \(made.databases.map(\.target).joined(separator: ", "))"
  }
}
