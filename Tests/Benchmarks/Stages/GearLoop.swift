/// The least that content-defined cutting can cost: one shift, one addition, one look-up and one comparison a byte,
/// over every byte, and nothing is decided. A chunker skips bytes below its minimum, so it can be faster than this.
struct GearLoop {
  private let table: [UInt64]

  init() {
    // Any table will do that is the same each time; this is the sequence of Steele and others, "Fast splittable
    // pseudorandom number generators", OOPSLA 2014.
    var state: UInt64 = 1
    table = (0..<256).map { _ in
      state &+= 0x9e37_79b9_7f4a_7c15
      var word = state
      word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
      return word ^ word >> 31
    }
  }

  /// How many positions have ten leading zero bits: about one in 1024.
  func candidates(in bytes: UnsafeRawBufferPointer) -> Int {
    table.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress else { return 0 }
      let bound: UInt64 = 1 << 54
      var value: UInt64 = 0
      var count = 0
      for byte in bytes {
        value = value &<< 1 &+ table[Int(byte)]
        if value < bound { count &+= 1 }
      }
      return count
    }
  }
}
