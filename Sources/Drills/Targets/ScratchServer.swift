import Bytes
import Databases
import Engine
import Glibc
import Pipeline
import Profiles
import Synchronization

/// A server of its own for one drill: made from programs of this machine, in a private folder, on a socket that only its
/// account and root can reach, and with nothing on the network.
///
/// It can't be left behind: the kernel ends its first process with lifeboat, a guard ends the rest and removes the
/// folder, and the next drill of the same place looks for both.
final class ScratchServer: @unchecked Sendable {
  let kind: ServerKind
  private let settings: ScratchServerSettings
  private let parent: String?
  private let timeToLive: Seconds
  private let events: EventSink
  /// Streams that are loaded at the same time.
  private let jobs: Int

  /// Only for whoever makes and ends it, from one thread at a time.
  private var folder: DrillFolder?
  // Everything below is guarded by the lock, and none of it for long: a scenario kills the server while it is loaded.
  private let lock = Mutex(())
  private var programs: (any ScratchPrograms)?
  private var place: ScratchPlace?
  private var guardian: ServerGuard?
  private var child: Child?
  private var process: ServerProcess?

  /// How long a server may take until it answers, in nanoseconds.
  private static let patience: UInt64 = 120_000_000_000

  /// - Parameters:
  ///   - settings: what the drill says of it
  ///   - target: where it is made, and how long it may live
  ///   - jobs: streams that are loaded at the same time
  ///   - events: gets the account that it runs as, as a note
  init(
    _ kind: ServerKind, _ settings: ScratchServerSettings, of target: DrillTarget, jobs: Int,
    events: @escaping EventSink
  ) {
    self.kind = kind
    self.settings = settings
    parent = target.folder
    timeToLive = target.timeToLive
    self.jobs = jobs
    self.events = events
  }

  /// `postgresql 15.14`, or without the version where that is not known yet.
  var title: String {
    let version = locked { programs?.version }
    return version.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue
  }

  /// The drill's folder while there is one.
  var path: String? { locked { place?.folder } }

  /// The account that it runs as where lifeboat is root.
  var account: String? { locked { place?.account?.name } }

  /// How it is reached.
  ///
  /// - Throws: `targetRefused` where it was not made
  func server() throws(Failure) -> ServerSettings {
    let made = try made()
    return made.programs.server(in: made.place)
  }

  func made() throws(Failure) -> (programs: any ScratchPrograms, place: ScratchPlace) {
    guard
      let made = locked({ () -> (programs: any ScratchPrograms, place: ScratchPlace)? in
        guard let programs, let place else { return nil }
        return (programs, place)
      })
    else { throw Failure(.targetRefused, "there is no scratch server") }
    return made
  }

  private func locked<Result: Sendable>(_ body: () -> Result) -> Result { lock.withLock { _ in body() } }

  // MARK: - Making

  /// Makes it and starts it.
  ///
  /// - Parameter major: the version of PostgreSQL that is preferred
  /// - Throws: `targetRefused`, `targetFull`
  func make(major: Int? = nil, stop: StopSignal) throws(Failure) {
    let programs = try ScratchFinder.find(kind, in: settings.programs, major: major, stop: stop)
    let account = try ServerAccount.pick(settings.account, usual: ScratchServer.accounts(kind))
    let folder = try DrillFolder(in: parent, needing: 0)
    self.folder = folder
    try FreeSpace.check(folder.path, needing: programs.needs(0, keys: 0).disk)
    let place = ScratchPlace(folder: folder.path, account: account)
    let guardian = try ServerGuard(folder.path, timeToLive: timeToLive)
    locked { (self.programs, self.place, self.guardian) = (programs, place, guardian) }
    if let account { events(.note("the scratch \(kind.rawValue) runs as the account \(account.name)")) }
    try place.prepare(stop: stop)
    try fill(programs, place, stop)
  }

  private static func accounts(_ kind: ServerKind) -> [String] {
    switch kind {
    case .postgresql: ["postgres"]
    case .mariadb: ["mysql"]
    case .redis: ["redis"]
    }
  }

