import Bytes
import Cryptography
import TestKit
import Testing

@Suite("Signatures for minisign")
struct MinisignTests {
  private let key = SigningKey()

  private func verify(_ bytes: [UInt8], _ signature: String, by publicKey: String) throws -> Program.Outcome {
    let folder = TemporaryFolder()
    try Files.write(folder.path("file"), bytes)
    try Files.write(folder.path("file.minisig"), Array(signature.utf8))
    return try Program.run(["minisign", "-V", "-H", "-P", publicKey, "-m", folder.path("file")])
  }

  @Test("are accepted by minisign, which shows the trusted comment, for files of any length")
  func accepted() throws {
    let minisign = MinisignKey(derivedFrom: key)
    var random = RandomSource(seed: 5)
    for count in [0, 1, 64, 4096, 1_000_000] {
      let bytes = random.bytes(count)
      let outcome = try verify(bytes, minisign.sign(bytes, trusted: "heads ab\ncd"), by: minisign.publicKey.text)
      #expect(outcome.status == 0, "\(outcome.errors)\(outcome.text)")
      #expect(outcome.text.contains("heads ab cd"))
    }
  }

  @Test("are refused after any change of file, comment, signature or key")
  func refused() throws {
    let minisign = MinisignKey(derivedFrom: key)
    let bytes = Array("the ledger".utf8)
    let signature = minisign.sign(bytes, trusted: "heads")
    let text = minisign.publicKey.text
    #expect(try verify(bytes, signature, by: text).status == 0)
    #expect(try verify(Array("the Ledger".utf8), signature, by: text).status != 0)
    var lines = signature.split(separator: "\n").map(String.init)
    lines[2] += "!"
    #expect(try verify(bytes, lines.joined(separator: "\n") + "\n", by: text).status != 0)
    let other = MinisignKey(derivedFrom: SigningKey())
    #expect(try verify(bytes, signature, by: other.publicKey.text).status != 0)
    #expect(try verify(bytes, other.sign(bytes, trusted: "heads"), by: text).status != 0)
  }

  @Test("are of a key that follows from the signing key and is another one")
  func derived() throws {
    let one = MinisignKey(derivedFrom: key)
    let again = MinisignKey(derivedFrom: try SigningKey(seed: key.seed))
    #expect(one.publicKey == again.publicKey && one.publicKey.key != key.publicKey)
    #expect(MinisignPublicKey(one.publicKey.text) == one.publicKey)
    #expect(one.publicKey.text.hasPrefix("RW"))
    for broken in ["", "RW", String(one.publicKey.text.dropLast()), one.publicKey.text + "A"] {
      #expect(MinisignPublicKey(broken) == nil)
    }
  }
}
