import Bytes
import Glibc
import Pipeline
import Profiles

/// `pg_amcheck` over databases: every heap and every btree index is walked.
///
/// It needs the extension `amcheck`. Where the server is there for this alone it is installed and taken out again;
/// elsewhere nothing is changed, and nothing is said of databases that lack it.
struct AmcheckRun {
  let server: PostgreSQLServer
  let databases: [String]
  let mayInstall: Bool

  private enum Outcome {
    case sound
    case damaged([String])
    case unmeasured(String, [String])
  }

  func run(stop: StopSignal) throws(Failure) -> ServerIntegrity {
    let tool = server.tools.path("pg_amcheck")
    guard !server.connection.settings.tools.prefix.isEmpty || access(tool, X_OK) == 0 else {
      return .unmeasured("there is no pg_amcheck of version \(server.tools.version.major) here", remarks: [])
    }
    var findings: [String] = []
    var open: (what: String, remarks: [String])?
    for database in databases {
      switch try check(database, tool, stop) {
      case .sound: break
      case .damaged(let found): findings += found
      case .unmeasured(let what, let remarks): open = open ?? (what, remarks)
      }
    }
    if !findings.isEmpty {
      let count = findings.count
      return .damaged("pg_amcheck: \(count) finding\(count == 1 ? "" : "s")", findings: findings)
    }
    if let open { return .unmeasured(open.what, remarks: open.remarks) }
    return .sound("pg_amcheck: ok in \(databases.count) database\(databases.count == 1 ? "" : "s")")
  }

  private func check(_ database: String, _ tool: String, _ stop: StopSignal) throws(Failure) -> Outcome {
    let query = server.query(database)
    let isThere = try query.value(
      "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck');", stop: stop)
    guard isThere != "t" else { return try walk(database, tool, stop) }
    guard mayInstall else { return .unmeasured("the extension amcheck is not installed in a database", []) }
    do throws(Failure) {
      try query.execute(Array("CREATE EXTENSION amcheck SCHEMA pg_catalog;".utf8), stop: stop)
    } catch {
      try stop.check()
      return .unmeasured("the extension amcheck can't be installed", [error.description])
    }
    let outcome = try walk(database, tool, stop)
    // The database is to be what was restored.
    try? query.execute(Array("DROP EXTENSION IF EXISTS amcheck;".utf8), stop: stop)
    try stop.check()
    return outcome
  }

  private func walk(_ database: String, _ tool: String, _ stop: StopSignal) throws(Failure) -> Outcome {
    let words = ["-w", "--jobs=\(max(1, min(8, UsableCores.count())))", server.connection.string(database: database)]
    let result = try Child.run(server.connection.command(tool, words), limit: 64 << 20, stop: stop)
    if result.exit.succeeded { return .sound }
    let clean = server.connection.redaction.clean(result.text)
    let errors = server.connection.redaction.clean(result.errorText)
    let said = clean.split(separator: "\n").map(String.init)
    let all = clean + "\n" + errors
    if all.contains("permission denied") {
      return .unmeasured("the role may not use amcheck", [PostgreSQLTrouble.reason(all)])
    }
    // 2 is corruption; anything else says nothing, but for a server that goes away over it.
    if result.exit == .exited(2) {
      // A finding is a line and, below it, what is wrong.
      var findings: [String] = []
      for line in said {
        if line.first?.isWhitespace == true, let last = findings.indices.last {
          findings[last] += ": \(line.trimmed)"
        } else {
          findings.append(line.hasSuffix(":") ? String(line.dropLast()) : line)
        }
      }
      return .damaged(findings.isEmpty ? [PostgreSQLTrouble.reason(errors)] : findings)
    }
    if all.contains("server closed the connection") || all.contains("terminating connection") {
      return .damaged(["the server ended while it was checked: \(PostgreSQLTrouble.reason(errors))"])
    }
    return .unmeasured("pg_amcheck ended with \(result.exit)", [PostgreSQLTrouble.reason(errors)])
  }
}

extension String {
  /// Without blanks at its ends.
  fileprivate var trimmed: Substring {
    let start = self.drop { $0.isWhitespace }
    return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
  }
}
