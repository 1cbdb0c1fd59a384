package import Bytes
package import Cryptography

/// What a key file can do.
package enum Role: String, Codable, Sendable, CaseIterable {
  /// Writes its own namespace; opens no dump, not even its own.
  case writer
  /// Enrols writers, lists, checks, prunes; reads no dump contents.
  case keeper
  /// Restores and drills.
  case restorer
}

/// A key file (FORMAT.md, section 12): the secrets of one role, and what it pins of the repository.
package struct KeyFile: Sendable {
  /// The newest authority statement that the key's holder has seen.
  package struct Pin: Codable, Equatable, Sendable {
    package var number: UInt64
    package var statement: Name

    package init(number: UInt64, statement: Name) {
      self.number = number
      self.statement = statement
    }
  }

  /// What only a writer holds.
  package struct WriterSecrets: Sendable {
    package let id: Identifier
    package let identity: X25519Identity
    package let content: Secret
    package let lists: Secret

    package init(id: Identifier, identity: X25519Identity, content: Secret, lists: Secret) {
      self.id = id
      self.identity = identity
      self.content = content
      self.lists = lists
    }
  }

  package let role: Role
  package let repository: Identifier
  package let root: PublicKey
  package var authority: Pin
  /// SHA-256 of the `rescue.py` that may be trusted with this key.
  package let rescue: Name
  /// Where the repository was when the key was made; a hint for people.
  package let location: String
  package let signing: SigningKey
  package let meta: [X25519Identity]
  package let data: [X25519Identity]
  package let rootKey: SigningKey?
  package let writer: WriterSecrets?

  package init(
    role: Role, repository: Identifier, root: PublicKey, authority: Pin, rescue: Name, location: String,
    signing: SigningKey, meta: [X25519Identity] = [], data: [X25519Identity] = [], rootKey: SigningKey? = nil,
    writer: WriterSecrets? = nil
  ) {
    self.role = role
    self.repository = repository
    self.root = root
    self.authority = authority
    self.rescue = rescue
    self.location = location
    self.signing = signing
    self.meta = meta
    self.data = data
    self.rootKey = rootKey
    self.writer = writer
  }
}
