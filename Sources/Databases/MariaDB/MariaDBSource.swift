package import Bytes
import Glibc
package import Pipeline
package import Profiles
import Synchronization

/// Databases of a MariaDB or MySQL server, dumped by its own tool in one transaction: consistent for tables of InnoDB,
/// without blocking those who write.
///
/// Streams: `about.json`, facts for whoever restores; `all.sql`, the dump, which `mariadb` loads without lifeboat; and
/// `users.sql`, users with their grants.
///
/// What the role needs, and no more:
///
///     GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS, RELOAD, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'lifeboat'@'…';
///
/// The tool prints a row a line in statements of a megabyte, so a changed row changes one line, and a row more moves the
/// ends of the statements after it only.
package struct MariaDBSource: DumpSource {
  private let settings: MariaDBSettings
  /// What the tool prints near the end, and only there.
  static let marker = "-- Dump completed"
  /// How much of the error output goes into an outcome, in bytes from its end.
  private static let errorLimit = 4096

  package init(_ settings: MariaDBSettings) { self.settings = settings }

  package func prepare(stop: StopSignal) throws(Failure) -> SourceDescription {
    let survey = try MariaDBSurvey(settings, stop: stop)
    return SourceDescription(
      engine: "mariadb", version: survey.server.version.text, identity: survey.server.identity,
      expectedSize: survey.expectedSize, notes: survey.notes)
  }

  package func dump(into sink: any StreamSink, stop: StopSignal) throws(Failure) -> DumpOutcome {
    let survey = try MariaDBSurvey(settings, stop: stop)
    try SmallStream.send(Array(survey.about.json.utf8), as: MariaDBAbout.streamName, to: sink, stop: stop)
    var run = MariaDBDump(survey: survey, settings: settings)
    sink.holdsSnapshot(since: WallClock.now())
    defer { sink.holdsSnapshot(since: nil) }
    try run.dumpDatabases(into: sink, stop: stop)
    if survey.dumpsUsers { try run.dumpUsers(into: sink, stop: stop) }
    return DumpOutcome(
      verdict: DumpOutcome.verdict(run.reasons), truth: run.truth, warnings: run.warnings,
      errorText: String(decoding: run.errorText.utf8.suffix(MariaDBSource.errorLimit), as: UTF8.self))
  }
}

/// One run of the dump tool after the other, and what came of them.
struct MariaDBDump {
  let survey: MariaDBSurvey
  let settings: MariaDBSettings
  private(set) var reasons: [String] = []
  private(set) var warnings: [String] = []
  private(set) var errorText = ""
  private(set) var truth: TruthManifest?

  init(survey: MariaDBSurvey, settings: MariaDBSettings) {
    self.survey = survey
    self.settings = settings
  }

  mutating func dumpDatabases(into sink: any StreamSink, stop: StopSignal) throws(Failure) {
    let watcher = InsertWatcher(checksums: settings.checksums)
    let command = try survey.connection.command(.dump, survey.dumpArguments)
    let child = try Child.start(command, stop: stop)
    let locks = LockWatch(survey.connection, limit: settings.lockTimeout.count, stop: stop) { child.terminate() }
    defer { locks.finish() }
    let summary = try send(child, "all.sql", survey.expectedSize, watcher, sink)
    let exit = try child.wait()
    if let statement = locks.finish() {
      reasons.append("the dump waited for a lock for longer than \(settings.lockTimeout.text): \(statement)")
    }
    judge(exit, child.errorText, summary, "mariadb-dump")
    judge(watcher.contents)
    if reasons.isEmpty { try compare(watcher.contents, stop) }
    truth = watcher.contents.manifest(checksums: settings.checksums)
  }

  mutating func dumpUsers(into sink: any StreamSink, stop: StopSignal) throws(Failure) {
    // What exists over there already is left as it is.
    let command = try survey.connection.command(.dump, ["--system=users", "--insert-ignore"])
    let child = try Child.start(command, stop: stop)
    let summary = try send(child, "users.sql", nil, nil, sink)
    let exit = try child.wait()
    judge(exit, child.errorText, summary, "the dump of the users")
  }

  private func send(
    _ child: Child, _ name: String, _ size: UInt64?, _ watcher: InsertWatcher?, _ sink: any StreamSink
  ) throws(Failure) -> StreamSummary {
    let stream = DumpedStream(
      name: Array(name.utf8), kind: .dump, owner: geteuid(), group: getegid(),
      modified: Int64(clamping: WallClock.now()), expectedLength: size)
    return try sink.stream(stream, from: child.output, watcher: watcher)
  }

  /// Whether the tool's run and the end of its stream prove that it is whole.
  private mutating func judge(_ exit: ChildExit, _ errors: String, _ summary: StreamSummary, _ what: String) {
    let text = survey.connection.redaction.clean(errors)
    let complaint = survey.connection.complaint(errors)
    errorText += text
    if !exit.succeeded {
      reasons.append("\(what) ended with \(exit)" + (complaint.isEmpty ? "" : ": \(complaint)"))
      if complaint.contains("2013") || complaint.contains("Lost connection") {
        let limit = survey.server.writeTimeout
        reasons.append("the server died, or waited for us for longer than its net_write_timeout, \(limit) s")
      }
    } else if !complaint.isEmpty {
      warnings.append("\(what) said: \(complaint)")
    }
    if let problem = summary.readingProblem { reasons.append("the output of \(what) can't be read: \(problem)") }
    if summary.length == 0 {
      reasons.append("\(what) printed nothing")
    } else if let objection = CompletionMarker.objection(MariaDBSource.marker, to: summary) {
      reasons.append(objection)
    }
  }

  private mutating func judge(_ contents: DumpContents) {
    guard reasons.isEmpty else { return }
    if contents.oddities > 0 || contents.isCutOff {
      reasons.append("the dump holds rows that can't be read: \(contents.oddities)")
    }
  }

  /// Every table that was there before and is there still must be in the dump. Tables without transactions that were
  /// written meanwhile are named.
  private mutating func compare(_ contents: DumpContents, _ stop: StopSignal) throws(Failure) {
    let chosen = survey.chosen
    let after: MariaDBCatalogue
    do {
      after = try MariaDBCatalogue.read(survey.connection, stop: stop) { chosen.contains($0) }
    } catch {
      try stop.check()
      warnings.append("the tables can't be compared with the dump: \(error.what)")
      return
    }
    var missing: [String] = []
    var written: [String] = []
    for database in survey.catalogue.databases {
      let later = after.databases.first { $0.name == database.name }?.tables ?? []
      let still = Dictionary(later.map { ($0.name, $0) }) { first, _ in first }
      for table in database.baseTables {
        guard let now = still[table.name] else { continue }
        let name = database.name + [UInt8(ascii: ".")] + table.name
        if contents.tables[name]?.isMade != true { missing.append(Printable.text(name)) }
        if !survey.isTransactional(table), now.changed != table.changed { written.append(Printable.text(name)) }
      }
    }
    if !missing.isEmpty { reasons.append("the dump lacks tables that exist: \(MariaDBSurvey.list(missing))") }
    if !written.isEmpty {
      warnings.append(
        "tables without transactions were written while they were dumped: \(MariaDBSurvey.list(written))")
    }
  }
}
