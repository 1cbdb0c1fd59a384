package import Bytes
import Format
package import Pipeline
import Store

/// Looks at everything in a repository and says what is wrong, and which snapshots each problem costs.
///
/// Changes nothing in the store. A store that fails on the way is never called damage: its failure is thrown.
package enum RepositoryCheck {
  /// Runs a check.
  ///
  /// It is the store itself that is checked. Copies serve to open what everything else hangs on, authority and
  /// enrolments, and are asked which of the damaged and missing objects they have.
  ///
  /// - Parameters:
  ///   - access: a keeper's or restorer's; a writer's key has none
  ///   - restorer: the same repository's, to open dump contents too; without it only lists are opened
  ///   - request: how thorough
  ///   - stop: ends the check
  ///   - progress: said often, from any thread
  /// - Throws: what the store throws, or the reason of `stop`.
  package static func run(
    _ access: MetaAccess, restorer: RestorerAccess?, _ request: CheckRequest, stop: StopSignal,
    progress: @escaping @Sendable (CheckProgress) -> Void = { _ in }
  ) throws(Failure) -> CheckReport {
    guard let fallback = access.repository.fallback else {
      return try look(access, restorer: restorer, request, stop: stop, progress: progress)
    }
    var report = try look(
      access.withoutCopies, restorer: restorer?.withoutCopies, request, stop: stop, progress: progress)
    let copies = CopyCheck(fallback: fallback, rescue: access.repository.authority.statement.rescue)
    try copies.run(&report, readData: request.readData, workers: request.workers, stop: stop)
    return report
  }

  private static func look(
    _ access: MetaAccess, restorer: RestorerAccess?, _ request: CheckRequest, stop: StopSignal,
    progress: @escaping @Sendable (CheckProgress) -> Void
  ) throws(Failure) -> CheckReport {
    // Snapshots come first: whatever a listed one relies on was stored before it, so later listings show it.
    let history = try SnapshotHistory.load(access)
    let inventory = try Inventory.take(access.repository.objects.store)
    var findings = CheckFindings()
    findings.snapshots = UInt64(history.snapshots.count)
    let small = UInt64(inventory.smallObjects)
    progress(CheckProgress(step: .objects, done: UInt64(history.snapshots.count), total: small))
    for stored in inventory.unknown { findings.add(unknown(stored)) }
    try RescueCheck(repository: access.repository, inventory: inventory).run(&findings)
    let mentions = try RecordCheck(access: access, inventory: inventory).run(&findings)
    try StrangerCheck(access: access, inventory: inventory).run(&findings)
    var runs: [Identifier: [IndexHistory]] = [:]
    for writer in access.writers {
      try stop.check()
      let check = NamespaceCheck(
        writer: writer, access: access, restorer: restorer, folder: inventory.folders[writer.id] ?? Inventory.Folder(),
        snapshots: history.snapshots.filter { $0.writer.id == writer.id }, request: request, stop: stop,
        progress: progress)
      runs[writer.id] = try check.run(&findings)
    }
    progress(CheckProgress(step: .objects, done: small, total: small))
    try HistoryCheck(access: access, history: history, inventory: inventory, runs: runs, mentions: mentions)
      .run(&findings)
    return findings.report(objects: inventory.objects, storedBytes: inventory.bytes)
  }

  /// An object that is none of this format.
  static func unknown(_ stored: StoredObject) -> CheckProblem {
    // Credentials that may not delete leave behind what a check of the store tried with them.
    if stored.path.components.dropLast().contains("canary") {
      return CheckProblem(
        .note, at: stored.path.text, "a check of the store left this behind (\(stored.size) bytes)",
        next: "Delete it with credentials that may.")
    }
    return CheckProblem(
      .warning, at: stored.path.text, "this is no object of a repository (\(stored.size) bytes)",
      next: "Find out who put it there; lifeboat does not use it.")
  }
}
