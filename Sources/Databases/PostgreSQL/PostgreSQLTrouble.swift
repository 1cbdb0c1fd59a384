import Bytes

/// What went wrong, from what a tool of PostgreSQL printed: the server's own words, and what to do about them.
enum PostgreSQLTrouble {
  /// The line that says it: the first of the server's errors, else the first of the tool's, else the last line.
  static func reason(_ errorText: String) -> String {
    let lines = errorText.split(whereSeparator: \.isNewline).map { String($0) }
    for mark in ["FATAL: ", "ERROR: ", "PANIC: ", "error: "] {
      for line in lines {
        if let range = line.firstRange(of: mark) {
          return String(line[range.upperBound...].drop { $0 == " " }.prefix(400))
        }
      }
    }
    return String((lines.last ?? "it said nothing").prefix(400))
  }

  /// A failure with the server's words and what to do next.
  static func failure(
    _ code: Failure.Code, _ doing: String, _ errorText: String, at place: String, retryable: Bool = false
  ) -> Failure {
    Failure(code, "\(doing): \(reason(errorText))", at: place, next: advice(errorText))
  }

  /// What to do next, as a sentence; empty where nobody knows.
  static func advice(_ errorText: String) -> String {
    let text = errorText.lowercased()
    if text.contains("fatal: "), text.contains("database \""), text.contains("does not exist") {
      return "Check the database's name; it is spelled exactly as psql -l shows it."
    }
    if text.contains("role \""), text.contains("does not exist") { return "Create the role, or check server.user." }
    for (words, advice) in known where words.contains(where: { text.contains($0) }) { return advice }
    return ""
  }

  /// Messages as servers and tools since version 12 print them in English; on a server that speaks another language the
  /// advice is missing, the reason is not.
  private static let known: [(words: [String], advice: String)] = [
    (
      ["password authentication failed", "no password supplied", "empty password returned"],
      "Check the role's password: server.password in the profile, or the account's .pgpass."
    ),
    (
      ["no pg_hba.conf entry"],
      "Let the role in: a line in pg_hba.conf for it, the database and this address, then SELECT pg_reload_conf()."
    ),
    (
      ["peer authentication failed", "ident authentication failed"],
      "Run the tools as the account of the same name (server.tools.account), or give a host and a password."
    ),
    (
      ["certificate verify failed", "does not match host name", "root certificate file", "no root certificate"],
      "Check server.tls: ca must hold the certificate that signed the server's, and host must be a name in it."
    ),
    (
      ["server does not support ssl", "ssl is not enabled"],
      "Switch TLS on in the server, or set server.tls.mode to what is acceptable without it."
    ),
    (["ssl error", "private key file", "could not read certificate"], "Check the files that server.tls names."),
    (
      [
        "connection refused", "no such file or directory", "could not translate host name", "timeout expired",
        "no route to host", "network is unreachable",
      ],
      "Check that the server runs, and server.host, server.port or server.socket."
    ),
    (["is starting up", "is shutting down", "not accepting connections"], "Try again once the server is up."),
    (
      ["too many clients", "remaining connection slots", "too many connections"],
      "Free connections, or raise max_connections."
    ),
    (
      ["row-level security"],
      "Let the role see all rows: ALTER ROLE … BYPASSRLS, or dump as the owner of the table."
    ),
    (
      ["permission denied for large object"],
      "Let the role read large objects: GRANT SELECT ON LARGE OBJECT … TO it, or dump as their owner."
    ),
    (
      ["permission denied"],
      "Let the role read: GRANT pg_read_all_data TO it (version 14 and later), or SELECT and USAGE on what is named."
    ),
    (
      ["lock timeout"],
      "Somebody holds a table: look at pg_stat_activity, or raise source.lock-timeout."
    ),
    (
      ["conflict with recovery"],
      "The standby cancelled the dump for the sake of its replay: raise max_standby_streaming_delay there, or set "
        + "hot_standby_feedback = on, or dump the primary."
    ),
    (
      ["server version mismatch"],
      "Install the tools of the server's version, or set server.tools.folder."
    ),
    (
      ["invalid snapshot identifier", "snapshot too old", "idle-in-transaction timeout", "transaction timeout"],
      "The connection that held the snapshot was cut: look for timeouts in the server's settings and in poolers."
    ),
    (
      ["server closed the connection", "terminating connection", "connection to server was lost"],
      "Look into the server's log: it ended the connection."
    ),
    (["no space left on device", "could not extend file"], "Free space on the server's disk."),
  ]
}
