package import Bytes
package import Engine
package import Format
package import Pipeline
package import Profiles

/// What a run of a kit is given: what a person has in hand, and where the commands are run.
package struct KitJob: Sendable {
  /// The page.
  package var kit: RecoveryKit
  package var tool: KitWay.Tool
  /// A restorer's; it lies in a file of its own while the commands need it.
  package var key: KeyFile
  /// The path of the lifeboat that is brought along.
  package var program: String
  /// The folder in which the scratch folder is made: in `root`, where there is one; nil for its or our usual place.
  package var folder: String?
  /// A folder with a system of its own that the commands are run in, as root; nil for this host's system.
  package var root: String?
  /// The account that a server runs as; nil picks the engine's, or `nobody`.
  package var account: String?
  /// The folder of the database's programs; nil for where the page expects them.
  package var programs: String?
  /// Variables with credentials, of those that the page names (`RecoveryKit.credentialVariables`).
  package var credentials: [String: String] = [:]
  /// For how long all of it may go on, in nanoseconds; nil for ever.
  package var limit: UInt64?
  /// After this time, in seconds, what was made is ended whatever happened to the run.
  package var timeToLive: UInt64 = 12 * 3600
  /// Each command is a phase `step: …` of its own.
  package var clock: RecoveryClock
  package var stop: StopSignal
  package var events: EventSink

  package init(
    _ kit: RecoveryKit, by tool: KitWay.Tool, key: KeyFile, program: String, clock: RecoveryClock, stop: StopSignal,
    events: @escaping EventSink = { _ in }
  ) {
    self.kit = kit
    self.tool = tool
    self.key = key
    self.program = program
    self.clock = clock
    self.stop = stop
    self.events = events
  }

  /// The way that is gone.
  package var way: KitWay { kit.way(tool) }
}

/// What the commands of a kit left.
package struct KitRestored: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    /// A running server, as it is reached from this host.
    case server(ServerKind, ServerSettings)
    /// A folder with the dump's streams.
    case folder(String)
  }

  package let place: Place
  /// Its databases as they were dumped, as far as the kit knows them.
  package let databases: [String]
  /// The scripts that were run, one a step.
  package let commands: [String]
}

/// Runs the commands of a kit. One run: `restore`, checks, `destroy`.
package protocol KitExecutor: AnyObject, Sendable {
  /// Runs every command of the way. May be called again after it threw: it begins with nothing.
  ///
  /// - Throws: `damaged`, `keyInvalid` and `storeUnavailable` as the tool says; `targetRefused` for a command that
  ///   failed for another reason, with the end of what it printed; `unproven` where the time is over; the reason of a
  ///   stopped run
  func restore(_ job: KitJob) throws(Failure) -> KitRestored

  /// Ends the server and removes everything, and looks whether it is gone. Runs in every case; may be called again.
  ///
  /// - Returns: how that was seen, for the record
  func destroy() throws(Failure) -> String

  /// Ends the server and leaves the folder for a person to look at; returns where.
  func keep() throws(Failure) -> String
}
