import Bytes
import Pipeline

/// Where a server stands in replication, and how a dump can record it.
struct ReplicaPosition: Sendable {
  /// How the dump itself records the exact position of its snapshot.
  enum Recording: Equatable {
    /// The server's own binary log, and with it the global transaction id.
    case ownLog
    /// The source's log, for which the replica stops applying until the dump is done.
    case sourceLog
    case none
  }

  let recording: Recording
  /// What the replica said before the dump, where it is one: near the snapshot's position, not exactly it.
  let status: [(String, String)]
  /// What is lost or should be known.
  let notes: [String]

  init(_ server: MariaDBServer, _ connection: MariaDBConnection, stop: StopSignal) throws(Failure) {
    var notes: [String] = []
    let isMariaDB = server.version.family == .mariadb
    let sql = isMariaDB ? "SHOW ALL SLAVES STATUS\\G" : "SHOW REPLICA STATUS\\G"
    let answer = try connection.vertical(sql, stop: stop)
    if answer == nil {
      notes.append("the role may not ask whether this is a replica: it lacks SLAVE MONITOR (REPLICATION CLIENT)")
    }
    let kept = [
      "Connection_name", "Master_Host", "Master_Port", "Relay_Master_Log_File", "Exec_Master_Log_Pos",
      "Seconds_Behind_Master", "Slave_IO_Running", "Slave_SQL_Running", "Gtid_Slave_Pos", "Source_Host",
      "Source_Port", "Relay_Source_Log_File", "Exec_Source_Log_Pos", "Seconds_Behind_Source",
      "Replica_IO_Running", "Replica_SQL_Running", "Executed_Gtid_Set",
    ]
    status = (answer ?? []).filter { kept.contains($0.0) }
    let isReplica = !status.isEmpty
    let mayRead = server.rights.hasEverywhere("BINLOG MONITOR", "REPLICATION CLIENT", "SUPER")
    let mayLock = isMariaDB || server.rights.hasEverywhere("RELOAD", "FLUSH_TABLES")
    let mayPause = server.rights.hasEverywhere("REPLICATION SLAVE ADMIN", "SUPER")
    if server.writesBinaryLog, mayRead, mayLock, !isReplica || server.logsReplicatedChanges {
      recording = .ownLog
    } else if isReplica, isMariaDB, mayPause {
      recording = .sourceLog
      notes.append("the replica stops applying changes until the dump is done, so that its position is exact")
    } else {
      recording = .none
      notes.append(ReplicaPosition.loss(server, isReplica: isReplica, mayRead: mayRead))
    }
    if isReplica { notes += ReplicaPosition.lag(status) }
    self.notes = notes
  }

  private static func loss(_ server: MariaDBServer, isReplica: Bool, mayRead: Bool) -> String {
    if isReplica { return "the replica's position is recorded as it was before the dump, not exactly" }
    if !server.writesBinaryLog { return "the server writes no binary log: the dump has no replication position" }
    let right = server.version.family == .mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT and RELOAD"
    return mayRead
      ? "the dump has no replication position: the role lacks RELOAD"
      : "the dump has no replication position: the role lacks \(right)"
  }

  private static func lag(_ status: [(String, String)]) -> [String] {
    var notes: [String] = []
    for (name, value) in status where name.hasPrefix("Seconds_Behind") {
      if value == "NULL" {
        notes.append("the source of the dump is a replica that does not replicate now")
      } else if let seconds = Int(value), seconds > 0 {
        notes.append("the source of the dump is a replica that is \(seconds) s behind")
      }
    }
    return notes
  }
}

extension MariaDBConnection {
  /// The fields of an answer printed one a line; nil where the server refuses it.
  func vertical(_ sql: String, stop: StopSignal) throws(Failure) -> [(String, String)]? {
    var command = try command(.client, ["--batch", "--default-character-set=utf8mb4"])
    command.input = .bytes(Array(sql.utf8))
    let result = try Child.run(command, stop: stop)
    guard result.exit.succeeded else { return nil }
    return result.text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      return (String(parts[0].drop { $0 == " " }), String(parts[1].drop { $0 == " " }))
    }
  }
}
