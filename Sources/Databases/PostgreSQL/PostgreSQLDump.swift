import Bytes
import Glibc
import Pipeline

/// Runs of `pg_dump` and `pg_dumpall` into the sink, each judged by its exit status and by what it printed.
struct PostgreSQLDump: Sendable {
  let server: PostgreSQLServer
  let ledger: PostgreSQLLedger
  /// In milliseconds.
  let lockWait: Int64
  let stop: StopSignal

  static let marker = "-- PostgreSQL database dump complete"
  private static let globalsMarker = "-- PostgreSQL database cluster dump complete"

  /// Roles and tablespaces.
  func globals() throws(Failure) {
    var arguments = [
      "-w", "-d", server.connection.string(), "-l", PostgreSQLConnection.plain(server.maintenance), "--globals-only",
      "--lock-wait-timeout=\(lockWait)",
    ]
    // Whose passwords it may not read it could not dump at all.
    if !server.readsPasswords { arguments.append("--no-role-passwords") }
    let summary = try run("pg_dumpall", arguments, into: "globals.sql", watcher: nil)
    if let objection = CompletionMarker.objection(PostgreSQLDump.globalsMarker, to: summary) {
      ledger.object("globals.sql: \(objection)")
    }
  }

  /// Everything but data, in the custom format; its table of contents is read back.
  func schema(_ database: String, _ snapshot: String, into stream: String) throws(Failure) {
    // Sections, not --schema-only: that would leave out large objects and the filling of materialized views.
    let arguments = ["-Fc", "-Z0", "--section=pre-data", "--section=post-data"]
    let copy = try PostgreSQLSchemaCopy(stop: stop)
    let summary = try run(
      "pg_dump", common(database, snapshot) + arguments, into: stream, watcher: copy.watcher)
    if let objection = try copy.objection(server) { ledger.object("\(stream): \(objection)") }
    if summary.length == 0 { ledger.object("\(stream): pg_dump printed nothing") }
  }

  /// Rows as text.
  ///
  /// - Parameter selection: which tables
  func data(
    _ database: String, _ snapshot: String, _ selection: [String], printsHex: Bool, isHashing: Bool,
    expecting length: UInt64?, into stream: String
  ) throws(Failure) {
    let watcher = CopyWatcher(isHashing: isHashing)
    let summary = try run(
      "pg_dump", common(database, snapshot) + ["-Fp", "--section=data"] + selection, into: stream, watcher: watcher,
      expecting: length, variables: printsHex ? [:] : PostgreSQLDump.hexadecimal())
    let contents = watcher.finish()
    for problem in contents.problems { ledger.object("\(stream): \(problem)") }
    if let objection = CompletionMarker.objection(PostgreSQLDump.marker, to: summary) {
      ledger.object("\(stream): \(objection)")
    }
    ledger.keep(contents, of: stream)
  }

  private func common(_ database: String, _ snapshot: String) -> [String] {
    [
      "-w", "-d", server.connection.string(database: database), "--snapshot=\(snapshot)",
      "--lock-wait-timeout=\(lockWait)",
    ]
  }

  private func run(
    _ tool: String, _ arguments: [String], into stream: String, watcher: (any StreamWatcher)?,
    expecting length: UInt64? = nil, variables: [String: String] = [:]
  ) throws(Failure) -> StreamSummary {
    let command = server.connection.command(server.tools.path(tool), arguments, variables: variables)
    let child = try Child.start(command, stop: stop)
    let summary = try ledger.store(stream, from: child.output, expecting: length, watcher: watcher)
    let exit = try child.wait()
    let errors = server.connection.redaction.clean(child.errorText)
    ledger.hear(errors)
    if !exit.succeeded {
      let advice = PostgreSQLTrouble.advice(errors)
      ledger.object(
        "\(stream): \(tool) ended with \(exit): \(PostgreSQLTrouble.reason(errors))"
          + (advice.isEmpty ? "" : ". \(advice)"))
    }
    if let problem = summary.readingProblem { ledger.object("\(stream): can't be read: \(problem)") }
    return summary
  }

  /// A database may be set to print `bytea` the old way, and another server would print the same rows differently.
  static func hexadecimal() -> [String: String] {
    let options = getenv("PGOPTIONS").map { "\(String(cString: $0)) " } ?? ""
    return ["PGOPTIONS": "\(options)-c bytea_output=hex"]
  }
}
