package import Bytes
import Cryptography
import Format
package import Profiles
package import Repository

/// The snapshot that a restore or drill takes, and what a person should know before it does.
package struct SnapshotChoice: Sendable {
  package let listed: ListedSnapshot
  /// The writer's key at the last drill that proved this component, if it was another one.
  package let formerKey: String?
  /// Newer snapshots of the component that were passed over, with the reason.
  package let passedOver: [String]

  /// Chooses by the signed history.
  ///
  /// - Parameters:
  ///   - selection: which snapshot
  ///   - component: of which component; nil takes the component of a snapshot that is named
  ///   - writer: the beginning of a writer's id, where several have the component
  ///   - history: all snapshots
  ///   - ledger: all records
  /// - Throws: `usage` if nothing or too much matches; it says what there is.
  package static func make(
    _ selection: Selection, of component: String?, writer: String? = nil, in history: SnapshotHistory, ledger: Ledger
  ) throws(Failure) -> SnapshotChoice {
    let mine = history.snapshots.filter { writer == nil || $0.writer.id.hex.hasPrefix(writer ?? "") }
    if case .snapshot(let prefix) = selection {
      let found = mine.filter {
        $0.name.hex.hasPrefix(prefix) && (component ?? $0.snapshot.component) == $0.snapshot.component
      }
      guard let only = found.first, found.count == 1 else {
        throw Failure(
          .usage, found.isEmpty ? "no snapshot begins with \(prefix)" : "\(found.count) snapshots begin with \(prefix)",
          next: "See lifeboat snapshots.")
      }
      return SnapshotChoice(listed: only, ledger: ledger, passedOver: [])
    }
    let component = if let component { component } else { try onlyComponent(of: mine) }
    let candidates = mine.filter { $0.snapshot.component == component }
    try checkOneWriter(candidates, component)
    let complete = candidates.filter(\.isComplete)
    guard let chosen = complete.last(where: { matches($0, selection, ledger) }) else {
      throw nothing(selection, component, history)
    }
    let quarantined = candidates.filter { ListedSnapshot.precedes(chosen, $0) && !$0.isComplete }
    let passedOver =
      quarantined.map { "\($0.name.hex.prefix(12)) is quarantined: \($0.snapshot.reasons.joined(separator: "; "))" }
      + history.problems.map { "a snapshot that may be newer does not count: \($0.failure.description)" }
      + history.annotations.problems.map { "an annotation does not count: \($0.failure.description)" }
    return SnapshotChoice(listed: chosen, ledger: ledger, passedOver: passedOver)
  }

  private init(listed: ListedSnapshot, ledger: Ledger, passedOver: [String]) {
    self.listed = listed
    self.passedOver = passedOver
    let proven = ledger.lastProven(listed.snapshot.component)
    let key = listed.writer.enrolment.sign
    formerKey = proven.flatMap { $0.record.writerKey == key ? nil : $0.record.writerKey.fingerprint }
  }

  private static func matches(_ snapshot: ListedSnapshot, _ selection: Selection, _ ledger: Ledger) -> Bool {
    switch selection {
    case .latest, .snapshot: true
    case .latestProven: ledger.isProven(snapshot.name)
    case .asOf(let moment): snapshot.snapshot.finished.value / 1_000_000_000 <= UInt64(max(moment.seconds, 0))
    }
  }

  private static func onlyComponent(of snapshots: [ListedSnapshot]) throws(Failure) -> String {
    let components = Set(snapshots.map(\.snapshot.component)).sorted()
    guard let only = components.first, components.count == 1 else {
      throw Failure(
        .usage,
        components.isEmpty
          ? "there is no snapshot" : "there are several components: \(components.joined(separator: ", "))",
        next: components.isEmpty ? "Make a backup first." : "Name the component.")
    }
    return only
  }

  private static func checkOneWriter(_ candidates: [ListedSnapshot], _ component: String) throws(Failure) {
    let writers = Set(candidates.map(\.writer.id))
    guard writers.count <= 1 else {
      let ids = writers.map { String($0.hex.prefix(8)) }.sorted().joined(separator: ", ")
      throw Failure(
        .usage, "several writers have snapshots of \(component): \(ids)", next: "Say which one with --writer.")
    }
  }

  private static func nothing(_ selection: Selection, _ component: String, _ history: SnapshotHistory) -> Failure {
    let damaged = history.problems.count
    let hint =
      damaged > 0
      ? "\(damaged) snapshots do not open or count: see lifeboat check."
      : "See lifeboat snapshots."
    return Failure(.usage, "no complete snapshot of \(component) is \(selection.text)", next: hint)
  }
}
