import Bytes
import Cryptography
import Testing

@Suite("Age files")
struct AgeTests {
  private let identity = X25519Identity()
  private var recipients: [AgeRecipient] { [.x25519(identity.recipient)] }

  @Test("What was sealed opens, around every edge of the 64 KiB pieces")
  func roundTrip() throws {
    for count in [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 200_000] {
      let plain = FixedSequence.sample(count)
      let file = try Age.seal(plain, to: recipients)
      #expect(try Age.open(file, with: [.x25519(identity)]) == plain)
      #expect(contents(try Age.openSecret(file, with: [.x25519(identity)])) == plain)
      #expect(Age.isSealed(file.prefix(64)))
    }
  }

  @Test("The length is foretold to the byte")
  func lengths() throws {
    for count in [0, 1, 32, 65_535, 65_536, 65_537, 131_072, 131_073] {
      for others in 0..<5 {
        let recipients = recipients + (0..<others).map { _ in .x25519(X25519Identity().recipient) }
        let file = try Age.seal([UInt8](repeating: 7, count: count), to: recipients)
        #expect(file.count == Age.sealedLength(plain: count, x25519Recipients: others + 1))
      }
    }
  }

  @Test("Each of several recipients opens the file, and nobody else")
  func severalRecipients() throws {
    let identities = (0..<4).map { _ in X25519Identity() }
    let file = try Age.seal(ascii("for four"), to: identities.map { .x25519($0.recipient) })
    for identity in identities {
      #expect(try Age.open(file, with: [.x25519(X25519Identity()), .x25519(identity)]) == ascii("for four"))
    }
    #expect(code { () throws(Failure) in try Age.open(file, with: [.x25519(X25519Identity())]) } == .keyWrongRole)
    #expect(code { () throws(Failure) in try Age.open(file, with: []) } == .keyWrongRole)
    let passphrase = Secret(copying: ascii("not one"))
    #expect(code { () throws(Failure) in try Age.open(file, with: [.passphrase(passphrase)]) } == .keyWrongRole)
  }

  @Test("A passphrase opens what it sealed, and every other outcome is named")
  func passphrases() throws {
    let right = Secret(copying: ascii("correct horse"))
    let wrong = Secret(copying: ascii("incorrect horse"))
    let file = try Age.seal(Secret(copying: ascii("key file")), to: [.passphrase(right, workFactor: 4)])
    #expect(contents(try Age.openSecret(file, with: [.passphrase(right)])) == ascii("key file"))
    #expect(try Age.open(file, with: [.passphrase(wrong), .passphrase(right)]) == ascii("key file"))
    #expect(throws: Age.Problem.passphraseWrong) { try Age.attempt(file, with: [.passphrase(wrong)]) }
    #expect(throws: Age.Problem.passphraseMissing) { try Age.attempt(file, with: [.x25519(identity)]) }
    #expect(code { () throws(Failure) in try Age.open(file, with: [.passphrase(wrong)]) } == .keyWrongPassphrase)
    #expect(code { () throws(Failure) in try Age.openSecret(file, with: []) } == .keyWrongPassphrase)
  }

  @Test("What age forbids is not made")
  func refusedSealing() throws {
    let passphrase = AgeRecipient.passphrase(Secret(copying: ascii("p")), workFactor: 2)
    let refused: [(Failure.Code, [AgeRecipient])] = [
      (.usage, []),
      (.usage, [passphrase, passphrase]),
      (.usage, recipients + [passphrase]),
      (.usage, [.passphrase(Secret(copying: ascii("p")), workFactor: 0)]),
      (.usage, [.passphrase(Secret(copying: ascii("p")), workFactor: 23)]),
      (.keyInvalid, [.x25519(X25519Recipient(.zero))]),
      (.usage, [AgeRecipient](repeating: recipients[0], count: 700)),
    ]
    for (expected, recipients) in refused {
      #expect(code { () throws(Failure) in try Age.seal([1], to: recipients) } == expected)
    }
  }

  @Test("A changed byte, a cut or an addition anywhere is refused, and gives no plain bytes")
  func damage() throws {
    let file = try Age.seal(ascii("small payload"), to: recipients)
    for index in file.indices {
      for mask in [UInt8(0x01), 0x20, 0x80] {
        var changed = file
        changed[index] ^= mask
        #expect(throws: Age.Problem.self) { try Age.attempt(changed, with: [.x25519(identity)]) }
      }
      #expect(throws: Age.Problem.self) { try Age.attempt(Array(file[..<index]), with: [.x25519(identity)]) }
    }
    #expect(throws: Age.Problem.payloadDamaged) { try Age.attempt(file + [0], with: [.x25519(identity)]) }
  }

