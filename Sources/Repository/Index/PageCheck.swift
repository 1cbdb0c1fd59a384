/// The check of a table's pages: 64 bits that change with every word, and with where the page lies.
///
/// A table is a disposable file that a disk, a cable or a power loss may have spoiled; whoever can write to it on
/// purpose owns the host and its keys. So this need not withstand an adversary: it is a multiplicative hash in four
/// lanes (each step is a bijection of the lane, so that no change of one word goes unseen; the rotation brings the
/// high bits, that a multiplication never moves down, to where the next one spreads them).
enum PageCheck {
  private static let prime: UInt64 = 0x9e37_79b9_7f4a_7c15
  private static let other: UInt64 = 0xc2b2_ae3d_27d4_eb4f

  /// - Parameters:
  ///   - bytes: aligned to 8 bytes
  ///   - words: how many words of 8 bytes
  ///   - seed: differs from file to file and page to page
  static func of(_ bytes: UnsafeRawPointer, words: Int, seed: UInt64) -> UInt64 {
    var lanes = (seed, seed ^ prime, seed ^ other, ~seed)
    var word = 0
    while word + 4 <= words {
      let place = bytes + word * 8
      lanes.0 = step(lanes.0, place.load(as: UInt64.self))
      lanes.1 = step(lanes.1, place.load(fromByteOffset: 8, as: UInt64.self))
      lanes.2 = step(lanes.2, place.load(fromByteOffset: 16, as: UInt64.self))
      lanes.3 = step(lanes.3, place.load(fromByteOffset: 24, as: UInt64.self))
      word += 4
    }
    while word < words {
      lanes.0 = step(lanes.0, bytes.load(fromByteOffset: word * 8, as: UInt64.self))
      word += 1
    }
    let check = step(step(step(step(UInt64(words), lanes.0), lanes.1), lanes.2), lanes.3)
    return (check ^ check >> 32) &* other
  }

  /// The check of any bytes: what a last word lacks counts as zero.
  static func of(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
    let whole = bytes.count & ~7
    var last: UInt64 = 0
    for index in whole..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - whole)) }
    let check = bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { of($0, words: whole / 8, seed: seed) } ?? seed
    }
    return step(step(check, last), UInt64(bytes.count))
  }

  /// The seed of a part of a file.
  static func seed(_ salt: UInt64, _ part: UInt64) -> UInt64 { step(salt, part &+ 1) }

  @inline(__always)
  private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    let product = (lane ^ word) &* prime
    return product << 31 | product >> 33
  }
}
