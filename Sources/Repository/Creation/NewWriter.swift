package import Bytes
import Chunking
import Cryptography
package import Format
import Store

/// Enrols writers, and grants them components. Both need a keeper key.
package enum NewWriter {
  /// Makes a writer's keys and enrols it.
  ///
  /// - Parameters:
  ///   - repository: opened with a keeper key
  ///   - components: what it may write; `*` for all that no other writer is granted by name
  ///   - label: what people call it
  ///   - save: keeps the key, before it is enrolled: a component must not belong to a writer whose key is lost
  /// - Throws: `keyWrongRole` without a keeper key, `usage` for a component that another writer is granted by name;
  ///   what `save` throws, with nothing stored.
  package static func enrol(
    in repository: OpenRepository, components: [String], label: String,
    save: (KeyFile) throws(Failure) -> Void = { (_) throws(Failure) in }
  ) throws(Failure) -> KeyFile {
    let access = try keeperAccess(repository)
    try check(components, in: access.writers, except: nil)
    let (key, enrolment) = try draft(in: repository, components: components, label: label)
    try save(key)
    try put(enrolment, in: repository)
    return key
  }

  /// A writer's keys with the enrolment that admits them; nothing is stored.
  static func draft(
    in repository: OpenRepository, components: [String], label: String
  ) throws(Failure) -> (key: KeyFile, enrolment: Enrolment) {
    try check(components, in: [], except: nil)
    let secrets = KeyFile.WriterSecrets(
      id: Identifier.random(), identity: X25519Identity(), content: Secret(random: 32), lists: Secret(random: 32))
    let signing = SigningKey()
    let epoch = repository.authority.epoch.epoch
    func wrap(_ secret: Secret, _ kind: Wrap.Kind, _ recipients: [AgeRecipient]) throws(Failure) -> Base64 {
      let place = Wrap.Place(kind: kind, epoch: epoch, repository: repository.id, writer: secrets.id)
      return Base64(try Wrap.seal(secret, at: place, to: recipients))
    }
    let standard = ChunkParameters.standard
    let enrolment = Enrolment(
      writer: secrets.id, revision: 1, label: label, sign: signing.publicKey,
      recipient: secrets.identity.recipient.text, components: components, epoch: epoch,
      chunking: Enrolment.Chunking(
        minimum: standard.minimum, target: standard.target, maximum: standard.maximum),
      content: try wrap(secrets.content, .contentSecret, repository.authority.dataRecipients()),
      lists: try wrap(secrets.lists, .listSecret, repository.authority.metaRecipients()))
    let key = KeyFile(
      role: .writer, repository: repository.id, root: repository.key.root,
      authority: KeyFile.Pin(
        number: repository.authority.statement.number, statement: repository.authority.head),
      rescue: repository.key.rescue, location: repository.objects.store.description, signing: signing,
      writer: secrets)
    return (key, enrolment)
  }

  /// Grants a writer another component: a new revision of its enrolment.
  package static func grant(
    _ component: String, to writer: Identifier, in repository: OpenRepository
  ) throws(Failure) {
    let access = try keeperAccess(repository)
    guard let enrolled = access.writer(writer) else {
      throw Failure(.usage, "no writer \(writer.hex.prefix(8)) is enrolled", next: "See lifeboat key list.")
    }
    try check([component], in: access.writers, except: writer)
    var enrolment = enrolled.enrolment
    guard !enrolment.names(component) else { return }
    enrolment.revision += 1
    enrolment.components.append(component)
    try put(enrolment, in: repository)
  }

  private static func keeperAccess(_ repository: OpenRepository) throws(Failure) -> MetaAccess {
    guard repository.key.role == .keeper, repository.authority.statement.isKeeper(repository.key.signing.publicKey)
    else {
      throw repository.wrongRole(to: "enrol writers", needs: [.keeper])
    }
    return try MetaAccess(repository, to: "enrol writers")
  }

  private static func check(_ components: [String], in writers: [EnrolledWriter], except: Identifier?) throws(Failure) {
    for component in components where component != Enrolment.everyComponent {
      guard Limits.isComponentName(component) else {
        throw Failure(
          .usage, "\(component) is no component name", next: "Use 1 to 64 of the characters a-z, 0-9 and -.")
      }
      if let other = writers.first(where: { $0.id != except && $0.enrolment.names(component) }) {
        throw Failure(
          .usage, "the component \(component) is granted to writer \(other.id.hex.prefix(8)) already",
          next: "A component belongs to one writer: choose another name.")
      }
    }
  }

  static func put(_ enrolment: Enrolment, in repository: OpenRepository) throws(Failure) {
    let recipients =
      try repository.authority.metaRecipients() + [.x25519(try X25519Recipient(enrolment.recipient))]
    _ = try repository.putSealed(.enrolment, writer: enrolment.writer, body: enrolment.body, to: recipients) {
      .enrolment(writer: enrolment.writer, $0)
    }
  }
}
