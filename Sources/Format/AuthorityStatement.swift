package import Bytes
package import Cryptography

/// The recipients of an epoch, as age public keys.
package struct Epoch: Codable, Equatable, Sendable {
  /// Counts from 1.
  package let epoch: UInt32
  /// Who opens dump contents: restorers.
  package let data: [String]
  /// Who opens everything else: keepers and restorers.
  package let meta: [String]

  package init(epoch: UInt32, data: [String], meta: [String]) {
    self.epoch = epoch
    self.data = data
    self.meta = meta
  }
}

/// One root-signed statement of the whole authority (FORMAT.md, section 4). The newest one counts.
package struct AuthorityStatement: Codable, Equatable, Sendable {
  /// Digests of what `init` laid into `rescue/`.
  package struct Rescue: Codable, Equatable, Sendable {
    package let reader: Name
    package let format: Name

    package init(reader: Name, format: Name) {
      self.reader = reader
      self.format = format
    }

    enum CodingKeys: String, CodingKey {
      case reader = "rescue.py"
      case format = "FORMAT.md"
    }
  }

  package var number: UInt64
  package var previous: Name?
  /// What changed, for people: `genesis`, `keeper added`.
  package var change: String
  package let repository: Identifier
  package let root: PublicKey
  package let format: Int
  package var epochs: [Epoch]
  package var keepers: [PublicKey]
  package var restorers: [PublicKey]
  package var closed: [PublicKey]
  package var rescue: Rescue

  package init(
    genesisOf repository: Identifier, root: PublicKey, epoch: Epoch, keepers: [PublicKey], restorers: [PublicKey],
    rescue: Rescue
  ) {
    number = 0
    previous = nil
    change = "genesis"
    self.repository = repository
    self.root = root
    format = 1
    epochs = [epoch]
    self.keepers = keepers
    self.restorers = restorers
    closed = []
    self.rescue = rescue
  }

  /// The body of the statement's envelope.
  package var body: [UInt8] { JSONBody.encode(self, padded: false) }

  /// Reads a body and checks what can be checked without its neighbours.
  package init(body: [UInt8]) throws(Failure) {
    self = try JSONBody.decode(AuthorityStatement.self, from: body, of: "authority statement")
    guard format == 1 else {
      throw Failure(.unsupportedFormat, "repository format \(format)", next: "Use a newer lifeboat.")
    }
    let numbered = epochs.enumerated().allSatisfy { $0.element.epoch == UInt32($0.offset + 1) }
    guard !epochs.isEmpty, numbered, epochs.allSatisfy({ !$0.data.isEmpty && !$0.meta.isEmpty }) else {
      throw Failure(.damaged, "authority statement is malformed: field epochs")
    }
    guard (number == 0) == (previous == nil) else {
      throw Failure(.damaged, "authority statement is malformed: field previous")
    }
  }

  /// True if the key may sign as a keeper; the root may do all that a keeper may.
  package func isKeeper(_ key: PublicKey) -> Bool { keepers.contains(key) && !closed.contains(key) }

  /// True if the key may sign as a restorer.
  package func isRestorer(_ key: PublicKey) -> Bool { restorers.contains(key) && !closed.contains(key) }
}
