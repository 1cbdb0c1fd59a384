package import Bytes
import Cryptography
package import Format

/// A snapshot that opened, verified and counts.
package struct ListedSnapshot: Sendable {
  package let name: Name
  package let writer: EnrolledWriter
  package let header: Envelope.Header
  package let snapshot: Snapshot
  /// What makes it count although the gate did not let its dump pass; nil where there is none, or none is needed.
  package let acceptance: AnnotationEntry?

  /// Whether it counts as a whole dump: the gate let it pass, or a keeper or restorer accepted it later.
  package var isComplete: Bool { snapshot.verdict == .complete || acceptance != nil }

  /// Where it lies.
  package var path: ObjectPath { .snapshot(writer: writer.id, name) }

  /// The order of history: by the signed sequence, never by the store's dates.
  package static func precedes(_ left: ListedSnapshot, _ right: ListedSnapshot) -> Bool {
    if left.snapshot.sequence != right.snapshot.sequence { return left.snapshot.sequence < right.snapshot.sequence }
    if left.header.time != right.header.time { return left.header.time < right.header.time }
    return left.name < right.name
  }
}

/// All snapshots of a repository, and what is wrong with the history.
package struct SnapshotHistory: Sendable {
  /// In the order of history within each writer.
  package let snapshots: [ListedSnapshot]
  /// Objects that do not open, verify or count.
  package let problems: [(path: ObjectPath, failure: Failure)]
  /// What was said of them later.
  package let annotations: Annotations

  /// Lists and opens the snapshots of all enrolled writers, and what was said of them.
  package static func load(_ access: MetaAccess) throws(Failure) -> SnapshotHistory {
    let annotations = try Annotations.load(access)
    let acceptances = annotations.acceptances
    var snapshots: [ListedSnapshot] = []
    var problems: [(path: ObjectPath, failure: Failure)] = []
    for writer in access.writers {
      let listed = try access.repository.objects.list(ObjectPath.folder("snapshots", of: writer.id))
      try ParallelOpening.run(listed) { (path) throws(Failure) in
        try open(path, of: writer, access, acceptances)
      } take: { (path, result) throws(Failure) in
        switch result {
        case .success(let snapshot): snapshots.append(snapshot)
        case .failure(let failure): problems.append((path, failure))
        }
      }
    }
    return SnapshotHistory(
      snapshots: snapshots.sorted(by: ListedSnapshot.precedes), problems: problems, annotations: annotations)
  }

  private static func open(
    _ path: ObjectPath, of writer: EnrolledWriter, _ access: MetaAccess, _ acceptances: [Name: AnnotationEntry]
  ) throws(Failure) -> ListedSnapshot {
    let envelope = try access.repository.openSealed(path, kind: .snapshot, writer: writer.id, with: access.identities)
    let isClosed = access.repository.authority.statement.closed.contains(envelope.signer)
    guard envelope.signer == writer.enrolment.sign, !isClosed else {
      throw Failure(
        .keyUntrusted, "this snapshot is signed by \(envelope.signer.fingerprint), which is not the enrolled writer",
        at: path.path, next: "Somebody planted it: look into the store, then remove the object.")
    }
    let snapshot = try Snapshot(body: envelope.body)
    guard access.grants.allows(writer.id, snapshot.component) else {
      throw Failure(
        .keyUntrusted, "this snapshot is of \(snapshot.component), which is not granted to its writer",
        at: path.path, next: "Grant the component with lifeboat key grant, or remove the object.")
    }
    return ListedSnapshot(
      name: path.name, writer: writer, header: envelope.header, snapshot: snapshot,
      acceptance: snapshot.verdict == .quarantined ? acceptances[path.name] : nil)
  }

  /// The newest complete snapshot of a component.
  package func latest(of component: String, where isWanted: (ListedSnapshot) -> Bool = { _ in true }) -> ListedSnapshot?
  {
    snapshots.last { $0.snapshot.component == component && $0.isComplete && isWanted($0) }
  }

  /// The snapshots whose name begins with `prefix`.
  package func named(_ prefix: String) -> [ListedSnapshot] {
    snapshots.filter { $0.name.hex.hasPrefix(prefix) }
  }

  /// What the linked history says that the listing does not show: hidden snapshots, restarts, forks.
  package func oddities() -> [HistoryOddity] {
    var oddities: [HistoryOddity] = []
    for (writer, chain) in Dictionary(grouping: snapshots, by: \.writer.id) {
      oddities += HistoryOddity.find(in: chain, problems: problems.map(\.path), writer: writer)
    }
    return oddities
  }
}
