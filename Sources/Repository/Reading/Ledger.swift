package import Bytes
package import Cryptography
package import Format

/// A record that opened, verified and counts.
package struct LedgerEntry: Sendable {
  package let name: Name
  package let header: Envelope.Header
  /// The restorer that signed.
  package let signer: PublicKey
  package let record: Record
  /// The SHA-256 of the record's body as it was signed.
  package let bodyDigest: Name
  /// The envelope as it was signed: whoever has it can verify the signature without any key of the repository.
  package let envelope: [UInt8]

  /// Where it lies.
  package var path: ObjectPath { .record(name) }

  /// Opens the envelope of a record and verifies it against an authority.
  ///
  /// - Parameters:
  ///   - name: of the object that it was sealed in, which these bytes alone do not show
  ///   - bytes: the envelope as it was signed
  /// - Throws: `damaged` for bytes or a signature that are not right, `keyUntrusted` for a signer who is no restorer, and
  ///   `authorityRolledBack` for one who knew a newer authority
  package init(
    _ name: Name, _ bytes: [UInt8], of repository: Identifier, under authority: AuthorityChain
  ) throws(Failure) {
    let path = ObjectPath.record(name)
    do throws(Failure) {
      let envelope = try Envelope.open(bytes, kind: .record, repository: repository, writer: .zero)
      try authority.checkNothingHidden(envelope, at: path)
      guard authority.statement.isRestorer(envelope.signer) else {
        throw LedgerEntry.stranger(envelope.signer, authority.statement)
      }
      header = envelope.header
      signer = envelope.signer
      record = try Record(body: envelope.body)
      bodyDigest = ObjectDigest.name(of: envelope.body)
    } catch {
      throw error.place.isEmpty ? error.within(path.path) : error
    }
    self.name = name
    envelope = bytes
  }

  private static func stranger(_ signer: PublicKey, _ statement: AuthorityStatement) -> Failure {
    if statement.closed.contains(signer) {
      return Failure(
        .keyUntrusted, "this record is signed by \(signer.fingerprint), a key that was closed since",
        next: "Nothing that a closed key signed counts: run the drill again with another key.")
    }
    return Failure(
      .keyUntrusted, "this record is signed by \(signer.fingerprint), which is no restorer",
      next: "Somebody planted it: look into the store, then remove the object.")
  }
}

/// The ledger: signed records of drills and recoveries, each naming the heads it saw.
package struct Ledger: Sendable {
  /// Oldest first.
  package let entries: [LedgerEntry]
  /// Objects that do not open, verify or count, and those of `missing`.
  package let problems: [(path: ObjectPath, failure: Failure)]
  /// Records that others follow and that are not listed.
  package let missing: Set<Name>

  /// Lists and opens all records, and looks for parents that are missing.
  ///
  /// - Parameter former: what the run loaded before: what is still listed of it is not opened again
  package static func load(_ access: MetaAccess, knowing former: Ledger? = nil) throws(Failure) -> Ledger {
    let opened = Dictionary((former?.entries ?? []).map { ($0.name, $0) }) { first, _ in first }
    var entries: [LedgerEntry] = []
    var problems: [(path: ObjectPath, failure: Failure)] = []
    var fresh: [(object: ObjectPath, size: UInt64)] = []
    for (path, size) in try access.repository.objects.list(ObjectPath.recordsFolder) {
      if let entry = opened[path.name] { entries.append(entry) } else { fresh.append((path, size)) }
    }
    try ParallelOpening.run(fresh) { (path) throws(Failure) in
      try open(path, access)
    } take: { (path, result) throws(Failure) in
      switch result {
      case .success(let entry): entries.append(entry)
      case .failure(let failure): problems.append((path, failure))
      }
    }
    let known = Set(entries.map(\.name)).union(problems.map(\.path.name))
    var missing: Set<Name> = []
    for entry in entries {
      for parent in entry.record.parents where !known.contains(parent) {
        missing.insert(parent)
        problems.append(
          (
            .record(parent),
            Failure(
              .damaged, "the record \(parent.hex.prefix(12)) is missing: \(entry.name.hex.prefix(12)) follows it",
              at: ObjectPath.record(parent).path, next: "Restore it from a copy of the repository.")
          ))
      }
    }
    return Ledger(entries: entries.sorted(by: inOrder), problems: problems, missing: missing)
  }

  /// The order of a ledger: by number, then by the time of signing, then by name.
  package static func inOrder(_ one: LedgerEntry, _ other: LedgerEntry) -> Bool {
    (one.record.number, one.header.time, one.name) < (other.record.number, other.header.time, other.name)
  }

  /// The records that no other record follows.
  package var heads: [Name] {
    let followed = Set(entries.flatMap(\.record.parents))
    return entries.map(\.name).filter { !followed.contains($0) }.sorted()
  }

  /// The digests of the bodies of records, for those that follow them; zero for one that is not there.
  package func bodies(of names: [Name]) -> [Name] {
    let digests = Dictionary(entries.map { ($0.name, $0.bodyDigest) }) { first, _ in first }
    return names.map { digests[$0] ?? .zero }
  }

  /// The number of the next record.
  package var nextNumber: UInt64 { (entries.map(\.record.number).max() ?? 0) + 1 }

  /// The newest record that proves a snapshot of the component.
  package func lastProven(_ component: String) -> LedgerEntry? {
    entries.last { $0.record.component == component && $0.record.verdict == .proven }
  }

  /// True if a record proves the snapshot.
  package func isProven(_ snapshot: Name) -> Bool {
    entries.contains { $0.record.snapshot == snapshot && $0.record.verdict == .proven }
  }

  /// Signs a record and puts it; needs a restorer key.
  package static func append(_ record: Record, in access: MetaAccess) throws(Failure) -> Name {
    let repository = access.repository
    guard repository.authority.statement.isRestorer(repository.key.signing.publicKey) else {
      throw repository.wrongRole(to: "sign records", needs: [.restorer])
    }
    return try repository.putSealed(
      .record, writer: .zero, body: record.body, to: try repository.authority.metaRecipients()
    ) { .record($0) }.name
  }

  private static func open(_ path: ObjectPath, _ access: MetaAccess) throws(Failure) -> LedgerEntry {
    let repository = access.repository
    return try LedgerEntry(
      path.name, try repository.unseal(path, with: access.identities), of: repository.id, under: repository.authority)
  }
}
