import Bytes
import Cryptography
import Glibc
import Testing

@Suite("Secrets and random bytes")
struct SecretTests {
  @Test("A secret holds what it was given, whichever way it was made")
  func contentsAreKept() {
    let bytes = FixedSequence.sample(100)
    #expect(contents(Secret(copying: bytes)) == bytes)
    #expect(contents(Secret(copying: bytes[10..<20])) == Array(bytes[10..<20]))
    let filled = Secret(count: 100) { $0.copyBytes(from: bytes) }
    #expect(contents(filled) == bytes)
    #expect(filled.count == 100)
    #expect(contents(Secret(copying: [UInt8]())) == [])
    #expect(contents(Secret(count: 3) { _ in }) == [0, 0, 0])
  }

  @Test("Secrets match when length and every byte agree")
  func matching() {
    let bytes = FixedSequence.sample(33)
    let secret = Secret(copying: bytes)
    #expect(secret.matches(Secret(copying: bytes)))
    #expect(!secret.matches(Secret(copying: bytes.dropLast())))
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 1
      #expect(!secret.matches(Secret(copying: other)))
    }
    #expect(Secret(copying: [UInt8]()).matches(Secret(random: 0)))
  }

  @Test("What filling throws is passed on")
  func fillingThrows() {
    let made = Result { () throws(Failure) in
      try Secret(count: 32) { _ throws(Failure) in throw Failure(.interrupted, "enough") }
    }
    #expect(throws: Failure(.interrupted, "enough")) { _ = try made.get() }
  }

  @Test("Describing a secret in any way shows none of its bytes")
  func nothingIsShown() {
    let secret = Secret(copying: ascii("swordfish"))
    var dumped = ""
    dump(AgeIdentity.passphrase(secret), to: &dumped)
    let shapes = ["swordfish", Hex.encode(ascii("swordfish")), "- 119\n", "119, 111"]
    for text in ["\(secret)", String(reflecting: secret), dumped] {
      for shape in shapes { #expect(!text.contains(shape)) }
    }
  }

  @Test("Refused locked memory is no reason to fail")
  func lockingRefused() {
    let lockedMemory = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
    var limit = rlimit()
    getrlimit(lockedMemory, &limit)
    var none = limit
    none.rlim_cur = 0
    #expect(setrlimit(lockedMemory, &none) == 0)
    let secrets = (0..<50).map { Secret(copying: [UInt8](repeating: UInt8($0), count: 5000)) }
    setrlimit(lockedMemory, &limit)
    for (index, secret) in secrets.enumerated() {
      #expect(contents(secret) == [UInt8](repeating: UInt8(index), count: 5000))
    }
  }

  @Test("Wiping leaves zeros and keeps the length")
  func wiping() {
    var bytes = FixedSequence.sample(1000)
    Sodium.wipe(&bytes)
    #expect(bytes == [UInt8](repeating: 0, count: 1000))
    var empty: [UInt8] = []
    Sodium.wipe(&empty)
    #expect(empty.isEmpty)
  }

  @Test("Random bytes have the length asked for and do not repeat")
  func randomness() {
    #expect(Randomness.bytes(0) == [])
    let draws = (0..<1000).map { _ in Randomness.bytes(16) }
    #expect(Set(draws).count == 1000)
    #expect(draws.allSatisfy { $0.count == 16 })
    let long = Randomness.bytes(1 << 16)
    #expect((0...255).allSatisfy { long.contains(UInt8($0)) })
  }
}

extension FixedSequence {
  static func sample(_ count: Int) -> [UInt8] {
    var sequence = FixedSequence(seed: UInt64(count))
    return sequence.bytes(count)
  }
}
