package import Bytes
package import Cryptography
import Format

/// What the meta identity can do: open everything but dump contents. Keepers and restorers have it.
package struct MetaAccess: Sendable {
  package let repository: OpenRepository
  /// The writers whose enrolment counts.
  package let writers: [EnrolledWriter]
  /// Namespaces whose enrolment does not open or is not trusted; their snapshots do not count.
  package let problems: [(writer: Identifier, failure: Failure)]
  package let grants: Grants

  /// - Throws: `keyWrongRole` for a writer key.
  package init(_ repository: OpenRepository, to purpose: String) throws(Failure) {
    guard !repository.key.meta.isEmpty else {
      throw repository.wrongRole(to: purpose, needs: [.keeper, .restorer])
    }
    self.repository = repository
    let identities = repository.key.meta.map { AgeIdentity.x25519($0) }
    var writers: [EnrolledWriter] = []
    var problems: [(writer: Identifier, failure: Failure)] = []
    for writer in try repository.writerIds() {
      do throws(Failure) {
        writers.append(try repository.enrolment(of: writer, with: identities))
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        problems.append((writer, error))
      }
    }
    self.writers = writers
    self.problems = problems
    grants = Grants(writers)
  }

  /// The same writers, of a repository whose copies are not looked at.
  var withoutCopies: MetaAccess { MetaAccess(self, repository.withoutCopies) }

  private init(_ other: MetaAccess, _ repository: OpenRepository) {
    self.repository = repository
    writers = other.writers
    problems = other.problems
    grants = other.grants
  }

  /// Opens what is sealed to meta.
  package var identities: [AgeIdentity] { repository.key.meta.map { .x25519($0) } }

  /// The enrolled writer of an id.
  package func writer(_ id: Identifier) -> EnrolledWriter? { writers.first { $0.id == id } }

  /// The writer's list secret, for verifying list names.
  package func listSecret(of writer: EnrolledWriter) throws(Failure) -> Secret {
    try Wrap.open(
      writer.enrolment.lists.bytes,
      at: Wrap.Place(kind: .listSecret, epoch: writer.enrolment.epoch, repository: repository.id, writer: writer.id),
      with: identities)
  }
}

/// What a restorer key can do besides: open dump contents.
package struct RestorerAccess: Sendable {
  package let meta: MetaAccess

  /// - Throws: `keyWrongRole` for a writer or keeper key.
  package init(_ repository: OpenRepository, to purpose: String) throws(Failure) {
    guard !repository.key.data.isEmpty else { throw repository.wrongRole(to: purpose, needs: [.restorer]) }
    meta = try MetaAccess(repository, to: purpose)
  }

  private init(_ meta: MetaAccess) { self.meta = meta }

  /// The same, of a repository whose copies are not looked at.
  var withoutCopies: RestorerAccess { RestorerAccess(meta.withoutCopies) }

  /// Opens what is sealed to data.
  package var identities: [AgeIdentity] { meta.repository.key.data.map { .x25519($0) } }

  /// The writer's content secret, for verifying chunk names.
  package func contentSecret(of writer: EnrolledWriter) throws(Failure) -> Secret {
    try Wrap.open(
      writer.enrolment.content.bytes,
      at: Wrap.Place(
        kind: .contentSecret, epoch: writer.enrolment.epoch, repository: meta.repository.id, writer: writer.id),
      with: identities)
  }
}
