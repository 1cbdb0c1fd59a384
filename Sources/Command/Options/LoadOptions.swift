import ArgumentParser
import Bytes
import Databases
import Profiles

/// What is loaded into a server, and how.
struct LoadOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: "The name of the database on the target, where it is another one.")
  var newName: String?

  @Option(help: "Only this database of the snapshot.")
  var database: String?

  @Option(help: "Replace this database on the target: it is renamed aside, its sessions end.")
  var replace: String?

  @Option(help: "Only this table (schema.table), with its indexes, constraints and sequence values.")
  var table: String?

  @Option(help: "How many streams are loaded at the same time; one a core unless told.")
  var jobs: Int?

  @Flag(help: "Leave everything to the role that loads.")
  var noOwner = false

  @Flag(help: "Definitions without rows.")
  var schemaOnly = false

  @Flag(help: "Rows without definitions, into empty tables that are there.")
  var dataOnly = false

  @Flag(help: "Create the roles of the dump that the target lacks; those it has stay as they are.")
  var withGlobals = false

  @Flag(help: "Say what would be done, what is missing and how long it takes; change nothing.")
  var dryRun = false

  @Option(help: "Make this a recorded recovery: the name of the incident, such as a ticket's.")
  var incident: String?

  @Option(help: "When the incident was declared (2026-11-20 03:00, or with a zone); the recovery is timed from there.")
  var since: String?

  /// The first option that was given; they mean nothing without `--into`.
  var given: String? {
    let words: [(String, Bool)] = [
      ("--as", newName != nil), ("--database", database != nil), ("--replace", replace != nil),
      ("--table", table != nil), ("--jobs", jobs != nil), ("--no-owner", noOwner), ("--schema-only", schemaOnly),
      ("--data-only", dataOnly), ("--with-globals", withGlobals), ("--dry-run", dryRun),
      ("--incident", incident != nil), ("--since", since != nil),
    ]
    return words.first { $0.1 }?.0
  }

  /// The request, checked for what contradicts itself.
  func request(checksums: Bool) throws(Failure) -> LoadRequest {
    try OptionRange.check(jobs, "--jobs", 1...64)
    let pairs = [
      ("--as", newName != nil, "--replace", replace != nil), ("--schema-only", schemaOnly, "--data-only", dataOnly),
      ("--table", table != nil, "--schema-only", schemaOnly), ("--table", table != nil, "--data-only", dataOnly),
      ("--table", table != nil, "--replace", replace != nil), ("--data-only", dataOnly, "--replace", replace != nil),
    ]
    if let pair = pairs.first(where: { $0.1 && $0.3 }) {
      throw Failure(
        .usage, "\(pair.0) and \(pair.2) exclude each other", at: "command line", next: "Leave one of them out.")
    }
    return LoadRequest(
      database: database, newName: newName, replaces: replace, table: table, jobs: jobs, noOwner: noOwner,
      schemaOnly: schemaOnly, dataOnly: dataOnly, globals: withGlobals, checksums: checksums)
  }

  /// When the incident was declared; nil for no incident.
  func declaration() throws(Failure) -> Moment? {
    guard let since else { return nil }
    guard incident != nil else {
      throw Failure(.usage, "--since needs --incident", at: "command line", next: "Name the incident.")
    }
    guard let moment = LocalTime.moment(since) else {
      throw Failure(
        .usage, "\(since) is no time", at: "--since", next: "Write 2026-11-20 03:00, or 2026-11-20T03:00:00Z.")
    }
    return moment
  }
}
