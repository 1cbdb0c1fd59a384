import Bytes
import CSodium

/// scrypt (RFC 7914), which makes guessing a passphrase cost memory and time.
package enum Scrypt {
  /// `count` bytes from a passphrase; nil where there is no memory, of which it takes `128 * block * cost` bytes.
  ///
  /// - Parameters:
  ///   - cost: N, a power of two
  ///   - block: r
  ///   - parallel: p
  package static func derive(
    from passphrase: Secret, salt: [UInt8], cost: UInt64, block: UInt32, parallel: UInt32, count: Int
  ) -> Secret? {
    var status: Int32 = -1
    let result = Secret(count: count) { target in
      status = passphrase.withPointer { base in
        crypto_pwhash_scryptsalsa208sha256_ll(
          base, passphrase.count, salt, salt.count, cost, block, parallel,
          target.bindMemory(to: UInt8.self).baseAddress!, count)
      }
    }
    return status == 0 ? result : nil
  }
}

/// A file key wrapped with a passphrase.
struct PassphraseWrap {
  static let kind = "scrypt"
  private static let label = Array("age-encryption.org/v1/scrypt".utf8)
  private static let saltCount = 16

  let salt: [UInt8]
  let workFactor: Int
  let body: [UInt8]

  init(_ stanza: AgeStanza) throws(Age.Problem) {
    guard stanza.arguments.count == 3, let salt = Base64.decode(stanza.arguments[1]),
      salt.count == PassphraseWrap.saltCount, stanza.body.count == FileKey.wrappedCount
    else { throw .headerMalformed("a passphrase is not one salt of 16 bytes, a work factor and one wrapped key") }
    self.salt = salt
    body = stanza.body
    workFactor = try PassphraseWrap.workFactor(stanza.arguments[2])
  }

  /// Reads a work factor: decimal digits, none of them a leading zero, and not above the limit.
  private static func workFactor(_ digits: ArraySlice<UInt8>) throws(Age.Problem) -> Int {
    guard digits.first != UInt8(ascii: "0"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .headerMalformed("the work factor of the passphrase is not a plain number")
    }
    let value = digits.prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard value <= Age.workFactorLimit else { throw .workFactorTooHigh }
    return value
  }

  static func stanza(of fileKey: Secret, with passphrase: Secret, workFactor: Int) throws(Failure) -> AgeStanza {
    guard (1...Age.workFactorLimit).contains(workFactor) else {
      throw Failure(.usage, "work factor \(workFactor) is not between 1 and \(Age.workFactorLimit)")
    }
    let salt = Randomness.bytes(saltCount)
    guard let wrapKey = wrapKey(passphrase, salt, workFactor) else {
      throw Age.Problem.outOfMemory(workFactor: workFactor).failure
    }
    return AgeStanza(
      arguments: [Array(kind.utf8), Base64.encode(salt), Array(String(workFactor).utf8)],
      body: FileKey.wrap(fileKey, under: wrapKey))
  }

  /// The file key, or nil if the passphrase is another one.
  func open(with passphrase: Secret) throws(Age.Problem) -> Secret? {
    guard let wrapKey = PassphraseWrap.wrapKey(passphrase, salt, workFactor) else {
      throw .outOfMemory(workFactor: workFactor)
    }
    return FileKey.unwrap(body, under: wrapKey)
  }

  private static func wrapKey(_ passphrase: Secret, _ salt: [UInt8], _ workFactor: Int) -> Secret? {
    Scrypt.derive(
      from: passphrase, salt: label + salt, cost: 1 << UInt64(workFactor), block: 8, parallel: 1, count: 32)
  }
}