  private func fill(_ programs: any ScratchPrograms, _ place: ScratchPlace, _ stop: StopSignal) throws(Failure) {
    try programs.make(in: place, stop: stop)
    let text = try programs.configuration(in: place, settings.settings, jobs: jobs)
    try place.write(place.configuration, text, isShared: true)
    try run(programs, place, stop)
    try programs.complete(in: place, stop: stop)
  }

  /// Starts it, and waits until it answers.
  private func run(_ programs: any ScratchPrograms, _ place: ScratchPlace, _ stop: StopSignal) throws(Failure) {
    var command = place.command(programs.command(in: place))
    command.output = .nothing
    // It has a signal of its own: what the end of a run leaves of it is for `end` to say.
    let child = try Child.start(command, stop: StopSignal())
    guard let process = ServerProcess(running: child.processID) else { throw refusal(child) }
    locked { (self.child, self.process) = (child, process) }
    try place.write("\(place.folder)/\(ServerProcess.fileName)", process.text, isShared: false)
    let deadline = MonotonicClock.awake() + ScratchServer.patience
    let socket = programs.socket(in: place)
    var status = stat()
    while true {
      try stop.check()
      guard process.isAlive else { throw refusal(child) }
      if lstat(socket, &status) == 0, programs.answers(in: place, stop: stop) { return }
      guard MonotonicClock.awake() < deadline else {
        throw Failure(.targetRefused, "the scratch \(kind.rawValue) does not answer", at: place.folder)
      }
      usleep(20_000)
    }
  }

  private func refusal(_ child: Child) -> Failure {
    child.terminate()
    let exit = try? child.wait()
    return Failure(
      .targetRefused, "the scratch \(kind.rawValue) does not start: \(ScratchPlace.complaint(child.errorText, exit))",
      next: settings.settings.isEmpty ? "" : "Look at target.settings.")
  }

  /// Whether another version of PostgreSQL than the one that runs is installed and fits better.
  func isBetterMatched(by major: Int, stop: StopSignal) throws(Failure) -> Bool {
    guard let now = try made().programs as? ScratchPostgreSQL, now.number.major != major else { return false }
    return try ScratchPostgreSQL.find(in: settings.programs, major: major, stop: stop).number.major == major
  }

  /// Makes a folder within the server's, and gives its path.
  func makeFolder(_ name: String, stop: StopSignal) throws(Failure) -> String {
    let place = try made().place
    try place.run(["mkdir", "-p", "-m", "700", "\(place.spaces)/\(name)"], stop: stop)
    return "\(place.spaces)/\(name)"
  }

  // MARK: - Breaking

  /// Whether it runs.
  var isRunning: Bool { locked { process }?.isAlive == true }

  /// Whether its time to live ended it.
  var isExpired: Bool {
    guard let path = locked({ place?.folder }) else { return false }
    return access("\(path)/\(ServerGuard.expiredName)", F_OK) == 0
  }

  /// Ends every process of it where it stands; returns whether it ran.
  func kill() -> Bool {
    let (child, process, place) = locked { (self.child, self.process, self.place) }
    guard let child, let process, let place, process.isAlive else { return false }
    process.kill()
    ServerProcess.endAll(in: place.folder)
    child.terminate()
    return true
  }

  /// What a server has that was started again.
  enum Again {
    case withItsData, fromNothing
  }

  /// Starts it again with what it has. Where that is too torn to start with, for a killed server may have left half a
  /// page, it begins with nothing, which is a note.
  func startAgain(stop: StopSignal) throws(Failure) -> Again {
    let (programs, place) = try made()
    guard !isExpired else { throw expired }
    guard !isRunning else { return .withItsData }
    do throws(Failure) {
      try run(programs, place, stop)
      return .withItsData
    } catch {
      try stop.check()
      guard error.code == .targetRefused, !isExpired else { throw error }
      events(.note("\(error.what); it is made anew"))
      try empty(place)
      try place.prepare(stop: stop)
      try fill(programs, place, stop)
      return .fromNothing
    }
  }

  private func empty(_ place: ScratchPlace) throws(Failure) {
    _ = kill()
    ServerProcess.endAll(in: place.folder)
    do throws(SystemError) {
      try FileTree.remove(place.server)
    } catch {
      throw error.failure(.targetRefused, "what the scratch server left can't be removed")
    }
  }