  @Test("Pieces of a payload cannot be swapped, dropped or repeated")
  func pieces() throws {
    let file = try Age.seal(FixedSequence.sample(3 * 65_536), to: recipients)
    let start = file.count - 3 * 65_552
    let pieces = (0..<3).map { file[(start + $0 * 65_552)..<(start + ($0 + 1) * 65_552)] }
    for order in [[1, 0, 2], [0, 2], [0, 1], [0, 1, 1, 2], [0, 1, 2, 2], [2], []] {
      let changed = Array(file[..<start]) + order.flatMap { pieces[$0] }
      #expect(throws: Age.Problem.payloadDamaged) { try Age.attempt(changed, with: [.x25519(identity)]) }
    }
  }

  @Test("Sealing the same bytes twice shows nothing in common behind the version")
  func freshness() throws {
    let files = try (0..<200).map { _ in try Age.seal(ascii("same"), to: recipients) }
    let shares = files.map { Array($0[32..<75]) }
    let nonces = files.map { Array($0.suffix(16 + 4 + 16).prefix(16)) }
    #expect(Set(shares).count == files.count)
    #expect(Set(nonces).count == files.count)
    #expect(Set(files.map { Array($0.suffix(20)) }).count == files.count)
  }

  @Test("Other versions and other files are told from damage")
  func otherVersions() throws {
    let file = try Age.seal([], to: recipients)
    let next = ascii("age-encryption.org/v2\n") + file.dropFirst(22)
    #expect(throws: Age.Problem.unsupportedVersion("v2")) { try Age.attempt(next, with: [.x25519(identity)]) }
    #expect(code { () throws(Failure) in try Age.open(next, with: [.x25519(identity)]) } == .unsupportedFormat)
    #expect(code { () throws(Failure) in try Age.open(ascii("{}"), with: [.x25519(identity)]) } == .damaged)
    #expect(code { () throws(Failure) in try Age.open([], with: [.x25519(identity)]) } == .damaged)
    #expect(!Age.isSealed(ascii("{\"version\": 1}")))
    #expect(!Age.isSealed([]))
  }

  @Test("A hostile header costs a bounded amount of work")
  func headerLimit() {
    let stanza = ascii("-> x\n\n")
    let header = ascii("age-encryption.org/v1\n") + (0..<100_000).flatMap { _ in stanza }
    #expect(throws: Age.Problem.self) { try Age.attempt(header, with: [.x25519(identity)]) }
    let endless = ascii("age-encryption.org/v1\n-> ") + [UInt8](repeating: 0x41, count: 1 << 20)
    #expect(throws: Age.Problem.self) { try Age.attempt(endless, with: [.x25519(identity)]) }
  }

  @Test("Armor goes around a file and comes off again, and binary files stay as they are")
  func armor() throws {
    for count in [0, 1, 2, 3, 47, 48, 49, 1000] {
      let bytes = FixedSequence.sample(count)
      #expect(try Age.unarmor(Age.armor(bytes)) == bytes)
    }
    let file = try Age.seal(ascii("carried"), to: recipients)
    let armored = Age.armor(file)
    #expect(Age.isSealed(armored))
    #expect(Age.isSealed(ascii(" \r\n") + armored))
    #expect(try Age.binary(armored) == file)
    #expect(try Age.binary(file) == file)
    #expect(armored.split(separator: 0x0A).allSatisfy { $0.count <= 64 })
    #expect(code { () throws(Failure) in try Age.open(armored, with: [.x25519(identity)]) } == .damaged)
  }

  @Test("White space around armor has a limit")
  func armorLimit() throws {
    let spaces = [UInt8](repeating: 0x0A, count: 1024)
    let armored = Age.armor([1, 2, 3])
    #expect(try Age.unarmor(spaces + armored) == [1, 2, 3])
    #expect(throws: Age.Problem.self) { try Age.unarmor([0x0A] + spaces + armored) }
    #expect(throws: Age.Problem.self) { try Age.unarmor(armored + [0x0A] + spaces) }
    #expect(throws: Age.Problem.self) { try Age.unarmor([]) }
    #expect(throws: Age.Problem.self) { try Age.unarmor(ascii("-----BEGIN AGE ENCRYPTED FILE-----")) }
  }
}
