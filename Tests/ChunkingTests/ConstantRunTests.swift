import Bytes
import Chunking
import Testing

@Suite("Runs that repeat")
struct ConstantRunTests {
  @Test("zero pages have no candidate under any of a thousand secrets, and are cut at the maximum")
  func zeros() throws {
    let zeros = [UInt8](repeating: 0, count: 3 * 16_384 + 100)
    let parameters = try ChunkParameters(minimum: 4096, target: 8192, maximum: 16_384)
    var random = Randomness(seed: 10)
    for _ in 0..<1000 {
      let chunker = random.bytes(32).withUnsafeBytes { Chunker(secret: $0, parameters: parameters) }
      let result = chunker.cuts(zeros)
      #expect(result.decisions == 0)
      #expect(result.positions == [16_384, 32_768, 49_152, 49_252])
    }
  }

  @Test("a run of any one byte has no candidate and is cut at the maximum")
  func constants() throws {
    let parameters = try ChunkParameters(minimum: 4096, target: 4096, maximum: 4352)
    var random = Randomness(seed: 11)
    for _ in 0..<64 {
      let chunker = random.bytes(32).withUnsafeBytes { Chunker(secret: $0, parameters: parameters) }
      for byte in 0..<256 {
        let result = chunker.cuts([UInt8](repeating: UInt8(byte), count: 2 * 4352))
        #expect(result.decisions == 0 && result.positions == [4352, 8704], "byte \(byte)")
      }
    }
  }

  @Test("two alternating bytes have no candidate and are cut at the maximum")
  func alternations() throws {
    let parameters = try ChunkParameters(minimum: 4096, target: 4096, maximum: 4352)
    let chunker = Chunker(seed: 12, parameters)
    var stream = [UInt8](repeating: 0, count: 4352)
    for first in 0..<256 {
      for second in 0..<first {
        // Only the 64 bytes before the minimum and those behind it are looked at.
        for index in stride(from: 4030, to: stream.count, by: 2) {
          stream[index] = UInt8(first)
          stream[index + 1] = UInt8(second)
        }
        let result = chunker.cuts(stream)
        #expect(result.decisions == 0 && result.positions == [4352], "bytes \(first) and \(second)")
      }
    }
  }

  @Test("random bytes have a candidate in about 1024 positions: the counter that the tests above rely on counts")
  func counter() throws {
    var random = Randomness(seed: 13)
    let stream = random.bytes(4 << 20)
    let result = Chunker(seed: 14, try ChunkParameters(minimum: 4096, target: 1 << 20, maximum: 4 << 20)).cuts(stream)
    #expect((3600...4600).contains(result.decisions))
  }
}
