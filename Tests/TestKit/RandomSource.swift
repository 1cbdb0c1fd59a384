/// Random numbers that are the same in every run (xoshiro256**, seeded by SplitMix64): a failure can be repeated.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      var value = mixer
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return value ^ (value >> 31)
    }
    state = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// Incompressible bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { buffer in
      var offset = 0
      while offset + 8 <= count {
        buffer.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
        offset += 8
      }
      if offset < count {
        var rest = next()
        while offset < count {
          buffer[offset] = UInt8(truncatingIfNeeded: rest)
          rest >>= 8
          offset += 1
        }
      }
    }
    return bytes
  }

  /// A number in a range.
  package mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// A copy of `bytes` with one to four random changes: bytes flipped, removed, inserted, or a part repeated.
  package mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
    var mutated = bytes
    for _ in 0..<number(in: 1...4) {
      let place = number(in: 0...mutated.count)
      switch number(in: 0...4) {
      case 0 where place < mutated.count: mutated[place] ^= UInt8(1) << UInt8(number(in: 0...7))
      case 1 where place < mutated.count: mutated.remove(at: place)
      case 2: mutated.insert(UInt8(truncatingIfNeeded: next()), at: place)
      case 3: mutated.removeLast(mutated.count - place)
      default: mutated.insert(contentsOf: mutated.prefix(number(in: 0...16)), at: place)
      }
    }
    return mutated
  }
}

/// Calls `body` with `count` sources whose seeds follow from `seed`; the number says which round failed.
package func fuzz(seed: UInt64, count: Int, _ body: (_ round: Int, _ random: inout RandomSource) throws -> Void)
  rethrows
{
  for round in 0..<count {
    var random = RandomSource(seed: seed &* 1_000_003 &+ UInt64(round))
    try body(round, &random)
  }
}
