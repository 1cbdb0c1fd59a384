import Bytes
import Databases
import Format
import Pipeline
import Profiles

/// Runs the checks of a drill on what was restored.
///
/// A check passes only if it measured something and found it as it must be. What could not be measured, because a tool
/// is missing or nobody knows the truth, is `unmeasured`. Only a stopped drill throws.
struct CheckRunner {
  let restored: RestoredFolder
  /// What freshness is measured against.
  let reference: Moment
  let stop: StopSignal

  /// Runs one check. Throws the reason of a stopped drill.
  func run(_ check: Check) throws(Failure) -> CheckResult {
    try stop.check()
    switch check {
    case .integrity: return try integrity(check.name)
    case .manifest: return try manifest(check.name)
    case .canary: return CheckResult(check.name, .unmeasured, "canaries are read from servers", looksAtData: true)
    case .query(let query): return try self.query(query)
    case .program(let program): return try ProgramRun(program, folder: restored.folder, stop: stop).run()
    }
  }

  // MARK: - The engine's own check

  private func integrity(_ name: String) throws(Failure) -> CheckResult {
    guard restored.isSQLiteDatabase else {
      return CheckResult(
        name, .unmeasured, "there is no integrity check for \(restored.engine)", looksAtData: true)
    }
    return try onDatabase(name, nil) { (path) throws(Failure) in
      let findings = try SQLiteProbe.integrityCheck(path, stop: stop)
      guard !findings.isEmpty else { return CheckResult(name, .pass, "integrity_check: ok", looksAtData: true) }
      return CheckResult(
        name, .fail, "integrity_check: \(CheckRunner.count(findings.count, "finding"))", looksAtData: true,
        particulars: findings)
    }
  }

  // MARK: - The truth manifest

  private func manifest(_ name: String) throws(Failure) -> CheckResult {
    let truth = restored.truth
    guard restored.isSQLiteDatabase else {
      guard let streams = truth.streams else {
        return CheckResult(name, .unmeasured, "the snapshot has no manifest", looksAtData: true)
      }
      let found = "\(CheckRunner.count(Int(clamping: streams.count), "stream")) with \(streams.bytes) bytes"
      return judge(name, restored.streamDifferences, "equal: \(found)")
    }
    return try onDatabase(name, nil) { (path) throws(Failure) in
      let differences = truth.differences(from: try SQLiteProbe.truth(path, stop: stop))
      return judge(
        name, differences + restored.streamDifferences, "equal: \(CheckRunner.count(truth.tables.count, "table"))")
    }
  }

  private func judge(_ name: String, _ differences: [String], _ equal: String) -> CheckResult {
    guard !differences.isEmpty else { return CheckResult(name, .pass, equal, looksAtData: true) }
    return CheckResult(
      name, .fail, "\(CheckRunner.count(differences.count, "difference")) from the manifest", looksAtData: true,
      particulars: differences)
  }

  // MARK: - The drill's own queries

  private func query(_ check: QueryCheck) throws(Failure) -> CheckResult {
    try onDatabase(check.name, check.database) { (path) throws(Failure) in
      guard restored.isSQLiteDatabase || RestoredFolder.looksLikeSQLite(path) else {
        return CheckResult(check.name, .unmeasured, "the restored file is no SQLite database", looksAtData: true)
      }
      let rows = try SQLiteProbe.query(path, check.query, stop: stop)
      let wanted = check.expectation.text
      if let objection = check.expectation.objection(to: rows, reference: reference) {
        return CheckResult(
          check.name, .fail, "the answer is not as expected", looksAtData: true,
          particulars: ["\(objection) (expected: \(wanted))"])
      }
      return CheckResult(
        check.name, .pass, "the answer is as expected", looksAtData: true,
        particulars: ["\(rows.first ?? "") (expected: \(wanted))"])
    }
  }

  // MARK: - Databases

  /// Runs a check on a database file. What sqlite3 says against the file fails the check; that there is no sqlite3, or
  /// no room for it, says nothing of the file.
  private func onDatabase(
    _ name: String, _ file: String?, _ body: (String) throws(Failure) -> CheckResult
  ) throws(Failure) -> CheckResult {
    let path: String
    switch restored.database(named: file) {
    case .found(let found): path = found
    case .absent(let why): return CheckResult(name, .fail, why, looksAtData: true)
    case .unclear(let why): return CheckResult(name, .unmeasured, why, looksAtData: true)
    }
    do throws(Failure) {
      try SQLiteProbe.requireCommand(stop: stop)
    } catch {
      try stop.check()
      return CheckResult(name, .unmeasured, error.what, looksAtData: true)
    }
    do throws(Failure) {
      return try body(path)
    } catch {
      try stop.check()
      let isAboutTheData = [.sourceFailed, .unproven, .damaged].contains(error.code)
      return CheckResult(
        name, isAboutTheData ? .fail : .unmeasured, isAboutTheData ? "sqlite3 could not answer" : error.what,
        looksAtData: true, particulars: [error.what])
    }
  }

  private static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }
}
