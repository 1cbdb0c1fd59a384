import Bytes

/// A key for signatures of whole files that the tool `minisign` verifies.
///
/// It is a key of its own, derived from a signing key: what it signs can never be taken for an object of a repository,
/// nor the other way round. Signatures are prehashed (`ED`): over the BLAKE2b-512 of the file.
///
/// Formats: https://jedisct1.github.io/minisign
package struct MinisignKey: Sendable {
  private let signing: SigningKey
  /// What verifies its signatures.
  package let publicKey: MinisignPublicKey

  /// The minisign key that belongs to a signing key; always the same one.
  package init(derivedFrom key: SigningKey) {
    guard let derived = try? SigningKey(seed: KeyDerivation.derive(from: key.seed, label: "minisign")) else {
      fatalError("a derived secret is as long as a seed")
    }
    signing = derived
    publicKey = MinisignPublicKey(signing.publicKey)
  }

  /// The signature file of these bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file
  ///   - trusted: a line that the signature covers and `minisign -V` shows; line ends in it become blanks
  package func sign(_ bytes: [UInt8], trusted: String) -> String {
    let comment = String(trusted.map { $0.isNewline ? " " : $0 })
    let signature = signing.sign(BodyDigest.of(bytes))
    let global = signing.sign(signature + Array(comment.utf8))
    let lines = [
      "untrusted comment: signature of lifeboat, verify with minisign -V -P \(publicKey.text)",
      MinisignPublicKey.text(Array("ED".utf8) + publicKey.id + signature),
      "trusted comment: \(comment)",
      MinisignPublicKey.text(global),
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The public half of a minisign key.
package struct MinisignPublicKey: Hashable, Sendable {
  /// What verifies the signatures themselves.
  package let key: PublicKey

  init(_ key: PublicKey) { self.key = key }

  /// Reads what `minisign -P` takes; nil for anything else, or for a key with another id than its own.
  package init?(_ text: String) {
    guard let bytes = Base64.decode(Array(text.utf8), padded: true), bytes.count == 42,
      bytes.starts(with: Array("Ed".utf8)), let key = PublicKey(bytes[10...])
    else { return nil }
    self.init(key)
    guard id.elementsEqual(bytes[2..<10]) else { return nil }
  }

  /// Eight bytes that name the key, for tools that hold several. minisign draws them at random; ours follow from the key.
  package var id: [UInt8] { Array(BodyDigest.of(key.bytes).prefix(8)) }

  /// As `minisign -P` takes it.
  package var text: String { MinisignPublicKey.text(Array("Ed".utf8) + id + key.bytes) }

  static func text(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes, padded: true), as: UTF8.self) }
}
