package import Bytes
import CSodium

/// The key under which chunks or list blobs are named: BLAKE2b-256 keyed (RFC 7693).
///
/// Keyed, so that nobody without the key can tell from a name what a chunk holds.
package struct NamingKey: Sendable {
  /// The length of the key in bytes.
  package static let count = 32

  private let secret: Secret

  /// Takes a key of 32 bytes; throws `keyInvalid` for any other length.
  package init(_ secret: Secret) throws(Failure) {
    try secret.require(NamingKey.count, "a naming key")
    self.secret = secret
  }

  /// The name of these bytes under this key.
  package func name(of bytes: UnsafeRawBufferPointer) -> Name {
    KeyedHash.name(of: bytes, key: secret)
  }

  /// The name of these bytes under this key.
  package func name(of bytes: [UInt8]) -> Name {
    bytes.withUnsafeBytes { name(of: $0) }
  }

  /// Lends the 32 bytes of the key.
  func withKey<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { secret.withPointer(body) }

  /// A stream that gives the same name for bytes that come in pieces.
  package func stream() -> HashStream { HashStream(key: secret) }
}

/// Secrets from secrets, one for each purpose.
package enum KeyDerivation {
  /// BLAKE2b-256 with the secret as the key over `lifeboat-1 ` and the label: 32 bytes that tell nothing about
  /// `secret` or about secrets derived with other labels.
  ///
  /// - Parameter secret: 16 to 64 bytes, the lengths that BLAKE2b takes as a key
  package static func derive(from secret: Secret, label: String) -> Secret {
    let message = Array("lifeboat-1 \(label)".utf8)
    return Secret(count: Name.count) { target in
      message.withUnsafeBytes { KeyedHash.write($0, key: secret, to: target) }
    }
  }
}

/// The digest that a signature covers: BLAKE2b-512 without a key.
package enum BodyDigest {
  /// The length of the digest in bytes.
  package static let count = 64

  /// The 64 bytes of the digest.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    Sodium.start()
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      written = count
      let status = crypto_generichash_blake2b(
        buffer.baseAddress!, count, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count), nil, 0)
      precondition(status == 0)
    }
  }

  /// The 64 bytes of the digest.
  package static func of(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { of($0) } }
}

/// One-shot keyed BLAKE2b-256.
enum KeyedHash {
  static func name(of bytes: UnsafeRawBufferPointer, key: Secret) -> Name {
    withUnsafeTemporaryAllocation(byteCount: Name.count, alignment: 8) { target in
      write(bytes, key: key, to: target)
      return Name(UnsafeRawBufferPointer(target))
    }
  }

  static func write(_ bytes: UnsafeRawBufferPointer, key: Secret, to target: UnsafeMutableRawBufferPointer) {
    let status = key.withPointer { keyBase in
      crypto_generichash_blake2b(
        target.bindMemory(to: UInt8.self).baseAddress!, Name.count, bytes.bindMemory(to: UInt8.self).baseAddress,
        UInt64(bytes.count), keyBase, key.count)
    }
    precondition(status == 0, "a BLAKE2b key has 16 to 64 bytes")
  }
}

extension Secret {
  /// Throws `keyInvalid` unless the secret has `expected` bytes.
  func require(_ expected: Int, _ what: String) throws(Failure) {
    guard count == expected else {
      throw Failure(.keyInvalid, "\(what) has \(expected) bytes, and this one has \(count)")
    }
  }
}
