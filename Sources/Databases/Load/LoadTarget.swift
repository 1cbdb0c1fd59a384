package import Bytes
package import Pipeline

/// A running server that a snapshot is loaded into. One restore: `examine`, then `load`, then `verify`.
package protocol LoadTarget: Sendable {
  /// Finds out what the load would do, and everything that would keep it from succeeding, before anything is changed:
  /// versions, extensions, roles, space, a target that is not empty.
  ///
  /// - Throws: only what keeps it from looking: no server, no tool, a refused login
  func examine(_ streams: any StreamProvider, _ request: LoadRequest, stop: StopSignal) throws(Failure) -> LoadPlan

  /// Loads what `examine` found to be possible. May be run again after it was interrupted.
  ///
  /// - Throws: `targetRefused` with what the server said, what the streams threw, the reason of a stopped run
  func load(
    _ plan: LoadPlan, from streams: any StreamProvider, stop: StopSignal, events: @escaping LoadEventSink
  ) throws(Failure) -> LoadOutcome

  /// Takes the truth of what was loaded, to be compared with the manifest.
  func truth(of plan: LoadPlan, stop: StopSignal) throws(Failure) -> TruthManifest

  /// Makes what was loaded and found good reachable under its own name. Until then what was there before is untouched,
  /// and what was loaded is taken for left behind by the next load.
  func settle(
    _ plan: LoadPlan, _ outcome: LoadOutcome, from streams: any StreamProvider, stop: StopSignal
  ) throws(Failure) -> LoadOutcome

  /// Asks each database of the plan, by the name that it has on the target now, for something trivial: what an
  /// application's first query finds.
  ///
  /// - Throws: `targetRefused` with what the server said
  func greet(_ plan: LoadPlan, stop: StopSignal) throws(Failure)

  /// Removes what a drill has loaded by this plan, whole or in part, and looks whether it is gone. Nothing else is
  /// touched, and nothing happens to what a plan of no drill has made. May be run again.
  ///
  /// - Returns: the names that are gone, sorted
  /// - Throws: `targetRefused` for what is still there
  func discard(_ plan: LoadPlan, stop: StopSignal) throws(Failure) -> [String]

  /// Removes what drills that were killed have left behind: what has a name of theirs whose time is over.
  ///
  /// - Returns: the names that are gone, sorted
  func sweep(stop: StopSignal) throws(Failure) -> [String]
}

extension LoadTarget {
  /// For servers where a load is in its place already.
  package func settle(
    _ plan: LoadPlan, _ outcome: LoadOutcome, from streams: any StreamProvider, stop: StopSignal
  ) throws(Failure) -> LoadOutcome { outcome }
}

/// Gives the streams of a snapshot, verified.
package protocol StreamProvider: Sendable {
  /// All of them, in the order of the catalogue.
  var streams: [ProvidedStream] { get }

  /// Writes one stream to a descriptor. Several threads may do so at the same time.
  ///
  /// - Parameter watcher: sees the bytes as they pass
  /// - Throws: `damaged` as soon as any byte would be wrong; what was written is then not to be used
  func write(_ name: [UInt8], to descriptor: Int32, watcher: (any StreamWatcher)?, stop: StopSignal) throws(Failure)

  /// A small stream as a whole.
  ///
  /// - Parameter limit: more bytes are an error
  func read(_ name: [UInt8], limit: Int, stop: StopSignal) throws(Failure) -> [UInt8]
}

/// A stream that a snapshot has.
package struct ProvidedStream: Sendable, Equatable {
  package let name: [UInt8]
  /// In bytes.
  package let length: UInt64

  package init(name: [UInt8], length: UInt64) {
    self.name = name
    self.length = length
  }
}

/// What a person asks of a load.
package struct LoadRequest: Sendable, Equatable {
  /// Which of the databases of the snapshot; nil for all.
  package var database: String?
  /// Its name on the target, where it is another one.
  package var newName: String?
  /// The database on the target that is renamed aside and replaced; spelled out by a person.
  package var replaces: String?
  /// One table, `schema.table`; with its indexes, constraints and sequence values.
  package var table: String?
  /// Streams that are loaded at the same time; nil for one a core.
  package var jobs: Int?
  /// Leave owners as the loading role.
  package var noOwner: Bool
  package var schemaOnly: Bool
  package var dataOnly: Bool
  /// Create what is missing of roles.
  package var globals: Bool
  /// Hash the rows that were loaded, for a manifest that has hashes.
  package var checksums: Bool
  /// A drill never replaces anything, and never loads into the server that was backed up.
  package var isDrill: Bool
  /// What the name of every database of the snapshot gets at its end: a drill's on a server that has others.
  package var ending: DrillEnding?

  package init(
    database: String? = nil, newName: String? = nil, replaces: String? = nil, table: String? = nil, jobs: Int? = nil,
    noOwner: Bool = false, schemaOnly: Bool = false, dataOnly: Bool = false, globals: Bool = false,
    checksums: Bool = true, isDrill: Bool = false, ending: DrillEnding? = nil
  ) {
    self.database = database
    self.newName = newName
    self.replaces = replaces
    self.table = table
    self.jobs = jobs
    self.noOwner = noOwner
    self.schemaOnly = schemaOnly
    self.dataOnly = dataOnly
    self.globals = globals
    self.checksums = checksums
    self.isDrill = isDrill
    self.ending = ending
  }
}

/// What a load would do, for a person and for `load`.
package struct LoadPlan: Sendable {
  /// What keeps the load from succeeding, each with what to do; empty if nothing does.
  package var obstacles: [String]
  /// What a person should know: unknown free space, named losses.
  package var notes: [String]
  /// What will be done, a line each.
  package var steps: [String]
  /// Bytes of streams that will be loaded.
  package var bytes: UInt64
  package var request: LoadRequest
  /// Databases of the snapshot with their names on the target.
  package var databases: [(name: String, target: String)]
  /// Where something is loaded under another name first: by the name on the target.
  package var workspaces: [String: String] = [:]
  /// How many keys each database of Redis gets, by the name on the target.
  package var keys: [String: UInt64] = [:]

  package init(
    request: LoadRequest, databases: [(name: String, target: String)], bytes: UInt64, steps: [String] = [],
    obstacles: [String] = [], notes: [String] = []
  ) {
    self.request = request
    self.databases = databases
    self.bytes = bytes
    self.steps = steps
    self.obstacles = obstacles
    self.notes = notes
  }
}

/// What a load tells while it goes on.
package enum LoadEvent: Sendable {
  /// A phase begins: `target`, `load`, `indexes`, `analyze`. Phases follow each other.
  case phase(String)
  case note(String)
  case warning(String)
}

/// Gets events from any thread.
package typealias LoadEventSink = @Sendable (LoadEvent) -> Void

/// How a load went.
package struct LoadOutcome: Sendable {
  /// What a person must look at though everything is there.
  package var warnings: [String]
  /// What was renamed aside.
  package var setAside: String?

  package init(warnings: [String] = [], setAside: String? = nil) {
    self.warnings = warnings
    self.setAside = setAside
  }
}
