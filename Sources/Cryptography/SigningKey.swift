package import Bytes
import CSodium

/// A private Ed25519 key (RFC 8032): who holds it can sign, and nothing else.
package struct SigningKey: Sendable {
  /// The length of the seed in bytes.
  package static let seedCount = 32
  /// The length of a signature in bytes.
  package static let signatureCount = 64

  /// The 32 bytes from which the key follows, to be kept in a key file.
  package let seed: Secret
  /// What verifies this key's signatures.
  package let publicKey: PublicKey
  // The form that libsodium signs with: seed and public key, 64 bytes.
  private let expanded: Secret

  /// A fresh random key.
  package init() {
    self.init(checked: Secret(random: SigningKey.seedCount))
  }

  /// Takes a seed of 32 bytes; throws `keyInvalid` for any other length.
  package init(seed: Secret) throws(Failure) {
    try seed.require(SigningKey.seedCount, "the seed of a signing key")
    self.init(checked: seed)
  }

  private init(checked seed: Secret) {
    self.seed = seed
    var open = [UInt8](repeating: 0, count: Name.count)
    expanded = Secret(count: 64) { target in
      let status = seed.withPointer { seedBase in
        crypto_sign_seed_keypair(&open, target.bindMemory(to: UInt8.self).baseAddress!, seedBase)
      }
      precondition(status == 0)
    }
    publicKey = PublicKey(open.withUnsafeBytes { Name($0) })
  }

  /// The 64-byte signature of these bytes; the same bytes always give the same signature.
  package func sign(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SigningKey.signatureCount) { buffer, written in
      written = SigningKey.signatureCount
      let status = expanded.withPointer { key in
        crypto_sign_detached(buffer.baseAddress!, nil, bytes, UInt64(bytes.count), key)
      }
      precondition(status == 0)
    }
  }
}

/// A public Ed25519 key: verifies signatures, and names who signed.
package struct PublicKey: Hashable, Sendable {
  /// The 32 bytes as a name.
  package let name: Name

  /// Takes the 32 bytes as they are; a key that is no good point verifies nothing.
  package init(_ name: Name) { self.name = name }

  /// Takes exactly 32 bytes; nil for any other count.
  package init?(_ bytes: some Collection<UInt8>) {
    guard let name = Name(bytes) else { return nil }
    self.name = name
  }

  /// Reads 64 lower-case hexadecimal digits; nil for anything else.
  package init?(hex: String) {
    guard let name = Name(hex: hex) else { return nil }
    self.name = name
  }

  /// The 32 bytes.
  package var bytes: [UInt8] { name.bytes }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { name.hex }

  /// The first 16 hexadecimal digits, for people to compare; never for programs.
  package var fingerprint: String { String(hex.prefix(16)) }

  /// Whether `signature` is this key's over exactly these bytes. False, never a trap, for malformed ones.
  ///
  /// libsodium refuses keys and points of low order and signatures with a scalar out of range, so nobody can make a
  /// second valid signature from a first.
  package func verify(_ signature: some Collection<UInt8>, of bytes: [UInt8]) -> Bool {
    guard signature.count == SigningKey.signatureCount else { return false }
    Sodium.start()
    return crypto_sign_verify_detached(Array(signature), bytes, UInt64(bytes.count), self.bytes) == 0
  }
}

extension PublicKey: CustomStringConvertible {
  package var description: String { hex }
}
