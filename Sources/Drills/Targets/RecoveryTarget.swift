import Bytes
package import Engine
package import Pipeline
package import Repository

/// Where a drill restores to. One drill: `start`, `restore`, checks on what that gave, `clear`.
protocol RecoveryTarget: AnyObject, Sendable {
  /// What stands on the record: `scratch postgresql 15.14`. Never a path, a host or an account.
  var title: String { get }

  /// Makes what can be made before anything was read from the repository: runs beside its opening, and once.
  ///
  /// - Parameter needed: bytes of the dump; nil where the snapshot is not chosen yet
  /// - Throws: `targetRefused`, `targetFull`; a server that cannot be made measured nothing
  func start(stop: StopSignal) throws(Failure)

  /// Restores the snapshot, and gives each part of it to its phase. May be called again after it threw: what a former
  /// attempt left is removed, or gone on from.
  ///
  /// - Throws: `damaged` and its kin if the snapshot does not come back; `targetRefused` and `targetFull` if the target
  ///   did not take it; `storeUnavailable` and its kin; the reason of a stopped drill
  func restore(_ job: RestoreJob) throws(Failure) -> any RestoredData

  /// Removes what was restored, and the server with it, and looks whether they are gone. Runs in every case; may be
  /// called again.
  ///
  /// - Returns: how that was seen, for the record: `process gone, socket gone, folder gone`
  func destroy() throws(Failure) -> String

  /// Leaves everything for a person to look at; returns where.
  func keep() throws(Failure) -> String
}

/// What a target restores, and with what.
package struct RestoreJob: Sendable {
  let snapshot: ListedSnapshot
  let access: RestorerAccess
  let clock: RecoveryClock
  let stop: StopSignal
  let progress: RunProgress
  let events: EventSink
  /// Threads that open and decompress; nil for one a core.
  let workers: Int?

  package init(
    snapshot: ListedSnapshot, access: RestorerAccess, clock: RecoveryClock, stop: StopSignal, progress: RunProgress,
    events: @escaping EventSink, workers: Int? = nil
  ) {
    self.snapshot = snapshot
    self.access = access
    self.clock = clock
    self.stop = stop
    self.progress = progress
    self.events = events
    self.workers = workers
  }
}

/// A target whose server or disk a scenario can take away while it is loaded.
protocol BreakableTarget: RecoveryTarget {
  /// Kills the server where it stands; returns whether there was one to kill.
  func kill() -> Bool

  /// Starts the server again, with what it has.
  func startAgain(stop: StopSignal) throws(Failure)
}
