import Bytes
import Cryptography
import TestKit
import Testing

@Suite("Names of many chunks at once")
struct NamesOfManyTests {
  private let key: NamingKey

  init() throws { key = try NamingKey(Secret(copying: [UInt8](0..<32))) }

  /// Every width that this processor has.
  static let widths = [1, 4, 8].filter { $0 <= NamingKey.lanes }

  @Test("are the names one by one, whatever the lengths", arguments: NamesOfManyTests.widths)
  func equal(_ lanes: Int) {
    fuzz(seed: UInt64(lanes), count: 300) { round, random in
      let lengths = (0..<random.number(in: 0...20)).map { _ in
        switch random.number(in: 0...3) {
        case 0: random.number(in: 0...5) * 128
        case 1: random.number(in: 0...1)
        case 2: random.number(in: 0...300)
        default: random.number(in: 0...5000)
        }
      }
      let bytes = random.bytes(lengths.reduce(0, +) + 1)
      bytes.withUnsafeBytes { bytes in
        var start = 0
        let parts = lengths.map { length in
          defer { start += length }
          return UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
        }
        #expect(key.names(of: parts, lanes: lanes) == parts.map { key.name(of: $0) }, "round \(round): \(lengths)")
      }
    }
  }

  @Test("long ones beside short ones, in the widths that are chosen by number", arguments: [1, 2, 5, 12, 17])
  func mixed(_ count: Int) {
    var random = RandomSource(seed: 77)
    let chunks = (0..<count).map { random.bytes($0 % 3 == 0 ? 300_000 : 1000 * $0) }
    let all = chunks.flatMap { $0 }
    all.withUnsafeBytes { all in
      var start = 0
      let parts = chunks.map { chunk in
        defer { start += chunk.count }
        return UnsafeRawBufferPointer(rebasing: all[start..<(start + chunk.count)])
      }
      #expect(key.names(of: parts) == chunks.map { key.name(of: $0) })
    }
  }
}