  /// Why a server that is gone by itself is gone.
  var expired: Failure {
    Failure(
      .targetRefused, "the scratch server's time to live of \(timeToLive.text) is over",
      next: "Set target.time-to-live to more than the drill takes.")
  }

  // MARK: - Ending

  /// Ends it, removes its folder, and looks whether processes, socket and folder are gone. May be called again.
  ///
  /// - Returns: what was seen, for the record
  /// - Throws: `targetRefused` with what is still there
  func end() throws(Failure) -> String {
    _ = kill()
    let (place, programs, guardian) = locked { (self.place, self.programs, self.guardian) }
    guard let folder else { return "nothing was made" }
    guard let place, let programs else {
      try folder.remove()
      return "folder gone"
    }
    let isOver = ServerProcess.endAll(in: place.folder)
    try folder.remove()
    guardian?.release()
    locked { child = nil }
    guard isOver, ServerProcess.all(in: place.folder).isEmpty, locked({ process })?.isAlive != true else {
      throw Failure(.targetRefused, "a process of the scratch server is still there", at: place.folder)
    }
    var status = stat()
    guard lstat(programs.socket(in: place), &status) != 0, lstat(place.folder, &status) != 0 else {
      throw Failure(.targetRefused, "the scratch server's folder is still there", at: place.folder)
    }
    return "process gone, socket gone, folder gone"
  }

  /// Ends it in an orderly way and leaves its folder, with a script that starts it again.
  ///
  /// - Returns: the folder
  func keep(stop: StopSignal) throws(Failure) -> String {
    let (child, process, guardian) = locked { (self.child, self.process, self.guardian) }
    let (programs, place) = try made()
    guard let folder else { throw Failure(.targetRefused, "there is no scratch server") }
    if let process, process.isAlive {
      programs.close(process, in: place, stop: stop)
      let deadline = MonotonicClock.awake() + 60_000_000_000
      while process.isAlive, MonotonicClock.awake() < deadline { usleep(20_000) }
    }
    child?.terminate()
    ServerProcess.endAll(in: place.folder)
    let kept = try folder.keep()
    guardian?.release()
    let there = ScratchPlace(folder: kept, account: place.account)
    let text = try programs.configuration(in: there, settings.settings, jobs: jobs)
    try there.write(there.configuration, text, isShared: true)
    let words =
      (place.account.map { Array($0.prefix.filter { $0 != "--pdeathsig=KILL" }) } ?? []) + programs.command(in: there)
    let line = words.map { "'\($0)'" }.joined(separator: " ")
    try there.write(
      "\(kept)/start", "#!/bin/sh\n# Starts the server of the drill again, in the foreground.\nexec \(line)\n",
      isShared: false)
    chmod("\(kept)/start", 0o700)
    self.folder = nil
    locked { (self.place, self.child) = (nil, nil) }
    return kept
  }

  // MARK: - Space

  /// Looks whether a dump fits.
  ///
  /// - Parameters:
  ///   - dump: its bytes
  ///   - size: what the database took where it was dumped; nil where nobody knows
  ///   - keys: of Redis
  /// - Returns: what a person should know
  /// - Throws: `targetFull`
  func check(dump: UInt64, size: UInt64?, keys: UInt64 = 0) throws(Failure) -> [String] {
    let (programs, place) = try made()
    let needs = programs.needs(dump, keys: keys)
    // Where its own size is known that counts: a fresh copy is no larger, and its log comes on top.
    let disk = size.map { $0 + $0 / 5 } ?? needs.disk
    try FreeSpace.check(place.folder, needing: disk)
    let free = MachineMemory.available()
    guard needs.memory <= free else {
      throw Failure(
        .targetFull,
        "the restored data needs about \(ByteCount(needs.memory).rounded) of memory, and \(ByteCount(free).rounded) are free",
        next: "Run the drill on a machine with more memory.")
    }
    guard size == nil, kind != .redis else { return [] }
    return ["how much room the data takes with its indexes: unknown, at least \(ByteCount(disk).rounded)"]
  }

  /// Whether its disk has next to nothing left.
  var isFull: Bool {
    guard let path, let free = try? FreeSpace.bytes(in: path) else { return false }
    return free < 16 << 20
  }
}
