import Bytes
import Cryptography
import Format

/// Opens every record and follows the links between them.
struct RecordCheck {
  /// A snapshot that a record speaks of.
  struct Mention: Sendable {
    let snapshot: Name
    let writer: Identifier
    let component: String
    let record: Name
  }

  let access: MetaAccess
  let inventory: Inventory

  /// Returns the snapshots that records speak of.
  func run(_ findings: inout CheckFindings) throws(Failure) -> [Mention] {
    var mentions: [Mention] = []
    var parents: [Name: Name] = [:]
    for name in inventory.records.sorted() {
      let path = ObjectPath.record(name)
      do throws(Failure) {
        let record = try open(path)
        for parent in record.parents { parents[parent] = name }
        mentions.append(
          Mention(snapshot: record.snapshot, writer: record.writer, component: record.component, record: name))
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        findings.damage(at: path.path, error)
      }
    }
    var missing = parents.mapValues { "the record is missing: \($0.hex.prefix(12)) follows it" }
    try noteRemembered(heads: inventory.records.subtracting(parents.keys), &missing)
    for (parent, what) in missing where !inventory.records.contains(parent) {
      guard try access.repository.isGone(.record(parent)) else { continue }
      findings.add(CheckProblem(.damage, at: ObjectPath.record(parent).path, what))
    }
    return mentions
  }

  /// Heads of the ledger that this host saw before, kept under the zero id. What went missing stays remembered.
  private func noteRemembered(heads: Set<Name>, _ missing: inout [Name: String]) throws(Failure) {
    guard let state = access.repository.state else { return }
    let remembered = Set(try state.heads(of: .zero) ?? [])
    let gone = remembered.subtracting(inventory.records)
    for name in gone where missing[name] == nil { missing[name] = "a record that this host saw is gone" }
    let now = heads.union(gone)
    if now != remembered { try state.remember(heads: now.sorted(), of: .zero) }
  }

  private func open(_ path: ObjectPath) throws(Failure) -> Record {
    let envelope = try access.repository.openSealed(path, kind: .record, writer: .zero, with: access.identities)
    guard access.repository.authority.statement.isRestorer(envelope.signer) else {
      throw Failure(
        .keyUntrusted, "this record is signed by \(envelope.signer.fingerprint), which is no restorer",
        next: "Somebody planted it: look into the store, then remove the object.")
    }
    return try Record(body: envelope.body)
  }
}
