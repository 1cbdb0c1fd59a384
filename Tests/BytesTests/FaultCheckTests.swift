import Bytes
import TestKit
import Testing

@Suite("The check for faults")
struct FaultCheckTests {
  private func check(_ bytes: [UInt8]) -> FaultCheck { bytes.withUnsafeBytes { FaultCheck(of: $0) } }

  @Test("equal bytes have equal checks, wherever they lie", arguments: [0, 1, 63, 64, 65, 1000])
  func equal(_ count: Int) {
    var random = RandomSource(seed: UInt64(count))
    let bytes = random.bytes(count)
    let shifted = [0] + bytes
    let moved = shifted.withUnsafeBytes { FaultCheck(of: UnsafeRawBufferPointer(rebasing: $0[1...])) }
    #expect(check(bytes) == moved)
  }

  @Test("every flipped bit shows, and so do bytes that are cut off, added or exchanged")
  func faults() {
    var random = RandomSource(seed: 5)
    let bytes = random.bytes(300)
    let whole = check(bytes)
    for index in bytes.indices {
      for bit in 0..<8 {
        var other = bytes
        other[index] ^= 1 << UInt8(bit)
        #expect(check(other) != whole)
      }
      #expect(check(Array(bytes[..<index])) != whole)
    }
    #expect(check(bytes + [0]) != whole)
    for (one, other) in [(0, 8), (0, 64), (8, 200), (64, 128)] {
      var swapped = bytes
      for byte in 0..<8 { swapped.swapAt(one + byte, other + byte) }
      #expect(check(swapped) != whole, "words at \(one) and \(other)")
    }
  }

  @Test("zeros of different lengths differ")
  func zeros() {
    let checks = Set((0..<200).map { check([UInt8](repeating: 0, count: $0)) })
    #expect(checks.count == 200)
  }
}
