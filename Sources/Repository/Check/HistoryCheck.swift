import Bytes
import Format

/// Looks for snapshots that something speaks of and the store does not show.
struct HistoryCheck {
  let access: MetaAccess
  let history: SnapshotHistory
  let inventory: Inventory
  /// What each writer's index objects say of the runs that wrote them.
  let runs: [Identifier: [IndexHistory]]
  /// The snapshots that records speak of.
  let mentions: [RecordCheck.Mention]

  func run(_ findings: inout CheckFindings) throws(Failure) {
    for (path, failure) in history.problems {
      guard case .snapshot(let writer, let name) = path else { continue }
      let lost = AffectedSnapshot(name: name, writer: writer, component: nil, time: nil)
      findings.damage(at: path.path, failure, costs: [lost])
    }
    for (path, failure) in history.annotations.problems { findings.damage(at: path.path, failure) }
    var missing: [ObjectPath: (what: String, lost: AffectedSnapshot)] = [:]
    notePast(&missing)
    try noteRemembered(&missing)
    noteOddities(&missing, &findings)
    for (path, entry) in missing where try access.repository.isGone(path) {
      findings.add(
        CheckProblem(
          .damage, at: path.path, entry.what,
          next: "Find out who removed it, or why the store hides it.", costs: [entry.lost]))
    }
    try noteEnrolments(&findings)
    for writer in access.writers { noteRuns(of: writer, &findings) }
  }

  private typealias Missing = [ObjectPath: (what: String, lost: AffectedSnapshot)]

  /// Snapshots that were restored once.
  private func notePast(_ missing: inout Missing) {
    for mention in mentions where !isListed(mention.snapshot, mention.writer) {
      let lost = AffectedSnapshot(
        name: mention.snapshot, writer: mention.writer, component: mention.component, time: nil)
      missing[.snapshot(writer: mention.writer, mention.snapshot)] = (
        "the snapshot is missing: record \(mention.record.hex.prefix(12)) speaks of it", lost
      )
    }
  }

  /// Heads that this host saw before, and remembers the heads of now. What went missing stays remembered.
  private func noteRemembered(_ missing: inout Missing) throws(Failure) {
    guard let state = access.repository.state else { return }
    for writer in access.writers {
      let remembered = try state.heads(of: writer.id) ?? []
      let gone = remembered.filter { !isListed($0, writer.id) }
      for name in gone {
        missing[.snapshot(writer: writer.id, name)] = (
          "a snapshot that this host saw is gone",
          AffectedSnapshot(name: name, writer: writer.id, component: nil, time: nil)
        )
      }
      let chain = history.snapshots.filter { $0.writer.id == writer.id }
      let parents = Set(chain.flatMap(\.snapshot.parents))
      let heads = chain.map(\.name).filter { !parents.contains($0) } + gone
      if Set(heads) != Set(remembered) { try state.remember(heads: heads, of: writer.id) }
    }
  }

  private func noteOddities(_ missing: inout Missing, _ findings: inout CheckFindings) {
    for oddity in history.oddities() {
      switch oddity {
      case .hidden(let parent, let child, let writer):
        let lost = AffectedSnapshot(name: parent, writer: writer, component: nil, time: nil)
        let what = "the snapshot is missing or hidden: \(child.hex.prefix(12)) follows it"
        let path = ObjectPath.snapshot(writer: writer, parent)
        if missing[path] == nil, !isListed(parent, writer) { missing[path] = (what, lost) }
      case .fork(_, let name, let writer), .restart(let name, let writer):
        let path = ObjectPath.snapshot(writer: writer, name).path
        findings.add(CheckProblem(.note, at: path, oddity.text))
      }
    }
  }

  /// An enrolment that a snapshot names and that is gone: without it an older one would count again.
  private func noteEnrolments(_ findings: inout CheckFindings) throws(Failure) {
    var named: [ObjectPath: ListedSnapshot] = [:]
    for snapshot in history.snapshots {
      let name = snapshot.snapshot.enrolment
      let isListed = inventory.folders[snapshot.writer.id]?.enrolments.contains(name) ?? false
      if !isListed { named[.enrolment(writer: snapshot.writer.id, name)] = snapshot }
    }
    for (path, snapshot) in named where try access.repository.isGone(path) {
      let what = "the enrolment is missing: snapshot \(snapshot.name.hex.prefix(12)) was made under it"
      findings.add(CheckProblem(.damage, at: path.path, what))
    }
  }

  /// Runs that left an index and no snapshot.
  private func noteRuns(of writer: EnrolledWriter, _ findings: inout CheckFindings) {
    struct Run: Hashable {
      let installation: Identifier
      let sequence: UInt64
    }
    let chain = history.snapshots.filter { $0.writer.id == writer.id }
    let made = Set(chain.map { Run(installation: $0.snapshot.installation, sequence: $0.snapshot.sequence) })
    let meant = Set((runs[writer.id] ?? []).map { Run(installation: $0.installation, sequence: $0.sequence) })
    for run in meant.subtracting(made).sorted(by: { $0.sequence < $1.sequence }) {
      findings.add(
        CheckProblem(
          .note, at: ObjectPath.folder("snapshots", of: writer.id),
          "a run left an index and no snapshot of number \(run.sequence): it was interrupted, it goes on, "
            + "or its snapshot is gone"))
    }
  }

  private func isListed(_ snapshot: Name, _ writer: Identifier) -> Bool {
    inventory.folders[writer]?.snapshots.contains(snapshot) ?? false
  }
}
