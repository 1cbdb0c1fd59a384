import Bytes
import Cryptography
import Testing

@Suite("Sealed blobs")
struct SessionKeyTests {
  private func seal(_ plain: [UInt8], _ additional: [UInt8] = [], under key: SessionKey) -> [UInt8] {
    var sealed = [UInt8](repeating: 0, count: plain.count + SessionKey.overhead)
    let count = plain.withUnsafeBytes { plain in
      additional.withUnsafeBytes { additional in
        sealed.withUnsafeMutableBytes { key.seal(plain, additional: additional, into: $0) }
      }
    }
    #expect(count == sealed.count)
    return sealed
  }

  /// The plain bytes, or nil and nothing but zeros left in the target.
  private func open(_ sealed: [UInt8], _ additional: [UInt8] = [], under key: SessionKey) -> [UInt8]? {
    var plain = [UInt8](repeating: 0, count: max(0, sealed.count - SessionKey.overhead))
    let outcome = sealed.withUnsafeBytes { sealed in
      additional.withUnsafeBytes { additional in
        plain.withUnsafeMutableBytes { target in
          Result { () throws(Failure) in try key.open(sealed, additional: additional, into: target) }
        }
      }
    }
    switch outcome {
    case .success(let count):
      #expect(count == plain.count)
      return plain
    case .failure(let failure):
      #expect(failure.code == .damaged)
      #expect(plain.allSatisfy { $0 == 0 })
      return nil
    }
  }

  @Test("The layout is nonce, ciphertext, tag (draft-irtf-cfrg-xchacha-03, A.3.1)")
  func publishedVector() throws {
    let key = try SessionKey(Secret(copying: (0x80...0x9F).map { UInt8($0) }))
    let nonce = (0x40...0x57).map { UInt8($0) }
    let additional = hex("50515253c0c1c2c3c4c5c6c7")
    let plain = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        + "sunscreen would be it.")
    let ciphertext = hex(
      """
      bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
      731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
      2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
      21f9664c97637da9768812f615c68b13b52e
      """)
    let tag = hex("c0875924c1c7987947deafd8780acf49")
    #expect(open(nonce + ciphertext + tag, additional, under: key) == plain)
  }

  @Test("What was sealed opens, at every length")
  func roundTrip() {
    let key = SessionKey()
    for count in [0, 1, 15, 16, 17, 63, 64, 65, 1000, 100_000] {
      let plain = FixedSequence.sample(count)
      #expect(open(seal(plain, ascii("entry"), under: key), ascii("entry"), under: key) == plain)
    }
  }

  @Test("A flipped bit anywhere, a cut or an addition is refused")
  func damage() {
    let key = SessionKey()
    let sealed = seal(ascii("seventeen bytes.."), ascii("entry"), under: key)
    for index in sealed.indices {
      for bit in 0..<8 {
        var changed = sealed
        changed[index] ^= 1 << bit
        #expect(open(changed, ascii("entry"), under: key) == nil)
      }
      #expect(open(Array(sealed[..<index]), ascii("entry"), under: key) == nil)
    }
    #expect(open(sealed + [0], ascii("entry"), under: key) == nil)
  }

  @Test("A blob opens only with the description and the key it was sealed with")
  func additionalDataIsBound() {
    let key = SessionKey()
    let additional = FixedSequence.sample(90)
    let sealed = seal(ascii("plain"), additional, under: key)
    #expect(open(sealed, additional, under: key) == ascii("plain"))
    for index in additional.indices {
      var changed = additional
      changed[index] ^= 0x80
      #expect(open(sealed, changed, under: key) == nil)
    }
    #expect(open(sealed, [], under: key) == nil)
    #expect(open(sealed, additional + [0], under: key) == nil)
    #expect(open(sealed, additional, under: SessionKey()) == nil)
  }

  @Test("Nonces do not repeat")
  func noncesAreFresh() {
    let key = SessionKey()
    let nonces = (0..<10_000).map { _ in Array(seal([], under: key).prefix(24)) }
    #expect(Set(nonces).count == nonces.count)
  }

  @Test("The id follows from the key alone, and keys differ")
  func ids() throws {
    let secret = Secret(copying: (0..<32).map { UInt8($0) })
    // hashlib.blake2b(b"lifeboat-1 session key", key=bytes(range(32)), digest_size=32)
    #expect(
      try SessionKey(secret).id.hex == "8a0f202d48b7e95e164c1794de9e3f1c21a5458ca63432e46b84d7396b7e20c7")
    let fresh = SessionKey()
    #expect(try SessionKey(Secret(copying: contents(fresh.secret))).id == fresh.id)
    #expect(SessionKey().id != fresh.id)
  }
}
