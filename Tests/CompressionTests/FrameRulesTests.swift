import Bytes
import Compression
import Testing

@Suite("A reader of frames")
struct FrameRulesTests {
  private let content = Array("a blob holds one frame".utf8)
  private var valid: CraftedFrame { CraftedFrame(content) }

  @Test("takes the crafted frame that all the others here are made from, in each valid form")
  func control() throws {
    try expectTaken(valid.bytes)
    try expectTaken(valid.with { $0.window = 0 })
    try expectTaken(valid.with { $0.window = (24 - 10) << 3 })
  }

  @Test("refuses two frames, a skippable frame, and any trailing byte")
  func oneFrame() throws {
    let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let empty = CraftedFrame([]).bytes
    expectRefused(valid.bytes + valid.bytes, "followed")
    expectRefused(valid.bytes + empty, "followed")
    expectRefused(empty + valid.bytes, "says 0")
    expectRefused(skippable, "skippable")
    expectRefused(skippable + valid.bytes, "skippable")
    expectRefused(valid.bytes + skippable, "followed")
    for byte in [0, 1, 0x28, 0xff] as [UInt8] { expectRefused(valid.bytes + [byte], "followed") }
  }

  @Test("refuses a frame that hides its content size or gives another one")
  func contentSize() throws {
    expectRefused(
      valid.with {
        $0.contentSize = nil
        $0.window = 0
      }, "does not say")
    for wrong in [0, 1, UInt64(content.count) - 1, UInt64(content.count) + 1, 1 << 32, 1 << 63, .max - 1, .max] {
      expectRefused(valid.with { $0.contentSize = wrong })
      expectRefused(
        valid.with {
          $0.contentSize = wrong
          $0.window = 0
        })
    }
    // The header agrees with the directory, the block does not.
    for length in [content.count - 1, content.count + 1, 0] {
      let size = UInt64(length)
      #expect(throws: Failure.self) {
        try Decompressor().plain(valid.with { $0.contentSize = size }, count: length)
      }
    }
  }

  @Test("refuses a dictionary id, also one of zero")
  func dictionary() throws {
    for dictionary in [[1], [1, 2], [1, 2, 3, 4], [0], [0, 0], [0, 0, 0, 0]] as [[UInt8]] {
      expectRefused(valid.with { $0.dictionary = dictionary }, "dictionary")
    }
  }

  @Test("refuses windows of more than 2^24 bytes")
  func window() throws {
    expectRefused(valid.with { $0.window = (24 - 10) << 3 | 1 }, "window")
    for exponent: UInt8 in 25...41 { expectRefused(valid.with { $0.window = (exponent - 10) << 3 }) }
  }

  @Test("refuses a checksum, a reserved bit, a reserved block and the magic numbers of other versions")
  func header() throws {
    expectRefused(
      valid.with {
        $0.flags = 4
        $0.trailer = [1, 2, 3, 4]
      }, "checksum")
    expectRefused(valid.with { $0.flags = 8 })
    expectRefused(valid.with { $0.blockHeader = 1 | 3 << 1 | UInt32(content.count) << 3 })
    for first: UInt8 in 0x1e...0x2f where first != 0x28 { expectRefused(valid.with { $0.magic[0] = first }) }
    expectRefused([])
    expectRefused(content)
  }

  @Test("refuses a block that fills more than the frame says: 128 KiB of zeros behind a size of 22")
  func bomb() throws {
    let bomb = valid.with {
      $0.blockHeader = 1 | 1 << 1 | (128 << 10) << 3
      $0.content = [0]
    }
    expectRefused(bomb)
  }

  @Test("refuses a real frame with every kind of addition, at every length")
  func realFrame() throws {
    var random = Randomness(seed: 1)
    let plain = random.rows(2000)
    let frame = try #require(try Compressor(level: 1).frame(plain))
    #expect(try Decompressor().plain(frame, count: plain.count) == plain)
    for other in [frame + frame, frame + [0], [0] + frame] { expectRefused(other, count: plain.count) }
    for count in [0, 1, 1999, 2001, 4 << 20] { expectRefused(frame, count: count) }
  }

  private func expectTaken(_ frame: [UInt8]) throws {
    #expect(try Decompressor().plain(frame, count: content.count) == content)
  }

  private func expectRefused(
    _ frame: [UInt8], _ reason: String = "", count: Int? = nil, location: SourceLocation = #_sourceLocation
  ) {
    let failure = #expect(throws: Failure.self, sourceLocation: location) {
      try Decompressor().plain(frame, count: count ?? content.count)
    }
    #expect(failure?.code == .damaged, sourceLocation: location)
    let text = failure?.what ?? ""
    #expect(reason.isEmpty || text.contains(reason), "\(text)", sourceLocation: location)
  }
}
