package import Bytes
package import Cryptography
package import Format

/// An annotation that opened, verified and counts.
package struct AnnotationEntry: Sendable {
  package let name: Name
  package let header: Envelope.Header
  /// The keeper or restorer that signed.
  package let signer: PublicKey
  /// What the signer may do.
  package let role: Role
  package let annotation: Annotation

  /// Where it lies.
  package var path: ObjectPath { .annotation(name) }
}

/// What keepers and restorers have said of snapshots.
package struct Annotations: Sendable {
  /// Oldest first.
  package let entries: [AnnotationEntry]
  /// Objects that do not open, verify or count.
  package let problems: [(path: ObjectPath, failure: Failure)]

  /// Lists and opens all.
  package static func load(_ access: MetaAccess) throws(Failure) -> Annotations {
    var entries: [AnnotationEntry] = []
    var problems: [(path: ObjectPath, failure: Failure)] = []
    let listed = try access.repository.objects.list(ObjectPath.annotationsFolder)
    try ParallelOpening.run(listed) { (path) throws(Failure) in
      try open(path, access)
    } take: { (path, result) throws(Failure) in
      switch result {
      case .success(let entry): entries.append(entry)
      case .failure(let failure): problems.append((path, failure))
      }
    }
    let sorted = entries.sorted { ($0.header.time, $0.name.hex) < ($1.header.time, $1.name.hex) }
    return Annotations(entries: sorted, problems: problems)
  }

  /// The oldest acceptance of each snapshot.
  var acceptances: [Name: AnnotationEntry] {
    var found: [Name: AnnotationEntry] = [:]
    for entry in entries where entry.annotation.action == .accept {
      for snapshot in entry.annotation.snapshots where found[snapshot] == nil { found[snapshot] = entry }
    }
    return found
  }

  /// Signs an annotation and puts it; needs a keeper or restorer key.
  package static func append(_ annotation: Annotation, in access: MetaAccess) throws(Failure) -> Name {
    let repository = access.repository
    guard role(of: repository.key.signing.publicKey, access) != nil else {
      throw repository.wrongRole(to: "sign annotations", needs: [.keeper, .restorer])
    }
    return try repository.putSealed(
      .annotation, writer: .zero, body: annotation.body, to: try repository.authority.metaRecipients()
    ) { .annotation($0) }.name
  }

  private static func open(_ path: ObjectPath, _ access: MetaAccess) throws(Failure) -> AnnotationEntry {
    let envelope = try access.repository.openSealed(path, kind: .annotation, writer: .zero, with: access.identities)
    guard let role = role(of: envelope.signer, access) else {
      throw Failure(
        .keyUntrusted,
        "this annotation is signed by \(envelope.signer.fingerprint), which is neither a keeper nor a restorer",
        at: path.path, next: "Somebody planted it: look into the store, then remove the object.")
    }
    return AnnotationEntry(
      name: path.name, header: envelope.header, signer: envelope.signer, role: role,
      annotation: try Annotation(body: envelope.body))
  }

  /// What a key may sign as; nil for one whose annotations do not count.
  private static func role(of key: PublicKey, _ access: MetaAccess) -> Role? {
    let statement = access.repository.authority.statement
    if statement.isRestorer(key) { return .restorer }
    return statement.isKeeper(key) ? .keeper : nil
  }
}
