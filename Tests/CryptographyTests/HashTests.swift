import Bytes
import Cryptography
import Testing

@Suite("Names and digests")
struct HashTests {
  @Test("Objects are named by SHA-256 (FIPS 180-2, appendix B)")
  func objectNames() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(ObjectDigest.name(of: ascii("abc")).hex == abc)
    let two = ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
    #expect(
      ObjectDigest.name(of: two).hex == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      ObjectDigest.name(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("A digest in pieces is the digest of the whole, and goes on after a look")
  func digestInPieces() {
    let bytes = FixedSequence.sample(10_000)
    var digest = ObjectDigest()
    for start in stride(from: 0, to: bytes.count, by: 777) {
      #expect(digest.finish() == ObjectDigest.name(of: Array(bytes[..<start])))
      digest.update(Array(bytes[start..<min(start + 777, bytes.count)]))
    }
    #expect(digest.finish() == ObjectDigest.name(of: bytes))
  }

  @Test("Bodies are digested by BLAKE2b-512 (RFC 7693, appendix A)")
  func bodyDigest() {
    let expected = hex(
      """
      ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1
      7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923
      """)
    #expect(BodyDigest.of(ascii("abc")) == expected)
    #expect(BodyDigest.of([]).count == BodyDigest.count)
  }

  // The keyed values below are from another implementation, Python's hashlib.blake2b(…, key=…, digest_size=32).
  private let key = Secret(copying: (0..<32).map { UInt8($0) })

  @Test("Chunks are named by keyed BLAKE2b-256")
  func keyedNames() throws {
    let naming = try NamingKey(key)
    #expect(naming.name(of: []).hex == "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d")
    #expect(naming.name(of: ascii("abc")).hex == "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f")
    let all = (0...255).map { UInt8($0) }
    #expect(naming.name(of: all).hex == "b42be36ea26392f67d1d3706ffa72b6c61c2ff38e1fabd9a49e154d54b967d83")
    #expect(try NamingKey(Secret(random: 32)).name(of: all) != naming.name(of: all))
  }

  @Test("A hash stream gives what the whole gives, with a key and without")
  func streams() throws {
    let naming = try NamingKey(key)
    let bytes = FixedSequence.sample(5000)
    for size in [1, 64, 127, 128, 129, 4999, 5000] {
      var keyed = naming.stream()
      for start in stride(from: 0, to: bytes.count, by: size) {
        keyed.update(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(keyed.finish() == naming.name(of: bytes))
    }
    var plain = HashStream()
    plain.update(ascii("ab"))
    plain.update([])
    plain.update(ascii("c"))
    #expect(plain.finish().hex == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
  }

  @Test("Derived secrets follow from secret and label")
  func derivation() {
    let derived = KeyDerivation.derive(from: key, label: "chunk names")
    #expect(Hex.encode(contents(derived)) == "3ebc2cf67308fe6e436a8ac5d16294881a9f720deaa6d6ae600ccfdff4832392")
    #expect(!derived.matches(KeyDerivation.derive(from: key, label: "list names")))
    #expect(!derived.matches(KeyDerivation.derive(from: Secret(random: 32), label: "chunk names")))
  }

  @Test("A key of a wrong length is refused")
  func wrongLengths() {
    for count in [0, 1, 16, 31, 33, 64] {
      let secret = Secret(random: count)
      #expect(code { () throws(Failure) in try NamingKey(secret) } == .keyInvalid)
      #expect(code { () throws(Failure) in try SessionKey(secret) } == .keyInvalid)
      #expect(code { () throws(Failure) in try SigningKey(seed: secret) } == .keyInvalid)
      #expect(code { () throws(Failure) in try X25519Identity(secret) } == .keyInvalid)
    }
  }
}
