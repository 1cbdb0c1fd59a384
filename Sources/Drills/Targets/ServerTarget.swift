package import Bytes
import Databases
package import Engine
import Format
package import Pipeline
package import Profiles
import Repository
import Synchronization

/// A server that is made for one drill, loaded, and destroyed with proof.
package final class ServerTarget: BreakableTarget {
  private struct State {
    /// What the last attempt made.
    var plan: LoadPlan?
    /// The version of PostgreSQL that is preferred, once a snapshot said so.
    var major: Int?
  }

  private let server: Mutex<ScratchServer>
  private let state = Mutex(State())
  private let kind: ServerKind
  private let remake: @Sendable () -> ScratchServer

  package init(
    _ kind: ServerKind, _ settings: ScratchServerSettings, of target: DrillTarget, events: @escaping EventSink
  ) {
    self.kind = kind
    let remake: @Sendable () -> ScratchServer = {
      ScratchServer(kind, settings, of: target, jobs: UsableCores.count(), events: events)
    }
    self.remake = remake
    server = Mutex(remake())
  }

  private var scratch: ScratchServer { server.withLock { $0 } }

  package var title: String { "scratch \(scratch.title)" }

  /// The drill's folder while there is one.
  package var folder: String? { scratch.path }

  /// The account that the server runs as, where lifeboat is root.
  package var account: String? { scratch.account }

  /// How the server is reached; nil before it was made.
  package var settings: ServerSettings? { try? scratch.server() }

  package func start(stop: StopSignal) throws(Failure) { try scratch.make(stop: stop) }

  // MARK: - Restore

  func restore(_ job: RestoreJob) throws(Failure) -> any RestoredData { try load(job).restored }

  /// Restores, as `restore` does.
  package func load(_ job: RestoreJob) throws(Failure) -> LoadedServer {
    do throws(Failure) {
      return try InnerStop.run(within: job.stop) { (inner) throws(Failure) in try attempt(job, inner) }
    } catch {
      try job.stop.check()
      throw blamed(error)
    }
  }

  /// A load that fails because its server is gone, or has no room left, says so first.
  private func blamed(_ failure: Failure) -> Failure {
    guard failure.code == .targetRefused else { return failure }
    let scratch = scratch
    if scratch.isExpired { return scratch.expired }
    let isFull = ["No space left on device", "could not extend file", "is full", "Disk full"].contains {
      failure.what.contains($0)
    }
    guard isFull || scratch.isFull else { return failure }
    return Failure(
      .targetFull, "the scratch server's disk is full: \(failure.what)", at: failure.place,
      next: "Free space, or set target.folder to a larger disk.")
  }

  private func attempt(_ job: RestoreJob, _ stop: StopSignal) throws(Failure) -> LoadedServer {
    let engine = job.snapshot.snapshot.engine.kind
    guard engine == kind.rawValue || (kind == .mariadb && engine == "mysql") else {
      throw Failure(
        .targetRefused, "the snapshot is of \(engine), and the scratch server is \(kind.rawValue)",
        next: "Set target.engine to what the component is, or leave it out.")
    }
    let loading = ServerLoad(job: job, stop: stop)
    let (streams, truth) = try loading.open()
    let (settings, timed) = try job.clock.measure(.target) { () throws(Failure) in try prepare(streams, job, stop) }
    let loader = LoadTargets.make(TargetSettings(kind: kind, server: settings))
    try discard(with: loader, stop)
    let request = LoadRequest(
      globals: kind == .postgresql, checksums: truth.tables.contains { $0.checksum != .zero }, isDrill: true)
    let loaded = try loading.run(request, into: loader, from: timed) { (plan) throws(Failure) in
      // How many keys there are is known only now.
      if kind == .redis {
        try say(scratch.check(dump: plan.bytes, size: nil, keys: plan.keys.values.reduce(0, +)), job)
      }
      state.withLock { $0.plan = plan }
    }
    return LoadedServer(kind: kind, server: settings, truth: truth, loader: loader, plan: loaded)
  }

  /// What a former attempt left in the server. It is gone where the server had to be made anew.
  private func discard(with loader: any LoadTarget, _ stop: StopSignal) throws(Failure) {
    guard let plan = state.withLock({ $0.plan }) else { return }
    _ = try loader.discard(plan, stop: stop)
    state.withLock { $0.plan = nil }
  }

  /// Gets the server ready for this snapshot: its version, its room, its roles.
  private func prepare(
    _ streams: SnapshotStreams, _ job: RestoreJob, _ stop: StopSignal
  ) throws(Failure) -> (ServerSettings, TimedStreams) {
    let dump = job.snapshot.snapshot.catalogue.length
    guard kind == .postgresql else {
      if kind == .mariadb {
        try say(scratch.check(dump: dump, size: nil), job)
        try takeUsers(streams, job, stop)
      }
      return (try scratch.server(), TimedStreams(streams))
    }
    let facts = try ScratchGlobals.facts(in: streams, stop: stop)
    try match(facts.major, job, stop)
    try say(scratch.check(dump: dump, size: facts.size), job)
    let scratch = scratch
    let script = try ScratchGlobals.script(streams, facts, stop: stop) { (number) throws(Failure) in
      try scratch.makeFolder("\(number)", stop: stop)
    }
    return (try scratch.server(), TimedStreams(streams, instead: [ScratchGlobals.name: script]))
  }

  private func say(_ notes: [String], _ job: RestoreJob) { for note in notes { job.events(.note(note)) } }

  /// Makes another server where the one that was made before the snapshot was known is not of its version, and one of
  /// its version is installed.
  private func match(_ major: Int?, _ job: RestoreJob, _ stop: StopSignal) throws(Failure) {
    guard let major, state.withLock({ $0.major }) != major else { return }
    state.withLock { $0.major = major }
    guard try scratch.isBetterMatched(by: major, stop: stop) else { return }
    job.events(.note("the dump is of PostgreSQL \(major): another scratch server is made"))
    _ = try scratch.end()
    let other = remake()
    server.withLock { $0 = other }
    state.withLock { $0.plan = nil }
    try other.make(major: major, stop: stop)
  }

  private func takeUsers(_ streams: SnapshotStreams, _ job: RestoreJob, _ stop: StopSignal) throws(Failure) {
    let name = Array("users.sql".utf8)
    guard streams.streams.contains(where: { $0.name == name }) else { return }
    let script = try streams.read(name, limit: 64 << 20, stop: stop)
    let (programs, place) = try scratch.made()
    guard let programs = programs as? ScratchMariaDB else { return }
    say(try programs.takeUsers(script, in: place, stop: stop), job)
  }

  // MARK: - Breaking

  package func kill() -> Bool { scratch.kill() }

  package func startAgain(stop: StopSignal) throws(Failure) {
    if try scratch.startAgain(stop: stop) == .fromNothing { state.withLock { $0.plan = nil } }
  }

  // MARK: - Ending

  package func destroy() throws(Failure) -> String { try scratch.end() }

  package func keep() throws(Failure) -> String { try scratch.keep(stop: StopSignal()) }
}
