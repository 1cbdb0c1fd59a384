import Bytes
import Cryptography
import Testing

@Suite("Key derivation of the age format")
struct DerivationTests {
  @Test("HKDF-SHA-256 gives the published keys (RFC 5869, appendix A.1 to A.3)")
  func hkdf() {
    let repeated = Secret(copying: [UInt8](repeating: 0x0B, count: 22))
    let first = HKDF.derive(
      from: repeated, salt: hex("000102030405060708090a0b0c"), info: hex("f0f1f2f3f4f5f6f7f8f9"), count: 42)
    #expect(
      Hex.encode(contents(first))
        == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    let second = HKDF.derive(
      from: Secret(copying: (0x00...0x4F).map { UInt8($0) }), salt: (0x60...0xAF).map { UInt8($0) },
      info: (0xB0...0xFF).map { UInt8($0) }, count: 82)
    #expect(
      contents(second)
        == hex(
          """
          b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
          59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
          cc30c58179ec3e87c14c01d5c1f3434f1d87
          """))
    let third = HKDF.derive(from: repeated, salt: [], info: [], count: 42)
    #expect(
      Hex.encode(contents(third))
        == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
  }

  struct ScryptVector: Sendable {
    let passphrase: String
    let salt: String
    let cost: UInt64
    let block: UInt32
    let parallel: UInt32
    let key: String
  }

  static let scryptVectors = [
    ScryptVector(
      passphrase: "", salt: "", cost: 16, block: 1, parallel: 1,
      key: """
        77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
        fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906
        """),
    ScryptVector(
      passphrase: "password", salt: "NaCl", cost: 1024, block: 8, parallel: 16,
      key: """
        fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
        2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640
        """),
    ScryptVector(
      passphrase: "pleaseletmein", salt: "SodiumChloride", cost: 16384, block: 8, parallel: 1,
      key: """
        7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
        d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887
        """),
  ]

  @Test("scrypt gives the published keys (RFC 7914, section 12)", arguments: scryptVectors)
  func scrypt(_ vector: ScryptVector) throws {
    let key = Scrypt.derive(
      from: Secret(copying: ascii(vector.passphrase)), salt: ascii(vector.salt), cost: vector.cost,
      block: vector.block, parallel: vector.parallel, count: 64)
    #expect(contents(try #require(key)) == hex(vector.key))
  }
}
