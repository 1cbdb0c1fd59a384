package import Bytes
package import Cryptography

/// A secret on its way into the store: sealed with age to the recipients of an epoch (FORMAT.md, section 3).
package struct Wrap: Sendable {
  /// What the secret is for.
  package enum Kind: UInt8, Sendable {
    case blobKey = 1
    case listKey = 2
    case contentSecret = 3
    case listSecret = 4
  }

  /// Where a wrap belongs; every field is checked when it is opened.
  package struct Place: Sendable, Equatable {
    package let kind: Kind
    package let epoch: UInt32
    package let repository: Identifier
    package let writer: Identifier

    package init(kind: Kind, epoch: UInt32, repository: Identifier, writer: Identifier) {
      self.kind = kind
      self.epoch = epoch
      self.repository = repository
      self.writer = writer
    }
  }

  static let plainLength = 80
  private static let magic = Array("lbwrap-1".utf8)

  /// Seals `secret` (32 bytes) to `recipients`.
  package static func seal(_ secret: Secret, at place: Place, to recipients: [AgeRecipient]) throws(Failure) -> [UInt8]
  {
    var writer = ByteWriter(capacity: plainLength)
    writer.raw(header(of: place))
    secret.withBytes { writer.raw($0) }
    var plain = writer.bytes
    defer { Sodium.wipe(&plain) }
    return try Age.seal(plain, to: recipients)
  }

  /// Opens a wrap and checks that it belongs to `place`.
  ///
  /// - Throws: `keyWrongRole` if no identity matches, `damaged` if the bytes or any field are wrong.
  package static func open(_ file: [UInt8], at place: Place, with identities: [AgeIdentity]) throws(Failure) -> Secret {
    var plain = try Age.open(file, with: identities)
    defer { Sodium.wipe(&plain) }
    guard plain.count == plainLength, plain.starts(with: header(of: place)) else {
      throw Failure(.damaged, "a wrapped \(place.kind) belongs to another place")
    }
    return Secret(copying: plain[48...])
  }

  private static func header(of place: Place) -> [UInt8] {
    var writer = ByteWriter(capacity: plainLength)
    writer.raw(magic)
    writer.integer(UInt32(place.kind.rawValue))
    writer.integer(place.epoch)
    writer.identifier(place.repository)
    writer.identifier(place.writer)
    return writer.bytes
  }
}
