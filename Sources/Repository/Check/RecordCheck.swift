import Bytes
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
    let ledger = try Ledger.load(access)
    var missing: [Name: Failure] = [:]
    for (path, failure) in ledger.problems {
      if inventory.records.contains(path.name) {
        findings.damage(at: path.path, failure)
      } else {
        missing[path.name] = failure
      }
    }
    try noteRemembered(heads: Set(ledger.heads), &missing)
    for (name, failure) in missing where try access.repository.isGone(.record(name)) {
      findings.damage(at: ObjectPath.record(name).path, failure)
    }
    return ledger.entries.map { entry in
      Mention(
        snapshot: entry.record.snapshot, writer: entry.record.writer, component: entry.record.component,
        record: entry.name)
    }
  }

  /// Heads of the ledger that this host saw before, kept under the zero id. What went missing stays remembered.
  private func noteRemembered(heads: Set<Name>, _ missing: inout [Name: Failure]) throws(Failure) {
    guard let state = access.repository.state else { return }
    let remembered = Set(try state.heads(of: .zero) ?? [])
    let gone = remembered.subtracting(inventory.records)
    for name in gone where missing[name] == nil {
      missing[name] = Failure(.storeMissing, "a record that this host saw is gone")
    }
    let now = heads.union(gone)
    if now != remembered { try state.remember(heads: now.sorted(), of: .zero) }
  }
}
