package import Bytes
import Cryptography
package import Format
import Pipeline

/// What a run says of its snapshot; the rest the session knows.
package struct SnapshotDraft: Sendable {
  package var component: String
  package var started: UInt64
  package var verdict: Snapshot.Verdict
  package var reasons: [String]
  package var engine: Snapshot.Engine
  package var profile: String
  package var catalogue: Snapshot.Catalogue
  /// The truth manifest as JSON; sealed to data.
  package var truth: [UInt8]
  package var statistics: Snapshot.Statistics

  package init(
    component: String, started: UInt64, verdict: Snapshot.Verdict, reasons: [String], engine: Snapshot.Engine,
    profile: String, catalogue: Snapshot.Catalogue, truth: [UInt8], statistics: Snapshot.Statistics
  ) {
    self.component = component
    self.started = started
    self.verdict = verdict
    self.reasons = reasons
    self.engine = engine
    self.profile = profile
    self.catalogue = catalogue
    self.truth = truth
    self.statistics = statistics
  }
}

extension BackupSession {
  /// Nanoseconds between the last look at the listing and the snapshot's acknowledgement, at most.
  package static let commitWindow: UInt64 = 3_600_000_000_000

  /// Stores what is left, looks at the store once more, and puts the snapshot: the commit point.
  ///
  /// Every pack that the snapshot relies on, its bases' packs included, must be listed and not tombstoned; the
  /// acknowledgement must come within the commit window of that listing, by a clock that counts suspension.
  ///
  /// - Returns: the snapshot's name and the snapshot
  /// - Throws: `storeMissing` if a pack went away while the run went on: run again, and its chunks are stored again.
  package func commit(_ draft: SnapshotDraft) throws(Failure) -> (name: Name, snapshot: Snapshot) {
    try packs.finish()
    var snapshot = try snapshot(draft)
    snapshot.finished = WideInteger(WallClock.now())
    var looked = clock()
    try checkClosure()
    try rememberHeads(adding: nil)
    let path = try access.repository.putSealed(
      .snapshot, writer: access.id, body: snapshot.body, to: try access.repository.authority.metaRecipients()
    ) { .snapshot(writer: access.id, $0) }
    while clock() - looked > BackupSession.commitWindow {
      looked = clock()
      try checkClosure()
    }
    // The snapshot stands, and the state could be written a moment ago: to fail now would deny a backup that is there.
    try? rememberHeads(adding: path.name)
    return (path.name, snapshot)
  }

  private func snapshot(_ draft: SnapshotDraft) throws(Failure) -> Snapshot {
    var statistics = draft.statistics
    statistics.storedBytes = packs.storedBytes
    return Snapshot(
      installation: history.installation, sequence: history.sequence, parents: history.parents,
      authority: access.repository.authority.head, enrolment: access.enrolled.name, component: draft.component,
      started: draft.started, finished: draft.started, epoch: access.repository.authority.epoch.epoch,
      verdict: draft.verdict, reasons: draft.reasons, engine: draft.engine, profile: draft.profile,
      catalogue: draft.catalogue, index: packs.indexes, keys: try wrappedKeys().map { Snapshot.Key($0) },
      sealed: Base64(try Age.seal(draft.truth, to: try access.repository.authority.dataRecipients())),
      statistics: statistics)
  }

  /// Lists packs and tombstones again and checks every pack that the snapshot needs.
  private func checkClosure() throws(Failure) {
    let needed = reliedOn.merging(packs.packs) { size, _ in size }
    let listing = try PackListing(of: access.id, in: access.repository, with: access.identities)
    for (name, size) in needed where listing.sizes[name] != size || listing.tombstoned.contains(name) {
      throw Failure(
        .storeMissing, "a pack that this snapshot needs went away while the run went on",
        at: ObjectPath.pack(writer: access.id, name).path, next: "Run the backup again: what it held is stored anew.")
    }
  }

  /// Local state must be writable before the commit: a host that cannot remember what it saw could not notice a
  /// store that hides its newest snapshots.
  private func rememberHeads(adding snapshot: Name?) throws(Failure) {
    guard let state = access.repository.state else { return }
    // Another run on this host may have added its own since this one began.
    let known = Set(try state.heads(of: access.id) ?? []).union(history.parents)
    let heads = snapshot.map { known.subtracting(history.parents).union([$0]) } ?? known
    try state.remember(heads: heads.sorted(), of: access.id)
  }
}
