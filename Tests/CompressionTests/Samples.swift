import Bytes
import Compression

/// Bytes that are the same in every run: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Randomness {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// Rows of a dump, cut at `count` bytes.
  mutating func rows(_ count: Int) -> [UInt8] {
    var text: [UInt8] = []
    while text.count < count {
      let price = next() % 10_000
      text += Array("INSERT INTO orders VALUES (\(text.count),'open','\(String(next(), radix: 16))',\(price));\n".utf8)
    }
    return Array(text.prefix(count))
  }
}

extension Compressor {
  /// The frame of `plain`; nil when it does not fit in `room` bytes.
  func frame(_ plain: [UInt8], prefix: [UInt8]? = nil, room: Int? = nil) throws -> [UInt8]? {
    var target = [UInt8](repeating: 0, count: room ?? Compressor.bound(plain.count))
    let count = try target.withUnsafeMutableBytes { target in
      try plain.withUnsafeBytes { plain in
        guard let prefix else { return try compress(plain, into: target) }
        return try prefix.withUnsafeBytes { try compress(plain, prefix: $0, into: target) }
      }
    }
    return count.map { Array(target.prefix($0)) }
  }
}

extension Decompressor {
  /// The plain bytes of `frame`, decoded between two guards that nothing may touch, not even on the way to a failure.
  func plain(_ frame: [UInt8], count: Int, prefix: [UInt8]? = nil) throws -> [UInt8] {
    let guardCount = 64
    var memory = [UInt8](repeating: 0xa5, count: count + 2 * guardCount)
    let result = Result {
      try memory.withUnsafeMutableBytes { memory in
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[guardCount..<(guardCount + count)])
        try frame.withUnsafeBytes { frame in
          guard let prefix else { return try decompress(frame, into: target) }
          try prefix.withUnsafeBytes { try decompress(frame, prefix: $0, into: target) }
        }
      }
    }
    let guards = memory.prefix(guardCount) + memory.suffix(guardCount)
    precondition(guards.allSatisfy { $0 == 0xa5 }, "decoding wrote outside its target")
    try result.get()
    return Array(memory[guardCount..<(guardCount + count)])
  }
}
