import Bytes
import Cryptography
import Testing

@Suite("Age files that someone has tampered with")
struct AgeFuzzTests {
  private let identity = X25519Identity()
  private let passphrase = Secret(copying: ascii("fuzz"))

  /// Applies one to four random changes of the kinds that parsers stumble over.
  private func mutate(_ file: [UInt8], _ numbers: inout FixedSequence) -> [UInt8] {
    let tokens = ["\n", "\r\n", "-> ", "---", "--- ", " ", "=", "-> scrypt ", "-> X25519 ", "\0", "AAAA", "1", "-"]
    var bytes = file
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
      let place = Int.random(in: 0...bytes.count, using: &numbers)
      let length = min(Int.random(in: 0...70, using: &numbers), bytes.count - place)
      switch Int.random(in: 0..<6, using: &numbers) {
      case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers) }
      case 1: bytes.removeSubrange(place..<(place + length))
      case 2: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
      case 3: bytes.insert(contentsOf: ascii(tokens.randomElement(using: &numbers) ?? ""), at: place)
      case 4: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: place)
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }

  /// The number of mutants that still open, each of which must give the plain bytes.
  private func survivors(of file: [UInt8], plain: [UInt8], rounds: Int, seed: UInt64, armored: Bool = false) -> Int {
    var numbers = FixedSequence(seed: seed)
    let identities: [AgeIdentity] = [.x25519(identity), .passphrase(passphrase)]
    var opened = 0
    for _ in 0..<rounds {
      let mutant = mutate(file, &numbers)
      do throws(Age.Problem) {
        let result = try Age.attempt(armored ? try Age.unarmor(mutant) : mutant, with: identities)
        #expect(result == plain)
        opened += 1
      } catch {
        #expect(error.failure.code != .defect)
      }
    }
    return opened
  }

  @Test("Mutants of binary files never trap, and never open to other bytes")
  func binary() throws {
    let plain = ascii("the plain bytes")
    let recipients: [AgeRecipient] = [.x25519(X25519Identity().recipient), .x25519(identity.recipient)]
    let file = try Age.seal(plain, to: recipients)
    let opened = survivors(of: file, plain: plain, rounds: 3000, seed: 1)
    #expect(opened < 300, "most mutants differ from the file")
  }

  @Test("Mutants of files sealed with a passphrase never trap, and never open to other bytes")
  func scrypt() throws {
    let plain = ascii("the plain bytes")
    let file = try Age.seal(plain, to: [.passphrase(passphrase, workFactor: 1)])
    // Only what the header says before the work factor may be spent: mutants could ask for gigabytes.
    var numbers = FixedSequence(seed: 2)
    for _ in 0..<1500 {
      let mutant = mutate(file, &numbers)
      guard !asksForMuchWork(mutant) else { continue }
      let outcome = Result { () throws(Age.Problem) in try Age.attempt(mutant, with: [.passphrase(passphrase)]) }
      if case .success(let bytes) = outcome { #expect(bytes == plain) }
    }
  }

  private func asksForMuchWork(_ file: [UInt8]) -> Bool {
    let text = String(decoding: file.prefix(600).map { $0 < 128 ? $0 : 63 }, as: UTF8.self)
    return text.split(separator: "\n").contains { line in
      line.contains("scrypt") && (Int(line.split(separator: " ").last ?? "") ?? 0) > 12
    }
  }

  @Test("Mutants of armored files never trap, and never open to other bytes")
  func armored() throws {
    let plain = FixedSequence.sample(500)
    let file = Age.armor(try Age.seal(plain, to: [.x25519(identity.recipient)]))
    let opened = survivors(of: file, plain: plain, rounds: 3000, seed: 3, armored: true)
    #expect(opened < 300, "most mutants differ from the file")
  }

  @Test("Random bytes behind a good beginning never trap")
  func noise() {
    var numbers = FixedSequence(seed: 4)
    let beginnings = [
      "", "age-encryption.org/v1\n", "age-encryption.org/v1\n-> X25519 ", "age-encryption.org/v1\n-> a\n",
    ]
    for _ in 0..<2000 {
      let beginning = ascii(beginnings.randomElement(using: &numbers) ?? "")
      let bytes = beginning + numbers.bytes(Int.random(in: 0...200, using: &numbers))
      #expect(throws: Age.Problem.self) { try Age.attempt(bytes, with: [.x25519(identity)]) }
      #expect(throws: Age.Problem.self) { try Age.unarmor(bytes) }
      _ = Age.isSealed(bytes)
      _ = Bech32.decode(bytes)
    }
  }
}
