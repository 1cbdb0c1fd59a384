import Bytes
import Cryptography
import Testing

@Suite("Bech32 and the texts of age keys")
struct Bech32Tests {
  /// From BIP-173, "Test vectors"; those that hold whole bytes.
  static let valid = [
    "A12UEL5L", "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
  ]

  /// From BIP-173, "Test vectors"; without the one that is only too long, for age has no limit.
  static let invalid: [[UInt8]] =
    [
      "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8", "10a06t8", "1qzzfhee", "",
    ].map(ascii) + [
      [0x20] + ascii("1nwldj5"), [0x7F] + ascii("1axkwrx"), [0x80] + ascii("1eym55h"), ascii("de1lg7wt") + [0xFF],
    ]

  @Test("Valid texts decode and encode to themselves in lower case (BIP-173)", arguments: valid)
  func validTexts(_ text: String) throws {
    let (prefix, bytes) = try #require(Bech32.decode(ascii(text)))
    #expect(bytes.withUnsafeBytes { Bech32.encode(prefix: prefix, $0) } == ascii(text.lowercased()))
  }

  @Test("Invalid texts are refused (BIP-173)", arguments: invalid)
  func invalidTexts(_ text: [UInt8]) {
    #expect(Bech32.decode(text) == nil)
  }

  @Test("Bytes of every length come back")
  func everyLength() throws {
    for count in 0..<70 {
      let bytes = FixedSequence.sample(count)
      let text = bytes.withUnsafeBytes { Bech32.encode(prefix: "age", $0) }
      let decoded = try #require(Bech32.decode(text))
      #expect(decoded.prefix == "age")
      #expect(decoded.bytes == bytes)
    }
  }

  // The example keys of the age specification: the identity is 32 times 0x42.
  private let identityText = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
  private let recipientText = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

  @Test("The example keys of the age specification are read and written")
  func exampleKeys() throws {
    let identity = try X25519Identity(text: ascii(identityText))
    #expect(contents(identity.secret) == [UInt8](repeating: 0x42, count: 32))
    #expect(contents(identity.text) == ascii(identityText))
    #expect(identity.recipient.text == recipientText)
    #expect(try X25519Recipient(recipientText) == identity.recipient)
  }

  @Test("A key with any one character changed, cut or added is refused")
  func misspelt() {
    for text in [ascii(identityText), ascii(recipientText)] {
      for index in text.indices {
        var changed = text
        changed[index] = text[index] == UInt8(ascii: "q") ? UInt8(ascii: "p") : UInt8(ascii: "q")
        #expect(code { () throws(Failure) in try X25519Identity(text: changed) } == .keyInvalid)
        let recipient = String(decoding: changed, as: UTF8.self)
        #expect(code { () throws(Failure) in try X25519Recipient(recipient) } == .keyInvalid)
        #expect(code { () throws(Failure) in try X25519Identity(text: text[..<index]) } == .keyInvalid)
      }
    }
    #expect(code { () throws(Failure) in try X25519Identity(text: ascii(identityText + " ")) } == .keyInvalid)
    #expect(code { () throws(Failure) in try X25519Recipient(recipientText + "\n") } == .keyInvalid)
  }

  @Test("One value has one spelling: identities in upper case, recipients in lower case")
  func spelling() {
    let identity = ascii(identityText.lowercased())
    #expect(code { () throws(Failure) in try X25519Identity(text: identity) } == .keyInvalid)
    #expect(code { () throws(Failure) in try X25519Recipient(recipientText.uppercased()) } == .keyInvalid)
    #expect(code { () throws(Failure) in try X25519Recipient(identityText) } == .keyInvalid)
  }

  @Test("Hybrid and hardware keys are refused as unsupported, by name")
  func unsupported() {
    let example = ascii("AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR")
    #expect(code { () throws(Failure) in try X25519Identity(text: example) } == .unsupportedFormat)
    let bytes = FixedSequence.sample(1216)
    for prefix in ["age1pq", "age1tag", "age1tagpq"] {
      let text = String(decoding: bytes.withUnsafeBytes { Bech32.encode(prefix: prefix, $0) }, as: UTF8.self)
      let outcome = Result { () throws(Failure) in try X25519Recipient(text) }
      #expect { try outcome.get() } throws: { error in
        guard let failure = error as? Failure else { return false }
        return failure.code == .unsupportedFormat && failure.what.contains("\(prefix)1")
      }
    }
  }

  @Test("A file of age-keygen gives its identities, and names the line that is none")
  func identityFiles() throws {
    let other = X25519Identity()
    let text = ascii("# created: today\r\n# public key: \(recipientText)\n\n\(identityText)\r\n") + contents(other.text)
    let identities = try IdentityFile.parse(Secret(copying: text))
    #expect(identities.map(\.recipient) == [try X25519Recipient(recipientText), other.recipient])
    let outcome = Result { () throws(Failure) in try IdentityFile.parse(Secret(copying: text + ascii("\n#\nx"))) }
    #expect { try outcome.get() } throws: { ($0 as? Failure)?.place == "line 7" }
    let empty = Secret(copying: ascii("# nothing\n\n"))
    #expect(code { () throws(Failure) in try IdentityFile.parse(empty) } == .keyInvalid)
  }
}
