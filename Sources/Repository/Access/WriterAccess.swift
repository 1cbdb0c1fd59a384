package import Bytes
package import Cryptography
package import Format

/// What a writer key can do: add to its own namespace. Nothing here opens a dump.
package struct WriterAccess: Sendable {
  package let repository: OpenRepository
  package let enrolled: EnrolledWriter
  package let secrets: KeyFile.WriterSecrets

  /// - Throws: `keyWrongRole` without a writer key, `keyUntrusted` if the key is not the enrolled one.
  package init(_ repository: OpenRepository) throws(Failure) {
    guard let secrets = repository.key.writer else {
      throw repository.wrongRole(to: "make backups", needs: [.writer])
    }
    let enrolled = try repository.enrolment(of: secrets.id, with: [.x25519(secrets.identity)])
    let closed = repository.authority.statement.closed.contains(repository.key.signing.publicKey)
    guard enrolled.enrolment.sign == repository.key.signing.publicKey, !closed else {
      throw Failure(
        .keyUntrusted, "this writer key is not the one that is enrolled, or was closed",
        next: "Make a new one with lifeboat key new writer.")
    }
    self.repository = repository
    self.enrolled = enrolled
    self.secrets = secrets
  }

  /// The writer's id.
  package var id: Identifier { secrets.id }

  /// Opens what is sealed to this writer.
  package var identities: [AgeIdentity] { [.x25519(secrets.identity)] }

  /// Who opens directories, index and enrolment: meta, and the writer itself.
  package func metaAndOwnRecipients() throws(Failure) -> [AgeRecipient] {
    try repository.authority.metaRecipients() + [.x25519(secrets.identity.recipient)]
  }

  /// Puts an index object with this body; returns its name.
  func putIndex(_ body: [UInt8]) throws(Failure) -> Name {
    let path = try repository.putSealed(.index, writer: id, body: body, to: try metaAndOwnRecipients()) {
      .index(writer: id, $0)
    }
    return path.name
  }

  /// Throws `keyUntrusted` unless the component is granted to this writer.
  ///
  /// A writer cannot open the enrolments of others, so that for `*` only readers see who else has the name.
  package func checkGrant(of component: String) throws(Failure) {
    guard enrolled.enrolment.names(component) || enrolled.enrolment.isOpen else {
      throw Failure(
        .keyUntrusted, "this writer is not granted the component \(component)",
        next: "Grant it with the keeper key: lifeboat key grant \(component) --writer \(id.hex.prefix(8)).")
    }
  }
}
