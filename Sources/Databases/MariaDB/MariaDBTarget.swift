package import Bytes
import Glibc
package import Pipeline
package import Profiles

/// A MariaDB or MySQL server that a dump is loaded into, by its own client.
///
/// While a database is being loaded it holds a table of ours; a load that finds one takes what is there for the rest of
/// an interrupted load, and begins again.
package struct MariaDBTarget: LoadTarget {
  private let settings: ServerSettings
  static let dumpName = Array("all.sql".utf8)
  static let usersName = Array("users.sql".utf8)
  /// The table that stands in a database that is being loaded.
  static let mark = "lifeboat is loading"
  private static let factsLimit = 64 << 20

  package init(_ settings: ServerSettings) { self.settings = settings }

  package func examine(
    _ streams: any StreamProvider, _ request: LoadRequest, stop: StopSignal
  ) throws(Failure) -> LoadPlan {
    let stored = try MariaDBStored.read(
      try streams.read(MariaDBAbout.streamName, limit: MariaDBTarget.factsLimit, stop: stop))
    let connection = try connect(stop)
    var examination = try MariaDBExamination(stored, request, connection, stop: stop)
    try examination.run(stop: stop)
    let length = streams.streams.first { $0.name == MariaDBTarget.dumpName }?.length
    if length == nil { examination.obstacles.append("the snapshot holds no dump of MariaDB") }
    if streams.streams.contains(where: { $0.name == MariaDBTarget.usersName }) {
      examination.notes.append("users and their grants are left alone: look at users.sql and load it by hand")
    }
    examination.checkSpace(length ?? 0)
    return LoadPlan(
      request: request, databases: examination.databases, bytes: length ?? 0, steps: examination.steps,
      obstacles: examination.obstacles, notes: examination.notes)
  }

  package func load(
    _ plan: LoadPlan, from streams: any StreamProvider, stop: StopSignal, events: @escaping LoadEventSink
  ) throws(Failure) -> LoadOutcome {
    guard plan.obstacles.isEmpty else {
      throw Failure(.targetRefused, "the load can't succeed: \(plan.obstacles[0])")
    }
    let connection = try connect(stop)
    let server = try MariaDBServer(connection, stop: stop)
    let preparation = MariaDBPreparation(connection, plan)
    events(.phase("target"))
    var outcome = LoadOutcome()
    outcome.setAside = try preparation.run(stop: stop)
    events(.phase("load"))
    let silent = try isSilent(server, connection, stop)
    if silent { events(.note("what is loaded is not written to the binary log: no replica is connected")) }
    try feed(plan, streams, connection, silent: silent, stop: stop)
    events(.phase("analyze"))
    outcome.warnings = try MariaDBTarget.analyze(plan, connection, stop)
    outcome.warnings += try missingPrograms(plan, streams, connection, stop)
    return outcome
  }

  package func truth(of plan: LoadPlan, stop: StopSignal) throws(Failure) -> TruthManifest {
    let connection = try connect(stop)
    return try MariaDBTruth.take(plan, connection, stop: stop)
  }

  /// Takes our table out of what was loaded and found good: until then the next load begins again. What is replaced was
  /// set aside before, for views, triggers and routines can't be moved from one database to another.
  package func settle(
    _ plan: LoadPlan, _ outcome: LoadOutcome, from streams: any StreamProvider, stop: StopSignal
  ) throws(Failure) -> LoadOutcome {
    try MariaDBPreparation(try connect(stop), plan).finish(stop: stop)
    return outcome
  }

  func connect(_ stop: StopSignal) throws(Failure) -> MariaDBConnection {
    let connection = try MariaDBConnection(settings, failing: .targetRefused, stop: stop)
    try connection.checkSettings()
    return connection
  }

  /// Whether the load stays out of the binary log: where that is allowed, and no replica would miss it.
  private func isSilent(
    _ server: MariaDBServer, _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> Bool {
    guard server.writesBinaryLog, server.rights.hasEverywhere("BINLOG ADMIN", "SUPER"),
      server.rights.hasEverywhere("PROCESS")
    else { return false }
    let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%';"
    return try connection.rows(sql, stop: stop).first?.first == "0"
  }

  // MARK: The stream

  /// Feeds the client with the dump. The end of its input comes only after the last byte was verified.
  private func feed(
    _ plan: LoadPlan, _ streams: any StreamProvider, _ connection: MariaDBConnection, silent: Bool, stop: StopSignal
  ) throws(Failure) {
    var command = try connection.command(
      .client, ["--binary-mode", "--default-character-set=utf8mb4", "--max-allowed-packet=1073741824"])
    command.input = .pipe
    command.output = .nothing
    let child = try Child.start(command, stop: stop)
    let (refusal, failure) = try streams.pipe(MariaDBTarget.dumpName, stop: stop) { (reading) throws(Failure) in
      if silent { try MariaDBTarget.write("SET SESSION sql_log_bin=0;\n", to: child) }
      try MariaDBTarget.pump(reading, through: DatabaseFilter(plan.names), to: child, stop)
    }
    if refusal == nil, let failure {
      child.terminate()
      throw failure
    }
    let exit = try child.wait()
    guard exit.succeeded, refusal == nil else {
      let complaint = connection.complaint(child.errorText)
      throw Failure(
        .targetRefused, "the server refused the dump: \(complaint.isEmpty ? "\(exit)" : complaint)",
        at: connection.place, next: "Remove the cause and run the same restore again.")
    }
  }

  private static func write(_ text: String, to child: Child) throws(Failure) {
    try write(Array(text.utf8), to: child)
  }

  private static func write(_ bytes: [UInt8], to child: Child) throws(Failure) {
    var buffer = Buffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.replace(with: $0) }
    try buffer.withBytes { (bytes) throws(Failure) in try child.write(bytes) }
  }

  private static func pump(
    _ descriptor: Int32, through filter: DatabaseFilter, to child: Child, _ stop: StopSignal
  ) throws(Failure) {
    var filter = filter
    var part = Buffer(capacity: 256 * 1024)
    var output: [UInt8] = []
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in
        try Transfers.read(descriptor, into: room, stop: stop)
      }
      if part.count == 0 { break }
      output.removeAll(keepingCapacity: true)
      part.withBytes { filter.pass($0, to: &output) }
      if !output.isEmpty { try write(output, to: child) }
    }
    output.removeAll(keepingCapacity: true)
    filter.finish(to: &output)
    if !output.isEmpty { try write(output, to: child) }
  }

  // MARK: Afterwards

  /// Statistics for the planner; what it says against it is a warning.
  private static func analyze(
    _ plan: LoadPlan, _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> [String] {
    let words = ["--analyze", "--silent", "--databases", "--"] + plan.databases.map(\.target)
    let result = try Child.run(try connection.command(.check, words), stop: stop)
    if result.exit.succeeded { return [] }
    return ["the tables can't be analyzed: \(connection.complaint(result.errorText))"]
  }

  /// Whether routines, events and triggers came with the tables.
  private func missingPrograms(
    _ plan: LoadPlan, _ streams: any StreamProvider, _ connection: MariaDBConnection, _ stop: StopSignal
  ) throws(Failure) -> [String] {
    let stored = try MariaDBStored.read(
      try streams.read(MariaDBAbout.streamName, limit: MariaDBTarget.factsLimit, stop: stop))
    let names = plan.names
    let targets = Set(names.values)
    let found = try MariaDBCatalogue.read(connection, stop: stop) { targets.contains($0) }
    var warnings: [String] = []
    for database in stored.databases {
      guard let target = names[database.name] else { continue }
      let now = found.databases.first { $0.name == target }
      let counts = [
        ("routines", database.routines, now?.routines ?? 0), ("events", database.events, now?.events ?? 0),
        ("triggers", database.triggers, now?.triggers ?? 0),
      ]
      for (what, before, after) in counts where before != after {
        warnings.append("\(Printable.text(target)) has \(after) \(what), there were \(before)")
      }
    }
    return warnings
  }
}

extension LoadPlan {
  /// The databases of the dump with the names that they get, as bytes.
  var names: [[UInt8]: [UInt8]] {
    Dictionary(databases.map { (Array($0.name.utf8), Array($0.target.utf8)) }) { first, _ in first }
  }
}
