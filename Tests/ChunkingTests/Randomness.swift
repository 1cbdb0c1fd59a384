/// Numbers that are the same in every run: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
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

  /// `count` bytes, little-endian words one after another.
  mutating func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var word: UInt64 = 0
      for index in 0..<count {
        if index % 8 == 0 { word = next() }
        buffer[index] = UInt8(truncatingIfNeeded: word)
        word >>= 8
      }
      filled = count
    }
  }
}
