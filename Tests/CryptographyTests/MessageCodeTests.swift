import Bytes
import Cryptography
import Testing

@Suite("Codes of messages")
struct MessageCodeTests {
  struct Vector: Sendable {
    let key: String
    let message: String
    let code: String
  }

  static let vectors = [
    Vector(
      key: String(repeating: "0b", count: 20), message: "4869205468657265",
      code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Vector(
      key: "4a656665", message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    Vector(
      key: String(repeating: "aa", count: 131),
      message:
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
      code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
  ]

  @Test("are HMAC-SHA-256 (RFC 4231, cases 1, 2 and 6)", arguments: vectors)
  func codes(_ vector: Vector) {
    let key = Secret(copying: hex(vector.key))
    #expect(Hex.encode(MessageCode.code(of: hex(vector.message), under: key)) == vector.code)
    #expect(Hex.encode(contents(MessageCode.secretCode(of: hex(vector.message), under: key))) == vector.code)
  }

  @Test("Content-MD5 is the MD5 in base64 (RFC 1321, appendix A.5)")
  func contentMD5() {
    func text(_ message: String) -> String { Array(message.utf8).withUnsafeBytes { ContentMD5.text(of: $0) } }
    #expect(text("") == "1B2M2Y8AsgTpgAmY7PhCfg==")
    #expect(text("abc") == "kAFQmDzST7DWlj99KOF/cg==")
    #expect(ContentMD5.text(of: UnsafeRawBufferPointer(start: nil, count: 0)) == text(""))
    #expect(Secret(copying: [0, 1, 2, 255]).base64() == "AAEC/w==")
  }
}
