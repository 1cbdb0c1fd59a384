package import Bytes
package import Cryptography
package import Format
import Store

/// The verified chain of authority: who may sign, and to whom secrets are sealed.
package struct AuthorityChain: Sendable, Equatable {
  /// The newest statement: the one that counts.
  package let statement: AuthorityStatement
  /// The newest statement's object name.
  package let head: Name

  /// The recipients of the current epoch.
  package var epoch: Epoch { statement.epochs[statement.epochs.count - 1] }

  /// Who opens dump contents, as of now.
  package func dataRecipients() throws(Failure) -> [AgeRecipient] { try AuthorityChain.recipients(epoch.data) }

  /// Who opens everything else, as of now.
  package func metaRecipients() throws(Failure) -> [AgeRecipient] { try AuthorityChain.recipients(epoch.meta) }

  private static func recipients(_ texts: [String]) throws(Failure) -> [AgeRecipient] {
    var recipients: [AgeRecipient] = []
    for text in texts { recipients.append(.x25519(try X25519Recipient(text))) }
    return recipients
  }

  /// Lists and verifies the chain against what a key file pins.
  ///
  /// - Parameters:
  ///   - objects: the store
  ///   - repository: the pinned repository id
  ///   - root: the pinned root key
  ///   - pin: the highest statement seen before, by the key file or on this host
  /// - Throws: `authorityRolledBack` if the store shows less than was seen before, `damaged` for gaps and doubles,
  ///   `keyUntrusted` for anything the root did not sign.
  package static func load(
    from objects: ObjectStore, repository: Identifier, root: PublicKey, pin: KeyFile.Pin
  ) throws(Failure) -> AuthorityChain {
    let listed = try listing(objects)
    guard let last = listed.last else {
      throw Failure(
        .storeMissing, "no repository here: there is no authority statement", at: objects.store.description,
        next: "Check the location, or make a repository with lifeboat init.")
    }
    guard last.number >= pin.number else {
      throw Failure(
        .authorityRolledBack,
        "the store shows authority statement \(last.number), but number \(pin.number) was seen before",
        at: objects.store.description,
        next: "Do not use this store until you know why it hides its newest statement.")
    }
    var previous: (statement: AuthorityStatement, name: Name)?
    for (number, path) in listed.enumerated() {
      let statement = try read(path.object, from: objects, repository: repository, root: root)
      try check(statement, name: path.object.name, at: UInt64(number), after: previous)
      if UInt64(number) == pin.number, path.object.name != pin.statement {
        throw Failure(
          .keyUntrusted, "authority statement \(number) is not the one that was seen before", at: path.object.path,
          next: "Compare the key file with the repository: one of them was replaced.")
      }
      previous = (statement, path.object.name)
    }
    guard let newest = previous else { throw Failure(.defect, "an empty authority chain") }
    return AuthorityChain(statement: newest.statement, head: newest.name)
  }

  /// The statements as they lie in the store, in their order: whoever has them can verify the chain.
  package static func statements(of objects: ObjectStore) throws(Failure) -> [[UInt8]] {
    try listing(objects).map { (_, path) throws(Failure) in try objects.read(path) }
  }

  /// Verifies a chain that is not in a store.
  ///
  /// - Parameters:
  ///   - statements: in their order, from number 0 on
  ///   - repository: whose authority it is
  ///   - root: the key that signed each of them
  /// - Throws: `damaged` for gaps and broken bytes, `keyUntrusted` for anything the root did not sign
  package static func verify(
    _ statements: [[UInt8]], of repository: Identifier, root: PublicKey
  ) throws(Failure) -> AuthorityChain {
    var previous: (statement: AuthorityStatement, name: Name)?
    for (number, bytes) in statements.enumerated() {
      let name = ObjectDigest.name(of: bytes)
      do throws(Failure) {
        let statement = try open(bytes, of: repository, root: root)
        try check(statement, name: name, at: UInt64(number), after: previous)
        previous = (statement, name)
      } catch {
        throw error.within("authority statement \(number)")
      }
    }
    guard let newest = previous else { throw Failure(.damaged, "there is no authority statement") }
    return AuthorityChain(statement: newest.statement, head: newest.name)
  }

  /// Refuses an object whose signer knew a newer statement than the store shows.
  package func checkNothingHidden(_ envelope: Envelope, at path: ObjectPath) throws(Failure) {
    guard envelope.header.authority <= statement.number else {
      throw Failure(
        .authorityRolledBack,
        "this \(path.kind) knows authority statement \(envelope.header.authority), which the store does not show",
        at: path.path, next: "Do not use this store until you know why it hides its newest statement.")
    }
  }

  private static func listing(_ objects: ObjectStore) throws(Failure) -> [(number: UInt64, object: ObjectPath)] {
    var listed: [(number: UInt64, object: ObjectPath)] = []
    for (object, _) in try objects.list(ObjectPath.authorityFolder) {
      if case .authority(let number, _) = object { listed.append((number, object)) }
    }
    listed.sort { $0.number < $1.number }
    for (position, entry) in listed.enumerated() where entry.number != UInt64(position) {
      let what = entry.number < UInt64(position) ? "stands twice" : "comes after a gap"
      throw Failure(
        .damaged, "authority statement \(entry.number) \(what)", at: entry.object.path,
        next: "Restore the authority folder from a copy of the repository.")
    }
    return listed
  }

  private static func read(
    _ path: ObjectPath, from objects: ObjectStore, repository: Identifier, root: PublicKey
  ) throws(Failure) -> AuthorityStatement {
    do throws(Failure) {
      return try open(try objects.read(path), of: repository, root: root)
    } catch {
      throw error.place.isEmpty ? error.within(path.path) : error
    }
  }

  private static func open(
    _ bytes: [UInt8], of repository: Identifier, root: PublicKey
  ) throws(Failure) -> AuthorityStatement {
    let envelope = try Envelope.open(bytes, kind: .authority, repository: repository, writer: .zero)
    guard envelope.signer == root else {
      throw Failure(.keyUntrusted, "this authority statement is not signed by the root that your key file pins")
    }
    return try AuthorityStatement(body: envelope.body)
  }

  private static func check(
    _ statement: AuthorityStatement, name: Name, at number: UInt64,
    after previous: (statement: AuthorityStatement, name: Name)?
  ) throws(Failure) {
    let follows = statement.number == number && statement.previous == previous?.name
    let sameRepository = previous.map {
      $0.statement.repository == statement.repository && $0.statement.root == statement.root
    }
    guard follows, sameRepository ?? true else {
      throw Failure(
        .damaged, "authority statement \(number) does not follow the one before it", at: name.hex,
        next: "Restore the authority folder from a copy of the repository.")
    }
  }
}
