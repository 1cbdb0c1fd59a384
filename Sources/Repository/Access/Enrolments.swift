package import Bytes
package import Cryptography
package import Format
import Store

/// An enrolment that counts: the highest revision of a writer, signed by a keeper.
package struct EnrolledWriter: Sendable {
  package let enrolment: Enrolment
  /// The enrolment's object name.
  package let name: Name

  /// The writer's id.
  package var id: Identifier { enrolment.writer }
}

extension OpenRepository {
  /// The enrolment of one writer that counts.
  ///
  /// - Throws: `keyUntrusted` if there is none that a keeper signed, or two of the same revision; `damaged` if one does
  ///   not open, for it may have been the newest.
  package func enrolment(of writer: Identifier, with identities: [AgeIdentity]) throws(Failure) -> EnrolledWriter {
    var newest: EnrolledWriter?
    for (path, _) in try objects.list(ObjectPath.folder("enrolment", of: writer)) {
      let envelope = try openSealed(path, kind: .enrolment, writer: writer, with: identities)
      // One that no keeper signed was planted: it counts for nothing, and must not keep the true one from counting.
      guard authority.statement.isKeeper(envelope.signer) else { continue }
      let enrolment = try Enrolment(body: envelope.body)
      guard enrolment.writer == writer else { throw Failure(.damaged, "enrolment of another writer", at: path.path) }
      if let other = newest, other.enrolment.revision == enrolment.revision {
        throw Failure(
          .keyUntrusted, "two enrolments of writer \(writer.hex) have the revision \(enrolment.revision)",
          at: path.path, next: "Make a new revision with lifeboat key grant.")
      }
      if (newest?.enrolment.revision ?? 0) < enrolment.revision {
        newest = EnrolledWriter(enrolment: enrolment, name: path.name)
      }
    }
    guard let newest else {
      throw Failure(
        .keyUntrusted, "writer \(writer.hex) is not enrolled", at: objects.store.description,
        next: "Enrol it with lifeboat key new writer.")
    }
    return newest
  }

  /// The ids of all writers that have a folder.
  package func writerIds() throws(Failure) -> [Identifier] {
    let names = try objects.store.folders(in: ObjectPath.writersFolder)
    return names.compactMap { Identifier(hex: $0) }.sorted()
  }

  /// True if the signature counts for a writer's directories and index: its own, or a keeper's.
  package func mayIndex(_ signer: PublicKey, _ writer: EnrolledWriter) -> Bool {
    let own = signer == writer.enrolment.sign && !authority.statement.closed.contains(signer)
    return own || authority.statement.isKeeper(signer)
  }
}

/// Which writer may write which component.
package struct Grants: Sendable {
  private let writers: [EnrolledWriter]

  package init(_ writers: [EnrolledWriter]) { self.writers = writers }

  /// True if the writer is granted the component: by name, or by `*` if nobody is granted it by name.
  package func allows(_ writer: Identifier, _ component: String) -> Bool {
    if writers.contains(where: { $0.id == writer && $0.enrolment.names(component) }) { return true }
    let isNamed = writers.contains { $0.enrolment.names(component) }
    return !isNamed && writers.contains { $0.id == writer && $0.enrolment.isOpen }
  }

  /// The writers that are granted the component.
  package func writers(of component: String) -> [EnrolledWriter] {
    writers.filter { allows($0.id, component) }
  }
}
