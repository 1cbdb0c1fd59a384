package import Bytes
import FoundationEssentials
import Glibc
package import Pipeline
package import Profiles

/// A Redis server that a dump is loaded into, key by key through `redis-cli --pipe`: `RESTORE` takes values as they
/// stand in the dump. So the server may be anywhere, needs no way back to us, and no disk of the data's size is needed.
/// (Making it a replica of a server of ours would need both, and the right to reconfigure it.)
///
/// The user needs +info +select +restore +set +del +exists +echo +ping +function|restore, and for the comparison what a
/// source needs. A drill empties it again with +flushdb; libraries of functions that came with the dump stay.
package struct RedisTarget: LoadTarget {
  /// The key that stands in a server that is being loaded.
  static let mark = "lifeboat is loading"
  let settings: ServerSettings
  let loaded = LoadedKeys()

  package init(_ settings: ServerSettings) { self.settings = settings }

  private struct Facts: Decodable {
    struct Database: Decodable {
      let database: Int
      let keys: UInt64
    }
    let version: Int
    let server: String
    let databases: [Database]

    enum CodingKeys: String, CodingKey {
      case version, server, databases
      case runID = "run-id"
    }

    let runID: String
  }

  package func examine(
    _ streams: any StreamProvider, _ request: LoadRequest, stop: StopSignal
  ) throws(Failure) -> LoadPlan {
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    let server = try RedisServer(connection, stop: stop)
    let facts = try RedisTarget.facts(try streams.read(RedisSource.factsName, limit: 1 << 20, stop: stop))
    let length = streams.streams.first { $0.name == RedisSource.dumpName }?.length
    var plan = LoadPlan(request: request, databases: [], bytes: length ?? 0)
    plan.databases = facts.databases.map { ("db\($0.database)", "db\($0.database)") }
    for database in facts.databases { plan.keys["db\(database.database)"] = database.keys }
    if length == nil { plan.obstacles.append("the snapshot holds no dump of Redis") }
    let series = facts.server.split(separator: ".").prefix(2).compactMap { Int($0) }
    if server.series.lexicographicallyPrecedes(series) {
      plan.obstacles.append("the server \(server.version) is older than the dump's \(facts.server)")
    }
    if server.role == "slave" { plan.obstacles.append("the server is a replica: REPLICAOF NO ONE first") }
    if request.isDrill, server.runID == facts.runID {
      plan.obstacles.append("a drill never loads into the server that was backed up")
    }
    let isOurs = try connection.ask(["EXISTS", RedisTarget.mark], stop: stop) == "1"
    if isOurs {
      plan.steps.append("go on with an interrupted load")
    } else if server.keyCount > 0 {
      let what = server.runID == facts.runID ? "this is the server that was backed up, and it" : "the server"
      plan.obstacles.append(
        "\(what) holds \(server.keyCount) keys, which can't be put aside: load into an empty one, or FLUSHALL by hand")
    }
    if request.newName != nil || request.database != nil || request.table != nil || request.schemaOnly
      || request.dataOnly
    {
      plan.obstacles.append("a dump of Redis is loaded whole and under its own numbers")
    }
    plan.steps.append("load \(facts.databases.reduce(0) { $0 + $1.keys }) keys")
    plan.notes.append("free memory on the server: unknown")
    plan.notes.append("keys that expire are not compared afterwards, for they may be gone")
    return plan
  }

  package func load(
    _ plan: LoadPlan, from streams: any StreamProvider, stop: StopSignal, events: @escaping LoadEventSink
  ) throws(Failure) -> LoadOutcome {
    guard plan.obstacles.isEmpty else {
      throw Failure(.targetRefused, "the load can't succeed: \(plan.obstacles[0])")
    }
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    events(.phase("target"))
    _ = try connection.ask(["SET", RedisTarget.mark, "1"], stop: stop)
    events(.phase("load"))
    try feed(streams, connection, stop)
    if plan.request.isDrill { loaded.keep(try RedisServer.keyspace(connection, stop)) }
    return LoadOutcome()
  }

  /// Takes our key out of what was loaded and found good: until then the next load goes on where this one was.
  package func settle(
    _ plan: LoadPlan, _ outcome: LoadOutcome, from streams: any StreamProvider, stop: StopSignal
  ) throws(Failure) -> LoadOutcome {
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    _ = try connection.ask(["DEL", RedisTarget.mark], stop: stop)
    return outcome
  }

  package func truth(of plan: LoadPlan, stop: StopSignal) throws(Failure) -> TruthManifest {
    let connection = try RedisConnection(settings, failing: .targetRefused, stop: stop)
    let transfer = try RDBTransfer(connection, stop: stop)
    let watcher = RDBWatcher()
    var part = Buffer(capacity: 1 << 20)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in
        try Transfers.read(transfer.output, into: room, stop: stop)
      }
      if part.count == 0 { break }
      try part.withBytes { (bytes) throws(Failure) in try watcher.see(bytes) }
    }
    let (exit, verdict, errors) = try transfer.finish()
    guard exit.succeeded, verdict != .damaged, watcher.isReadable else {
      throw Failure(
        .unproven, "what was loaded can't be read back: \(connection.complaint(errors)) \(exit)", at: connection.place)
    }
    return watcher.truth
  }

  private static func facts(_ json: [UInt8]) throws(Failure) -> Facts {
    do {
      return try JSONDecoder().decode(Facts.self, from: Data(json))
    } catch {
      throw Failure(.damaged, "the facts about the dumped server can't be read", at: "about.json")
    }
  }

  private func feed(
    _ streams: any StreamProvider, _ connection: RedisConnection, _ stop: StopSignal
  ) throws(Failure) {
    var command = try connection.command(["--pipe", "--pipe-timeout", "600"])
    command.input = .pipe
    let child = try Child.start(command, stop: stop)
    var isWhole = false
    let (refusal, failure) = try streams.pipe(RedisSource.dumpName, stop: stop) { (reading) throws(Failure) in
      isWhole = try pump(reading, to: child, stop)
    }
    if refusal == nil, let failure {
      child.terminate()
      throw failure
    }
    if refusal == nil, !isWhole {
      child.terminate()
      throw Failure(.damaged, "the dump ends before its end", at: "dump.rdb")
    }
    child.closeInput()
    let said = try RedisTarget.output(child)
    let exit = try child.wait()
    guard exit.succeeded, refusal == nil else {
      if let refusal, refusal.code == .unsupportedFormat { throw refusal }
      let complaint = connection.complaint(child.errorText + "\n" + said)
      throw Failure(
        .targetRefused, "the server refused keys: \(complaint.isEmpty ? "\(exit)" : complaint)", at: connection.place,
        next: "Remove the cause and run the same restore again.")
    }
  }

  private static func output(_ child: Child) throws(Failure) -> String {
    var text: [UInt8] = []
    var part = Buffer(capacity: 65_536)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in try child.read(into: room) }
      if part.count == 0 { return String(decoding: text, as: UTF8.self) }
      if text.count < 1 << 20 { part.withBytes { text.append(contentsOf: $0) } }
    }
  }

  private func pump(_ descriptor: Int32, to child: Child, _ stop: StopSignal) throws(Failure) -> Bool {
    var commands = RestoreCommands()
    var part = Buffer(capacity: 256 * 1024)
    while true {
      part.count = try part.withCapacity { (room) throws(Failure) in
        try Transfers.read(descriptor, into: room, stop: stop)
      }
      if part.count == 0 { break }
      var output: [UInt8] = []
      try part.withBytes { (bytes) throws(Failure) in try commands.take(bytes, to: &output) }
      if !output.isEmpty {
        var buffer = Buffer(capacity: output.count)
        output.withUnsafeBytes { buffer.replace(with: $0) }
        try buffer.withBytes { (bytes) throws(Failure) in try child.write(bytes) }
      }
      if commands.isLost { break }
    }
    if commands.isLost {
      child.terminate()
      throw Failure(
        .unsupportedFormat, "the dump holds what this version can't read",
        next: "Start a redis-server on dump.rdb, and replicate from it.")
    }
    return commands.isWhole
  }
}
