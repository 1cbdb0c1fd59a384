import Bytes
import Glibc
import Pipeline

/// The load of one database.
struct LoadRun {
  let server: LoadServer
  let state: TargetState
  let database: DumpedDatabase
  let plan: LoadPlan
  let streams: any StreamProvider
  let events: LoadEventSink

  private var request: LoadRequest { plan.request }
  private var target: String { PostgreSQLTarget.target(of: database, request) }
  /// The name while it is loaded.
  private var name: String { plan.workspaces[target] ?? target }
  private var work: WorkDatabase { WorkDatabase(server, name: name, target: target) }
  private var jobs: Int { PostgreSQLTarget.jobs(request) }

  /// Loads it, all but its name. What was made of a load that fails is dropped again.
  ///
  /// - Returns: warnings; the truth of a table, which can only be taken on its way
  func run(stop: StopSignal) throws(Failure) -> (warnings: [String], truth: TruthManifest?) {
    do throws(Failure) {
      return try attempt(stop: stop)
    } catch {
      if name != target { cleanUp() }
      throw error
    }
  }

  /// Also a run that was stopped clears up, but not for long: the next one would do it, too.
  private func cleanUp() {
    let late = Failure(.interrupted, "the server takes its time")
    try? InnerStop.run(within: StopSignal(), for: 10_000_000_000, late: late) { (stop) throws(Failure) in
      try work.sweep([name], stop: stop)
    }
  }

  private func attempt(stop: StopSignal) throws(Failure) -> (warnings: [String], truth: TruthManifest?) {
    if let table = request.table {
      return try TableLoad(run: self, table: table, work: work).run(stop: stop)
    }
    if request.dataOnly {
      try loadData(stop: stop)
      try analyze(name, stop: stop)
      return ([], nil)
    }
    let schema = try SchemaFile(server, database, streams, stop: stop)
    try makeDatabase(stop: stop)
    events(.phase("load"))
    try schema.restore("pre-data", into: name, arguments, options: options, stop: stop)
    if !request.schemaOnly { try loadData(stop: stop) }
    events(.phase("indexes"))
    try schema.restore("post-data", into: name, jobs: jobs, arguments, options: options, stop: stop)
    if !request.schemaOnly { try analyze(name, stop: stop) }
    return (ownershipWarnings, nil)
  }

  /// Gives it its name, with what was there renamed aside.
  func settle(_ outcome: inout LoadOutcome, stop: StopSignal) throws(Failure) {
    guard request.table == nil, !request.dataOnly else { return }
    let schema = try SchemaFile(server, database, streams, stop: stop)
    let entries = try schema.output(["-l", "-C"], stop: stop)
    let own = ArchiveContents(entries).ofDatabase.map(\.line)
    var script: [UInt8] = []
    if !own.isEmpty, server.readsFiles {
      let output = try schema.output(["-C", "-f", "-"] + arguments, list: own, stop: stop)
      script = DatabaseScript.make(output, name: database.name, target: target)
    }
    let aside = state.databases[target] == nil ? nil : WorkDatabase.name(for: target, "before_\(LoadRun.stamp())")
    outcome.warnings += try work.settle(script, aside: aside, stop: stop)
    if let aside { outcome.setAside = aside }
  }

  /// Drops what earlier loads left, and makes the database under its first name.
  func makeDatabase(stop: StopSignal) throws(Failure) {
    let left = state.databases.filter { $0.value.mark?.target == target && $0.value.mark?.maker != .running }
    try work.sweep(left.keys.sorted(), stop: stop)
    try work.create(like: database.facts, keepsOwner: !request.noOwner, stop: stop)
  }

  /// The rows, and the values of sequences, which two streams may set.
  private func loadData(stop: StopSignal) throws(Failure) {
    try load(database.data, into: name, stop: stop)
    try setSequences(database.facts.sequences, stop: stop)
  }

  /// Loads streams into a database whose tables this run has made, or found empty.
  func load(_ data: [ProvidedStream], into name: String, stop: StopSignal) throws(Failure) {
    var first: [[UInt8]: [UInt8]] = [:]
    for stream in data { first[stream.name] = opening(of: stream) }
    let load = DataLoad(server: server, provider: streams, jobs: jobs, options: options, first: first)
    try load.run(data, into: name, stop: stop)
  }

  func setSequences(_ sequences: [PostgreSQLFacts.Sequence], stop: StopSignal) throws(Failure) {
    guard !sequences.isEmpty else { return }
    var script: [UInt8] = []
    for sequence in sequences {
      let name = PostgreSQLText.qualified(sequence.schema, sequence.name)
      script +=
        Array("SELECT setval(".utf8) + PostgreSQLText.literal(name)
        + Array(
          ", \(sequence.value), \(sequence.isCalled));\n".utf8)
    }
    _ = try server.query(name).rows(script, columns: 1, stop: stop)
  }

  func analyze(_ name: String, stop: StopSignal) throws(Failure) {
    events(.phase("analyze"))
    let command = server.command("vacuumdb", ["--analyze-only", "-q", "-j", "\(jobs)"], on: name)
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else { throw server.failure("vacuumdb failed", result.errorText, in: name) }
  }

  /// A table that was made or emptied in the same transaction needs no log where the server keeps the least of it.
  private func opening(of stream: ProvidedStream) -> [UInt8]? {
    if request.dataOnly { return [] }
    guard state.skipsLog, request.table == nil else { return nil }
    let tables = database.facts.tables.filter { $0.kind == .table && $0.stream == stream.name }
    guard !tables.isEmpty else { return nil }
    return Array("TRUNCATE ONLY ".utf8)
      + Array(tables.map { QualifiedName($0).sql }.joined(separator: Array(", ".utf8)))
      + Array(";\n".utf8)
  }

  /// Owners and rights that the target can't have are left out as asked; the others stay.
  var arguments: [String] {
    guard request.noOwner else { return [] }
    let isComplete = database.facts.roles.allSatisfy { state.roles[$0] != nil }
    return ["--no-owner"] + (isComplete ? [] : ["--no-privileges"])
  }

  private var ownershipWarnings: [String] {
    let missing = database.facts.roles.filter { state.roles[$0] == nil }.map(Printable.text)
    guard request.noOwner, !missing.isEmpty else { return [] }
    return ["rights were left out, for there are no roles \(PostgreSQLExamination.list(missing))"]
  }

  /// What was loaded counts only when all of it is there, so no single commit has to wait for the disk. Indexes are
  /// sorted in as much memory as a server of this size has to spare.
  var options: [String] {
    let share = state.sharedBuffers / UInt64(2 * jobs)
    let memory = max(state.maintenanceMemory, min(share, 1 << 30)) >> 10
    var options = [
      "synchronous_commit=off", "maintenance_work_mem=\(memory)kB", "statement_timeout=0", "lock_timeout=0",
    ]
    if request.dataOnly, state.isSuperuser { options.append("session_replication_role=replica") }
    return options
  }

  /// The time of day in UTC, as a part of a name: `20260131_0245_07`.
  static func stamp() -> String {
    var now = time_t(WallClock.now() / 1_000_000_000)
    var parts = tm()
    gmtime_r(&now, &parts)
    func two(_ value: Int32) -> String { (value < 10 ? "0" : "") + "\(value)" }
    return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))_\(two(parts.tm_hour))"
      + "\(two(parts.tm_min))\(two(parts.tm_sec))"
  }
}
