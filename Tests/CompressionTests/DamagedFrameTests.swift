import Bytes
import Compression
import Testing

/// Every call goes through guards around the target, so that a write outside it ends the run.
@Suite("A damaged frame")
struct DamagedFrameTests {
  private let decompressor = Decompressor()

  @Test("is refused when it is cut at any byte")
  func truncation() throws {
    for (frame, count, prefix) in try samples() {
      for length in 0..<frame.count {
        let failure = #expect(throws: Failure.self) {
          try decompressor.plain(Array(frame.prefix(length)), count: count, prefix: prefix)
        }
        #expect(failure?.code == .damaged)
      }
    }
  }

  @Test("is refused or decodes within its target when any one bit is flipped")
  func everyBit() throws {
    for (frame, count, prefix) in try samples() {
      var refused = 0
      for bit in 0..<(8 * frame.count) {
        var damaged = frame
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        refused += try isRefused(damaged, count, prefix) ? 1 : 0
      }
      #expect(refused > 0)
      #expect(try !isRefused(frame, count, prefix), "a context works on after a damaged frame")
    }
  }

  @Test("is refused or decodes within its target when many bytes are replaced, inserted or taken out")
  func manyBytes() throws {
    var random = Randomness(seed: 2)
    for (frame, count, prefix) in try samples() {
      for _ in 0..<5000 {
        var damaged = frame
        for _ in 0...random.below(6) {
          let place = random.below(damaged.count)
          switch random.below(4) {
          case 0: damaged.insert(UInt8(random.below(256)), at: place)
          case 1 where damaged.count > 1: damaged.remove(at: place)
          default: damaged[place] = UInt8(random.below(256))
          }
        }
        _ = try isRefused(damaged, count, prefix)
      }
    }
  }

  @Test("is refused when it is noise behind a good header")
  func noise() throws {
    var random = Randomness(seed: 3)
    for _ in 0..<5000 {
      var crafted = CraftedFrame(random.bytes(1 + random.below(300)))
      let count = random.below(5000)
      crafted.contentSize = UInt64(count)
      // A compressed block, so that the noise is read as literals and sequences.
      crafted.blockHeader = 1 | 2 << 1 | UInt32(crafted.content.count) << 3
      _ = try isRefused(crafted.bytes, count, nil)
    }
  }

  /// Any other error than `damaged` is not caught and fails the test.
  private func isRefused(_ frame: [UInt8], _ count: Int, _ prefix: [UInt8]?) throws -> Bool {
    do {
      _ = try decompressor.plain(frame, count: count, prefix: prefix)
      return false
    } catch let failure as Failure where failure.code == .damaged {
      return true
    }
  }

  /// Small frames of rows, of noise, of a run, and one that refers to a base.
  private func samples() throws -> [(frame: [UInt8], count: Int, prefix: [UInt8]?)] {
    var random = Randomness(seed: 1)
    let compressor = try Compressor(level: 3)
    let plains = [random.rows(700), random.bytes(40), [UInt8](repeating: 9, count: 3000), []]
    var samples: [(frame: [UInt8], count: Int, prefix: [UInt8]?)] = []
    for plain in plains { samples.append((try #require(try compressor.frame(plain)), plain.count, nil)) }
    let base = random.rows(5000)
    let changed = Array(base[1000..<3000]) + random.rows(200)
    samples.append((try #require(try compressor.frame(changed, prefix: base)), changed.count, base))
    return samples
  }
}
