import Bytes
import Cryptography
import Format

/// Names namespaces whose enrolment does not count, and the snapshots that are lost with it.
struct StrangerCheck {
  let access: MetaAccess
  let inventory: Inventory

  func run(_ findings: inout CheckFindings) throws(Failure) {
    for (writer, failure) in access.problems {
      let folder = inventory.folders[writer] ?? Inventory.Folder()
      var lost: [AffectedSnapshot] = []
      var enrolments: Set<Name> = []
      for name in folder.snapshots.sorted() {
        let path = ObjectPath.snapshot(writer: writer, name)
        guard let (claim, time) = try claim(path, &findings) else { continue }
        lost.append(AffectedSnapshot(name: name, writer: writer, component: claim.component, time: time))
        enrolments.insert(claim.enrolment)
      }
      lost.sort { ($0.time ?? 0) < ($1.time ?? 0) }
      for path in paths(failure, folder, writer, enrolments) {
        let what = "\(failure.what); nothing else in this namespace was checked"
        findings.add(CheckProblem(.damage, at: path, what, next: failure.next, costs: lost))
      }
    }
  }

  /// The enrolment that does not open; those that are gone and that snapshots name; or the whole namespace.
  private func paths(
    _ failure: Failure, _ folder: Inventory.Folder, _ writer: Identifier, _ named: Set<Name>
  ) -> [String] {
    let listed = folder.enrolments.sorted().map { ObjectPath.enrolment(writer: writer, $0).path }
    if let path = listed.first(where: { failure.place.contains($0) }) { return [path] }
    guard listed.isEmpty else { return listed }
    let missing = named.sorted().map { ObjectPath.enrolment(writer: writer, $0).path }
    return missing.isEmpty ? ["\(ObjectPath.writersFolder)\(writer.hex)/"] : missing
  }

  /// What a snapshot says of itself; without an enrolment nobody can say who may have signed it.
  private func claim(
    _ path: ObjectPath, _ findings: inout CheckFindings
  ) throws(Failure) -> (snapshot: Snapshot, time: UInt64)? {
    guard case .snapshot(let writer, _) = path else { return nil }
    do throws(Failure) {
      let envelope = try access.repository.openSealed(
        path, kind: .snapshot, writer: writer, with: access.identities)
      return (try Snapshot(body: envelope.body), envelope.header.time)
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      findings.damage(at: path.path, error)
      return nil
    }
  }
}
