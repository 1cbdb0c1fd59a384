import Bytes
import Cryptography
import Format
import Pipeline

/// Checks one writer's namespace: index, packs, and what every snapshot needs of them.
struct NamespaceCheck {
  let writer: EnrolledWriter
  let access: MetaAccess
  let restorer: RestorerAccess?
  let folder: Inventory.Folder
  /// The writer's snapshots that count, in the order of history.
  let snapshots: [ListedSnapshot]
  let request: CheckRequest
  let stop: StopSignal
  let progress: @Sendable (CheckProgress) -> Void

  /// Returns what the index objects say of the runs that wrote them.
  func run(_ findings: inout CheckFindings) throws(Failure) -> [IndexHistory] {
    let loaded = try NamespaceOpener(writer, access, folder).open(&findings)
    findings.bytesRead += loaded.bytesRead
    guard let source = try source(loaded, &findings) else { return loaded.histories }
    let identities = access.identities + (restorer?.identities ?? [])
    let packs = PackCheck(
      loaded: loaded, source: source, identities: identities, request: request, stop: stop, progress: progress)
    var faults = PackFaults()
    try packs.run(&faults, &findings)
    let keys = try lostKeys(loaded, source)
    var costs = try walk(loaded, source, faults, keys, &findings)
    while !costs.suspects.isEmpty {
      // A list that does not open condemns its pack: look at all of that pack's blobs, then count the cost again.
      for (pack, failure) in costs.suspects { faults.add(failure, pack: pack) }
      try packs.tryBlobs(of: Set(costs.suspects.keys), &faults, &findings)
      costs = try walk(loaded, source, faults, keys, &findings)
    }
    // What this machine failed to keep is not what the store lacks.
    try loaded.index.checkSound()
    let losses = NamespaceLosses(loaded: loaded, faults: faults, lostKeys: keys, costs: costs.byCause)
    try losses.report(access.repository, snapshots, folder, &findings)
    return loaded.histories
  }

  /// What opens the blobs; without the naming secrets nothing can be said of them.
  private func source(
    _ loaded: LoadedNamespace, _ findings: inout CheckFindings
  ) throws(Failure) -> BlobSource? {
    do throws(Failure) {
      if let restorer { return try BlobSource(restorer, namespace: loaded.namespace) }
      return try BlobSource(access, namespace: loaded.namespace)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      let path = ObjectPath.enrolment(writer: writer.id, writer.name).path
      findings.damage(at: path, error, costs: snapshots.map { AffectedSnapshot($0) })
      return nil
    }
  }

  /// Session keys that no wrap in the index opens.
  private func lostKeys(_ loaded: LoadedNamespace, _ source: BlobSource) throws(Failure) -> [Int: Failure] {
    var lost: [Int: Failure] = [:]
    for (number, key) in loaded.index.keys.enumerated() where source.opens(key.kind == .blobKey ? .data : .list) {
      do throws(Failure) {
        _ = try source.sessionKey(number)
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        lost[number] = error
      }
    }
    return lost
  }

  /// What each cause costs.
  private struct Costs {
    var byCause: [LossCause: [AffectedSnapshot]] = [:]
    var suspects: [Int: Failure] = [:]
  }

  private func walk(
    _ loaded: LoadedNamespace, _ source: BlobSource, _ faults: PackFaults, _ keys: [Int: Failure],
    _ findings: inout CheckFindings
  ) throws(Failure) -> Costs {
    var closure = ClosureCheck(loaded, source, faults, lostKeys: Set(keys.keys))
    var costs = Costs()
    for (done, snapshot) in snapshots.enumerated() {
      try stop.check()
      progress(CheckProgress(step: .snapshots, done: UInt64(done), total: UInt64(snapshots.count)))
      for cause in try closure.causes(of: snapshot.snapshot) {
        costs.byCause[cause, default: []].append(AffectedSnapshot(snapshot))
      }
    }
    findings.bytesRead += closure.bytesRead
    costs.suspects = closure.suspects
    return costs
  }
}
