import Bytes
import Cryptography
import Testing

@Suite("Signatures")
struct SigningKeyTests {
  struct Vector: Sendable {
    let seed: String
    let open: String
    let message: String
    let signature: String
  }

  static let vectors = [
    Vector(
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      open: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
      signature: """
        e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
        5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
        """),
    Vector(
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      open: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: """
        92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
        """),
    Vector(
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      open: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
      signature: """
        6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
        18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
        """),
  ]

  @Test("Ed25519 signs and verifies as published (RFC 8032, section 7.1)", arguments: vectors)
  func published(_ vector: Vector) throws {
    let key = try SigningKey(seed: Secret(copying: hex(vector.seed)))
    #expect(key.publicKey.hex == vector.open)
    #expect(key.sign(hex(vector.message)) == hex(vector.signature))
    #expect(key.publicKey.verify(hex(vector.signature), of: hex(vector.message)))
  }

  @Test("A signature verifies for its bytes and its key only")
  func verification() {
    let key = SigningKey()
    let message = FixedSequence.sample(200)
    let signature = key.sign(message)
    #expect(key.publicKey.verify(signature, of: message))
    for index in signature.indices {
      var changed = signature
      changed[index] ^= 1
      #expect(!key.publicKey.verify(changed, of: message))
      #expect(!key.publicKey.verify(signature[..<index], of: message))
    }
    for index in message.indices {
      var changed = message
      changed[index] ^= 1
      #expect(!key.publicKey.verify(signature, of: changed))
    }
    #expect(!key.publicKey.verify(signature + [0], of: message))
    #expect(!SigningKey().publicKey.verify(signature, of: message))
    #expect(!PublicKey(.zero).verify(signature, of: message))
  }

  @Test("A second signature cannot be made from a first by adding the group order")
  func malleability() {
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    let key = SigningKey()
    var signature = key.sign(ascii("once"))
    var carry = 0
    for index in 0..<32 {
      let sum = Int(signature[32 + index]) + Int(order[index]) + carry
      signature[32 + index] = UInt8(truncatingIfNeeded: sum)
      carry = sum >> 8
    }
    #expect(!key.publicKey.verify(signature, of: ascii("once")))
  }

  @Test("A key survives being kept as its seed, a public key as its digits")
  func keeping() throws {
    let key = SigningKey()
    #expect(try SigningKey(seed: Secret(copying: contents(key.seed))).publicKey == key.publicKey)
    #expect(PublicKey(hex: key.publicKey.hex) == key.publicKey)
    #expect(PublicKey(key.publicKey.bytes) == key.publicKey)
    #expect(PublicKey(hex: String(key.publicKey.hex.dropLast())) == nil)
    #expect(PublicKey([1, 2, 3]) == nil)
    #expect(key.publicKey.fingerprint == key.publicKey.hex.prefix(16))
  }
}
