package import Bytes
package import Cryptography

/// The one wrapper of every signed object (FORMAT.md, section 2): who says what about which repository, and when.
package struct Envelope: Sendable, Equatable {
  /// What an envelope holds. Unknown kinds are refused by readers and stop a prune.
  package enum Kind: UInt8, Sendable, CaseIterable {
    case authority = 1
    case enrolment = 2
    case directory = 3
    case index = 4
    case snapshot = 5
    case tombstone = 6
    case record = 7
    case annotation = 8
  }

  /// What stands in front of the body, all of it signed.
  package struct Header: Sendable, Equatable {
    package let kind: Kind
    package let repository: Identifier
    /// Zero for authority statements, records and annotations.
    package let writer: Identifier
    /// The highest authority statement that the signer knew.
    package let authority: UInt64
    /// Nanoseconds since the epoch, UTC, by the signer's clock.
    package let time: UInt64

    package init(kind: Kind, repository: Identifier, writer: Identifier, authority: UInt64, time: UInt64) {
      self.kind = kind
      self.repository = repository
      self.writer = writer
      self.authority = authority
      self.time = time
    }
  }

  package let header: Header
  package let body: [UInt8]
  package let signer: PublicKey

  static let magic = Array("lifeboat".utf8)
  static let headerLength = 64
  static let trailerLength = 96
  private static let domain = Array("lifeboat-1 envelope\0".utf8)

  /// The length of the envelope around a body of `count` bytes.
  package static func length(ofBody count: Int) -> Int { headerLength + count + trailerLength }

  /// Builds and signs an envelope; returns its bytes.
  package static func seal(_ header: Header, body: [UInt8], by key: SigningKey) -> [UInt8] {
    var writer = ByteWriter(capacity: length(ofBody: body.count))
    writer.raw(encode(header, bodyLength: body.count))
    writer.raw(body)
    let signature = key.sign(message(header: writer.bytes[..<headerLength], body: body))
    writer.raw(key.publicKey.bytes)
    writer.raw(signature)
    return writer.bytes
  }

  /// Checks magic, kind, repository, writer, lengths and signature, and only then hands out the body.
  ///
  /// Whether the signer's role counts for the kind is the caller's to decide: `signer` says who signed.
  ///
  /// - Parameters:
  ///   - bytes: exactly one envelope
  ///   - kind: the kind that must be there
  ///   - repository: the repository that it must belong to
  ///   - writer: the writer of the path that it was found under, zero for none
  /// - Throws: `damaged` for malformed bytes or a wrong signature, `unsupportedFormat` for another version,
  ///   `keyUntrusted` for another repository's or writer's object.
  package static func open(
    _ bytes: [UInt8], kind: Kind, repository: Identifier, writer: Identifier
  ) throws(Failure) -> Envelope {
    var reader = ByteReader(bytes, of: "\(kind) envelope")
    let (header, bodyLength) = try decodeHeader(&reader, expecting: kind)
    guard bodyLength == bytes.count - headerLength - trailerLength else { throw reader.mismatch("length") }
    let body = Array(try reader.take(bodyLength))
    guard let signer = PublicKey(Array(try reader.take(32))) else { throw reader.mismatch("signer") }
    let signature = try reader.take(64)
    try reader.end()
    guard signer.verify(signature, of: message(header: bytes[..<headerLength], body: body)) else {
      throw Failure(.damaged, "the signature of this \(kind) does not match its bytes")
    }
    guard header.repository == repository else {
      throw Failure(.keyUntrusted, "this \(kind) belongs to another repository, \(header.repository)")
    }
    guard header.writer == writer else {
      throw Failure(.keyUntrusted, "this \(kind) belongs to another writer, \(header.writer)")
    }
    return Envelope(header: header, body: body, signer: signer)
  }

  private static func encode(_ header: Header, bodyLength: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: headerLength)
    writer.raw(magic)
    writer.integer(header.kind.rawValue)
    writer.integer(UInt8(1))
    writer.integer(UInt16(0))
    writer.integer(UInt32(bodyLength))
    writer.identifier(header.repository)
    writer.identifier(header.writer)
    writer.integer(header.authority)
    writer.integer(header.time)
    return writer.bytes
  }

  private static func decodeHeader(
    _ reader: inout ByteReader, expecting kind: Kind
  ) throws(Failure) -> (Header, Int) {
    guard try reader.take(magic.count).elementsEqual(magic) else { throw reader.mismatch("magic") }
    let found = try reader.integer(UInt8.self)
    guard found == kind.rawValue else {
      throw Failure(.damaged, "kind \(found) where kind \(kind.rawValue) (\(kind)) belongs")
    }
    let version = try reader.integer(UInt8.self)
    guard version == 1 else {
      throw Failure(
        .unsupportedFormat, "format version \(version) is newer than this program",
        next: "Use a newer lifeboat, or the rescue.py of this repository.")
    }
    guard try reader.integer(UInt16.self) == 0 else {
      throw Failure(.unsupportedFormat, "this \(kind) needs a feature that this program does not know")
    }
    let length = try reader.integer(UInt32.self)
    let header = Header(
      kind: kind, repository: try reader.identifier(), writer: try reader.identifier(),
      authority: try reader.integer(UInt64.self), time: try reader.integer(UInt64.self))
    return (header, Int(length))
  }

  private static func message(header: ArraySlice<UInt8>, body: [UInt8]) -> [UInt8] {
    domain + header + BodyDigest.of(body)
  }
}
