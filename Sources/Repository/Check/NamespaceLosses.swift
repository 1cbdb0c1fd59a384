import Bytes
import Format

/// Turns what is wrong in one namespace into problems, each with the snapshots it costs.
struct NamespaceLosses {
  let loaded: LoadedNamespace
  let faults: PackFaults
  /// Session keys that do not open, by their position in the index.
  let lostKeys: [Int: Failure]
  let costs: [LossCause: [AffectedSnapshot]]

  func report(
    _ repository: OpenRepository, _ snapshots: [ListedSnapshot], _ folder: Inventory.Folder,
    _ findings: inout CheckFindings
  ) throws(Failure) {
    for number in loaded.index.packs.indices { reportPack(number, &findings) }
    var blamed = loaded.faults
    for path in try missingIndexes(repository, snapshots, folder) {
      blamed.append((path, Failure(.storeMissing, "the index object is missing: a snapshot names it")))
    }
    reportNowhere(blamed, &findings)
    reportUnindexed(&findings)
    reportKeys(&findings)
    for (cause, lost) in costs {
      guard case .shape(let what) = cause else { continue }
      for snapshot in lost { addLoss(of: snapshot, what, &findings) }
    }
  }

  private func reportPack(_ number: Int, _ findings: inout CheckFindings) {
    let pack = loaded.index.packs[number]
    let path = loaded.path(ofPack: number).path
    let lost = costs[.pack(number)] ?? []
    if !pack.isListed {
      // A prune removes what it has marked before.
      if lost.isEmpty, loaded.tombstoned.contains(pack.name) { return }
      findings.add(
        CheckProblem(
          .damage, at: path, "the pack is missing", next: "Put it back from a copy of the repository.", costs: lost))
    } else if let reason = faults.reasons[number] {
      let trial = faults.trials[number] ?? PackFaults.Trial()
      let count = "\(trial.lost) of its \(trial.blobs) blobs \(trial.isExact ? "are" : "may be") lost"
      findings.add(
        CheckProblem(
          .damage, at: path, "\(reason.what); \(count)", next: "Put it back from a copy of the repository.",
          costs: lost, isExact: trial.isExact))
    }
    if let needed = costs[.tombstoned(number)] {
      findings.add(
        CheckProblem(
          .note, at: path,
          "the pack is marked for deletion, and \(needed.count) snapshots need it: a prune will keep it"))
    }
  }

  /// Index objects that snapshots name and the store does not have.
  private func missingIndexes(
    _ repository: OpenRepository, _ snapshots: [ListedSnapshot], _ folder: Inventory.Folder
  ) throws(Failure) -> [ObjectPath] {
    var missing: Set<Name> = []
    for snapshot in snapshots { missing.formUnion(snapshot.snapshot.index) }
    missing.subtract(folder.indexes)
    missing.subtract(loaded.superseded)
    var paths: [ObjectPath] = []
    for name in missing.sorted() {
      let path = ObjectPath.index(writer: loaded.writer.id, name)
      if try repository.isGone(path) { paths.append(path) }
    }
    return paths
  }

  /// Blobs that no pack is known to hold may have been in what does not open.
  private func reportNowhere(_ blamed: [(path: ObjectPath, failure: Failure)], _ findings: inout CheckFindings) {
    let lost = costs[.nowhere] ?? []
    for (path, failure) in blamed {
      var what = failure.what
      if case .index = path, lost.isEmpty { what += "; the packs themselves say what it said" }
      findings.add(
        CheckProblem(
          .damage, at: path.path, what, next: failure.next, costs: lost, isExact: lost.isEmpty || blamed.count == 1))
    }
    guard blamed.isEmpty else { return }
    for snapshot in lost { addLoss(of: snapshot, "no pack holds some of what this snapshot needs", &findings) }
  }

  private func reportUnindexed(_ findings: inout CheckFindings) {
    let isIndexWhole = loaded.faults.isEmpty
    for name in loaded.unindexed where isIndexWhole {
      findings.add(
        CheckProblem(
          .note, at: ObjectPath.pack(writer: loaded.writer.id, name).path,
          "the pack is in no index: left by an interrupted run, or a run goes on"))
    }
  }

  private func reportKeys(_ findings: inout CheckFindings) {
    for (number, failure) in lostKeys {
      let key = loaded.index.keys[number]
      findings.add(
        CheckProblem(
          .damage, at: ObjectPath.folder("packs", of: loaded.writer.id),
          "the session key \(key.id.hex.prefix(16)) does not open: \(failure.what)", next: failure.next,
          costs: costs[.key(number)] ?? []))
    }
  }

  private func addLoss(of snapshot: AffectedSnapshot, _ what: String, _ findings: inout CheckFindings) {
    let path = ObjectPath.snapshot(writer: snapshot.writer, snapshot.name).path
    findings.add(CheckProblem(.damage, at: path, what, costs: [snapshot]))
  }
}
