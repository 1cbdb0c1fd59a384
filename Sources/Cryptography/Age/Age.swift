package import Bytes

/// Who can open what is sealed.
package enum AgeRecipient: Sendable {
  /// The holder of a key.
  case x25519(X25519Recipient)
  /// Everyone who knows a passphrase; must be the only recipient. The work factor is the base-two logarithm of
  /// scrypt's N: 18 takes 256 MiB and about a second.
  case passphrase(Secret, workFactor: Int = Age.workFactor)
}

/// What opens files.
package enum AgeIdentity: Sendable {
  /// A private key.
  case x25519(X25519Identity)
  /// A passphrase.
  case passphrase(Secret)
}

/// The age v1 file format (https://age-encryption.org/v1) over libsodium: small objects and key files.
///
/// age says nothing about who sealed a file, and does not commit to its key: signatures and key ids lie inside.
package enum Age {
  /// The work factor for new passphrases.
  package static let workFactor = 18
  /// The highest work factor that is accepted: 4 GiB of memory. A file above it is refused before any work.
  package static let workFactorLimit = 22

  /// Seals bytes so that each of the recipients can open them.
  ///
  /// Throws `usage` for no recipients, too many, or a passphrase beside others, and `keyInvalid` for a recipient that
  /// is no sound key.
  package static func seal(_ plain: UnsafeRawBufferPointer, to recipients: [AgeRecipient]) throws(Failure) -> [UInt8] {
    let fileKey = Secret(random: FileKey.count)
    let header = try header(under: fileKey, to: recipients)
    let nonce = Randomness.bytes(AgeStream.nonceCount)
    let key = AgeStream.key(from: fileKey, nonce: nonce)
    let start = header.count + nonce.count
    let size = start + AgeStream.sealedCount(plain: plain.count)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, written in
      let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size])
      target.copyBytes(from: header)
      target[header.count...].copyBytes(from: nonce)
      AgeStream.seal(plain, under: key, into: UnsafeMutableRawBufferPointer(rebasing: target[start...]))
      written = size
    }
  }

  /// Seals bytes; see the other `seal`.
  package static func seal(_ plain: [UInt8], to recipients: [AgeRecipient]) throws(Failure) -> [UInt8] {
    let outcome = plain.withUnsafeBytes { bytes in
      Result { () throws(Failure) in try seal(bytes, to: recipients) }
    }
    return try outcome.get()
  }

  /// Seals a secret without taking it out of its memory; see the other `seal`.
  package static func seal(_ secret: Secret, to recipients: [AgeRecipient]) throws(Failure) -> [UInt8] {
    try secret.withBytes { bytes throws(Failure) in try seal(bytes, to: recipients) }
  }

  private static func header(under fileKey: Secret, to recipients: [AgeRecipient]) throws(Failure) -> [UInt8] {
    guard !recipients.isEmpty else { throw Failure(.usage, "nothing can be sealed to nobody") }
    var stanzas: [AgeStanza] = []
    for recipient in recipients {
      switch recipient {
      case .x25519(let recipient): stanzas.append(try X25519Wrap.stanza(of: fileKey, to: recipient))
      case .passphrase(let passphrase, let workFactor):
        guard recipients.count == 1 else { throw Failure(.usage, "a passphrase must be the only recipient") }
        stanzas.append(try PassphraseWrap.stanza(of: fileKey, with: passphrase, workFactor: workFactor))
      }
    }
    let header = AgeHeader.encode(stanzas, under: fileKey)
    guard header.count <= AgeHeader.limit else { throw Failure(.usage, "\(recipients.count) recipients are too many") }
    return header
  }

  /// The exact length of what `seal` gives for `plain` bytes and so many X25519 recipients.
  package static func sealedLength(plain: Int, x25519Recipients: Int) -> Int {
    let stanza = "-> X25519 ".utf8.count + 43 + 1 + 43 + 1
    let header = AgeHeader.versionLine.count + 1 + stanza * x25519Recipients + "--- ".utf8.count + 43 + 1
    return header + AgeStream.nonceCount + AgeStream.sealedCount(plain: plain)
  }

  /// Whether bytes begin as an age file does, armored or not. Looks at no more than the first kilobyte.
  package static func isSealed(_ prefix: some Collection<UInt8>) -> Bool {
    prefix.starts(with: Array("age-encryption.org/".utf8)) || isArmored(prefix)
  }
}
