import Bytes
import Compression
import Testing

@Suite("Compression")
struct CompressorTests {
  @Test("gives back what it was given, at every level and length", arguments: [1, 2, 3, 6, 9, 15] as [Int32])
  func roundTrips(level: Int32) throws {
    var random = Randomness(seed: 1)
    let compressor = try Compressor(level: level)
    let decompressor = Decompressor()
    let large = level == 1 ? [random.rows(4 << 20), random.bytes(4 << 20), [UInt8](repeating: 0, count: 4 << 20)] : []
    let small = [[], [7], [0, 0], random.bytes(100), random.rows(255), random.rows(256), random.rows(70_000)]
    for plain in small + large {
      let frame = try #require(try compressor.frame(plain))
      #expect(frame.count <= Compressor.bound(plain.count))
      #expect(try decompressor.plain(frame, count: plain.count) == plain)
    }
  }

  @Test("refers to a prefix, so that a slightly changed chunk becomes small", arguments: [1, 2, 3, 9] as [Int32])
  func prefixes(level: Int32) throws {
    var random = Randomness(seed: 2)
    let compressor = try Compressor(level: level)
    let decompressor = Decompressor()
    // The larger one is where level 1 would lose its way in a table of its own size.
    for count in level < 3 ? [100_000, 1 << 20, 4 << 20] : [1 << 20] {
      let base = random.rows(count)
      var plain = base
      for _ in 0..<20 { plain[random.below(plain.count)] = UInt8(random.below(256)) }
      plain.insert(contentsOf: random.rows(1000), at: plain.count / 2)
      plain.removeLast(1000)
      let frame = try #require(try compressor.frame(plain, prefix: base))
      #expect(frame.count < 4000 + count / 100, "\(frame.count) of \(count) bytes")
      #expect(try decompressor.plain(frame, count: plain.count, prefix: base) == plain)
      let full = try #require(try compressor.frame(plain))
      #expect(full.count > 10 * frame.count, "a prefix must not stay for the next chunk")
      #expect(try decompressor.plain(full, count: plain.count) == plain)
    }
  }

  @Test("takes any base as raw content: a dictionary's magic number, a few bytes, none")
  func rawPrefix() throws {
    var random = Randomness(seed: 3)
    let compressor = try Compressor(level: 1)
    let decompressor = Decompressor()
    let rows = random.rows(50_000)
    let magic: [UInt8] = [0x37, 0xa4, 0x30, 0xec]
    for base in [magic + rows, magic + random.bytes(8), magic, [1, 2, 3], [9], []] {
      let frame = try #require(try compressor.frame(rows, prefix: base))
      #expect(try decompressor.plain(frame, count: rows.count, prefix: base) == rows)
    }
    let frame = try #require(try compressor.frame(rows, prefix: magic + rows))
    #expect(frame.count < 200)
  }

  @Test("does not give the right bytes under a wrong prefix, and may do so without an error")
  func wrongPrefix() throws {
    var random = Randomness(seed: 4)
    let compressor = try Compressor(level: 1)
    let decompressor = Decompressor()
    let base = random.rows(100_000)
    var changed = base
    changed[50_000] ^= 1
    let frame = try #require(try compressor.frame(changed, prefix: base))
    var silent = 0
    for wrong in [random.rows(100_000), random.bytes(100_000), Array(base.dropLast()), random.bytes(10), []] {
      let plain = try? decompressor.plain(frame, count: changed.count, prefix: wrong)
      let isRight = plain == changed
      #expect(!isRight)
      silent += plain == nil ? 0 : 1
    }
    #expect(silent > 0, "then the comparison of names is all that notices")
    #expect(throws: Failure.self) { try decompressor.plain(frame, count: changed.count) }
    let isRight = try decompressor.plain(frame, count: changed.count, prefix: base) == changed
    #expect(isRight)
  }

  @Test("says nil where the frame does not fit, and works on afterwards")
  func room() throws {
    var random = Randomness(seed: 5)
    let compressor = try Compressor(level: 1)
    let decompressor = Decompressor()
    let noise = random.bytes(100_000)
    let rows = random.rows(100_000)
    #expect(try compressor.frame(noise, room: noise.count - 1) == nil)
    #expect(try compressor.frame(noise, prefix: rows, room: noise.count - 1) == nil)
    #expect(try compressor.frame([], room: 0) == nil)
    let frame = try #require(try compressor.frame(rows, room: rows.count - 1))
    #expect(try decompressor.plain(frame, count: rows.count) == rows)
    #expect(try compressor.frame(rows, room: frame.count - 1) == nil)
    for room in 0..<100 { #expect(try compressor.frame(rows, prefix: noise, room: room) == nil) }
  }

  @Test("offers levels 1 to 15")
  func levels() throws {
    for level: Int32 in 1...15 { _ = try Compressor(level: level) }
    for level: Int32 in [0, -1, 16, 19, 22, .min, .max] {
      #expect(throws: Failure.self) { _ = try Compressor(level: level) }
    }
  }

  @Test("gives the same frame for the same chunk, whatever came before")
  func repeatable() throws {
    var random = Randomness(seed: 6)
    let used = try Compressor(level: 1)
    let chunks = [random.rows(300_000), random.rows(1000), random.bytes(50_000), []]
    for chunk in chunks + chunks.reversed() {
      #expect(try used.frame(chunk) == Compressor(level: 1).frame(chunk))
      #expect(try used.frame(chunk, prefix: chunks[0]) == Compressor(level: 1).frame(chunk, prefix: chunks[0]))
    }
  }

  @Test("changes its level from chunk to chunk, and makes what a compressor of that level makes")
  func changingLevels() throws {
    var random = Randomness(seed: 9)
    let rows = random.rows(200_000)
    let base = random.rows(100_000) + rows.prefix(50_000)
    let changing = try Compressor(level: 3)
    for level: Int32 in [1, 9, 4, 4, 1, 6, 2] {
      try changing.setLevel(level)
      let fixed = try Compressor(level: level)
      #expect(try changing.frame(rows) == fixed.frame(rows))
      #expect(try changing.frame(rows, prefix: base) == fixed.frame(rows, prefix: base))
    }
    for level: Int32 in [0, 16, -1] { #expect(throws: Failure.self) { try changing.setLevel(level) } }
    #expect(try changing.frame(rows) == Compressor(level: 2).frame(rows))
  }
}
