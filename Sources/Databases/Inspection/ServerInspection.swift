package import Bytes
package import Pipeline
package import Profiles

/// Looks into a server that a dump was loaded into, and changes nothing there. Databases go by the names that they have
/// on the server.
///
/// Failures: `unproven` and `damaged` speak of what was loaded, everything else of the way to it: no tool, no server.
package protocol ServerInspection: AnyObject, Sendable {
  /// The databases that are there.
  func databases(stop: StopSignal) throws(Failure) -> Set<String>

  /// The engine's own check of databases.
  ///
  /// - Parameters:
  ///   - expected: what was dumped of them, for engines that can only count
  ///   - isScratch: whether the server is there for this alone, so that what the check needs may be installed
  func integrity(
    of databases: [String], expected: TruthManifest, isScratch: Bool, stop: StopSignal
  ) throws(Failure) -> ServerIntegrity

  /// The values that one statement answers with, NULL as an empty text. It runs in a transaction that can't write.
  ///
  /// - Parameters:
  ///   - query: one statement that reads, or one command of Redis
  ///   - database: where it is asked
  ///   - timeout: how long it may take
  /// - Throws: `unproven` if it is refused, fails or takes too long
  func answer(
    to query: String, in database: String, timeout: Seconds, stop: StopSignal
  ) throws(Failure) -> [String]

  /// A manifest of which only some tables were read: rows of all tables, by SQL, and checksums of those. The checksums
  /// of the others are those that are expected.
  ///
  /// - Parameters:
  ///   - databases: their names when they were dumped, which stand before those of tables, and now
  ///   - expected: what was dumped of them
  ///   - drawn: the names of the tables that are read
  /// - Returns: nil for an engine whose data can only be read as a whole
  func sample(
    of databases: [(name: String, place: String)], expected: TruthManifest, drawn: Set<[UInt8]>, stop: StopSignal
  ) throws(Failure) -> TruthManifest?

  /// What clients of the engine find the server and a database by. A password stands in none of them, but in a file
  /// that only our account can read and that goes with this object.
  func variables(database: String?) -> [String: String]
}

/// What the own check of an engine found. The words in front are for a record: nothing of the data stands in them.
package enum ServerIntegrity: Sendable {
  case sound(String)
  case damaged(String, findings: [String])
  /// The check can't be made here.
  case unmeasured(String, remarks: [String])
}

/// The inspection of a server by its kind.
package enum ServerInspections {
  /// Makes it; asks nothing yet.
  package static func make(_ kind: ServerKind, _ settings: ServerSettings) -> any ServerInspection {
    switch kind {
    case .postgresql: PostgreSQLInspection(settings)
    case .mariadb: MariaDBInspection(settings)
    case .redis: RedisInspection(settings)
    }
  }
}

extension ServerInspection {
  /// Runs a program under a limit of time; the server's own limit comes first where it has one.
  func run(
    _ command: ChildCommand, timeout: Seconds, limit: Int = 1 << 20, stop: StopSignal
  ) throws(Failure) -> ChildResult {
    let seconds = UInt64(min(timeout.count, 10_000_000)) + 5
    let late = Failure(.unproven, "the query took longer than \(timeout.text)")
    return try InnerStop.run(within: stop, for: seconds * 1_000_000_000, late: late) { (inner) throws(Failure) in
      try Child.run(command, limit: limit, stop: inner)
    }
  }

  /// Words that connections end with when the server goes away while it answers. A server that does so over the data
  /// that it was loaded with tells something of that data.
  func hasLostServer(_ text: String) -> Bool {
    [
      "server closed the connection", "terminating connection", "connection to server was lost", "ERROR 2006",
      "ERROR 2013", "Lost connection", "gone away", "Server closed the connection",
    ].contains { text.contains($0) }
  }
}
