package import Bytes
import CSodium

/// A public X25519 key to which age files are sealed: `age1…`.
package struct X25519Recipient: Hashable, Sendable {
  /// The 32 bytes as a name.
  package let name: Name

  /// Takes the 32 bytes as they are.
  package init(_ name: Name) { self.name = name }

  /// Reads `age1…`, in lower case as age writes it. Throws `unsupportedFormat` for other kinds of recipients, by
  /// name, and `keyInvalid` for anything else.
  package init(_ text: String) throws(Failure) {
    guard let (prefix, bytes) = Bech32.decode(Array(text.utf8)), text.utf8.allSatisfy({ !(0x41...0x5A).contains($0) })
    else {
      throw Failure(.keyInvalid, "age recipient is misspelt", next: "Copy it again, all of it: it begins with age1.")
    }
    switch prefix {
    case "age":
      guard let name = Name(bytes) else { throw Failure(.keyInvalid, "age recipient has \(bytes.count) bytes, not 32") }
      self.name = name
    case "age1pq": throw unsupportedKey("hybrid post-quantum recipients (age1pq1…)")
    case "age1tag", "age1tagpq": throw unsupportedKey("hardware recipients (\(prefix)1…)")
    default: throw Failure(.keyInvalid, "this is no age recipient", next: "Give one that begins with age1.")
    }
  }

  /// `age1…`, 62 characters.
  package var text: String {
    name.bytes.withUnsafeBytes { String(decoding: Bech32.encode(prefix: "age", $0), as: UTF8.self) }
  }
}

extension X25519Recipient: CustomStringConvertible {
  package var description: String { text }
}

/// A private X25519 key that opens age files: `AGE-SECRET-KEY-1…`, as `age-keygen` makes them.
package struct X25519Identity: Sendable {
  /// The 32 bytes.
  package let secret: Secret
  /// The public half.
  package let recipient: X25519Recipient

  /// A fresh random key.
  package init() {
    self.init(checked: Secret(random: Name.count))
  }

  /// Takes a key of 32 bytes; throws `keyInvalid` for any other length.
  package init(_ secret: Secret) throws(Failure) {
    try secret.require(Name.count, "an age identity")
    self.init(checked: secret)
  }

  private init(checked secret: Secret) {
    self.secret = secret
    recipient = X25519Recipient(X25519.publicKey(of: secret))
  }

  /// Reads `AGE-SECRET-KEY-1…`, in upper case as age writes it. Throws `unsupportedFormat` for hybrid identities, by
  /// name, and `keyInvalid` for anything else; the message never repeats the text.
  package init(text: some Collection<UInt8>) throws(Failure) {
    guard text.allSatisfy({ !(0x61...0x7A).contains($0) }), case (let prefix, var bytes)? = Bech32.decode(text) else {
      throw Failure(
        .keyInvalid, "age identity is misspelt", next: "Copy it again, all of it: it begins with AGE-SECRET-KEY-1.")
    }
    defer { Sodium.wipe(&bytes) }
    switch prefix {
    case "age-secret-key-": try self.init(Secret(copying: bytes))
    case "age-secret-key-pq-":
      throw unsupportedKey("hybrid post-quantum identities (AGE-SECRET-KEY-PQ-1…)")
    default: throw Failure(.keyInvalid, "this is no age identity", next: "Give one that begins with AGE-SECRET-KEY-1.")
    }
  }

  /// `AGE-SECRET-KEY-1…`, 74 ASCII characters without an end of line.
  package var text: Secret {
    var lower = secret.withBytes { Bech32.encode(prefix: "age-secret-key-", $0) }
    defer { Sodium.wipe(&lower) }
    return Secret(count: lower.count) { target in
      for (index, character) in lower.enumerated() {
        target[index] = (0x61...0x7A).contains(character) ? character - 0x20 : character
      }
    }
  }
}

private func unsupportedKey(_ kind: String) -> Failure {
  Failure(.unsupportedFormat, "\(kind) are not supported", next: "Use X25519 keys, as age-keygen makes them.")
}

/// Diffie-Hellman on Curve25519 (RFC 7748).
enum X25519 {
  static func publicKey(of secret: Secret) -> Name {
    Sodium.start()
    var result = [UInt8](repeating: 0, count: Name.count)
    let status = secret.withPointer { crypto_scalarmult_curve25519_base(&result, $0) }
    precondition(status == 0)
    return result.withUnsafeBytes { Name($0) }
  }

  /// The shared secret; nil where `point` is of low order, so that the result would be zero for every key.
  static func agree(_ secret: Secret, _ point: Name) -> Secret? {
    var status: Int32 = -1
    let shared = Secret(count: Name.count) { target in
      status = secret.withPointer {
        crypto_scalarmult_curve25519(target.bindMemory(to: UInt8.self).baseAddress!, $0, point.bytes)
      }
    }
    return status == 0 ? shared : nil
  }
}

/// A file key wrapped to an X25519 recipient.
struct X25519Wrap {
  static let kind = "X25519"
  private static let info = Array("age-encryption.org/v1/X25519".utf8)

  let share: Name
  let body: [UInt8]

  init(_ stanza: AgeStanza) throws(Age.Problem) {
    guard stanza.arguments.count == 2, let bytes = Base64.decode(stanza.arguments[1]), let share = Name(bytes),
      stanza.body.count == FileKey.wrappedCount
    else { throw .headerMalformed("an X25519 recipient is not one share of 32 bytes and one wrapped key") }
    self.share = share
    body = stanza.body
  }

  /// Wraps a file key. Nobody here can open the result to compare it, so the wrap is computed twice from the same
  /// ephemeral key: a flipped bit in memory shows as a difference and not on the day of recovery.
  static func stanza(of fileKey: Secret, to recipient: X25519Recipient) throws(Failure) -> AgeStanza {
    let ephemeral = Secret(random: Name.count)
    let first = try wrap(fileKey, to: recipient, ephemeral)
    let second = try wrap(fileKey, to: recipient, ephemeral)
    guard first.share == second.share, first.body == second.body else {
      throw Failure(.defect, "wrapping a key twice gave two results", next: "Check the memory of this host.")
    }
    return AgeStanza(arguments: [Array(kind.utf8), Base64.encode(first.share.bytes)], body: first.body)
  }

  private static func wrap(
    _ fileKey: Secret, to recipient: X25519Recipient, _ ephemeral: Secret
  ) throws(Failure) -> (share: Name, body: [UInt8]) {
    let share = X25519.publicKey(of: ephemeral)
    guard let shared = X25519.agree(ephemeral, recipient.name) else {
      throw Failure(.keyInvalid, "age recipient is a point of low order", at: recipient.text)
    }
    let wrapKey = HKDF.derive(from: shared, salt: share.bytes + recipient.name.bytes, info: info)
    return (share, FileKey.wrap(fileKey, under: wrapKey))
  }

  /// The file key, or nil if it is wrapped to another recipient; a share of low order makes the header malformed.
  func open(with identity: X25519Identity) throws(Age.Problem) -> Secret? {
    guard let shared = X25519.agree(identity.secret, share) else {
      throw .headerMalformed("the share of an X25519 recipient is a point of low order")
    }
    let salt = share.bytes + identity.recipient.name.bytes
    return FileKey.unwrap(body, under: HKDF.derive(from: shared, salt: salt, info: X25519Wrap.info))
  }
}
