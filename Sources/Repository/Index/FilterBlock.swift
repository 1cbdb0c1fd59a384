/// A block of a table's filter: one cache line that tells most names which the table does not hold.
///
/// A Bloom filter in blocks (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007): the
/// first word of a name picks the block, six parts of the second pick bits in it. 56 bytes of bits and 8 of check,
/// about 48 blobs a block: 10.7 bits a blob, 1.5 % of strangers pass. Blocks follow the order of names, so that a
/// sorted stream writes them one by one.
enum FilterBlock {
  static let size = 64
  private static let words = 7
  private static let bits: UInt64 = 448
  /// Blobs that a block is meant for.
  private static let blobs = 48

  /// How many blocks so many blobs want.
  static func count(for blobs: Int) -> Int { max(1, (blobs + FilterBlock.blobs - 1) / FilterBlock.blobs) }

  /// The block of a name.
  @inline(__always)
  static func number(of name: NameKey, among count: Int) -> Int {
    Int(name.a.multipliedFullWidth(by: UInt64(count)).high)
  }

  static func insert(_ name: NameKey, into block: UnsafeMutableRawPointer) {
    for probe in 0..<6 {
      let bit = bit(name, probe)
      let word = block + (bit >> 6) * 8
      word.storeBytes(of: word.load(as: UInt64.self) | 1 << UInt64(bit & 63), as: UInt64.self)
    }
  }

  /// False if the name was never inserted.
  @inline(__always)
  static func mayHold(_ name: NameKey, _ block: UnsafeRawPointer) -> Bool {
    for probe in 0..<6 {
      let bit = bit(name, probe)
      if block.load(fromByteOffset: (bit >> 6) * 8, as: UInt64.self) >> UInt64(bit & 63) & 1 == 0 { return false }
    }
    return true
  }

  static func seal(_ block: UnsafeMutableRawPointer, seed: UInt64) {
    block.storeBytes(of: PageCheck.of(block, words: words, seed: seed), toByteOffset: words * 8, as: UInt64.self)
  }

  static func isWhole(_ block: UnsafeRawPointer, seed: UInt64) -> Bool {
    block.load(fromByteOffset: words * 8, as: UInt64.self) == PageCheck.of(block, words: words, seed: seed)
  }

  @inline(__always)
  private static func bit(_ name: NameKey, _ probe: Int) -> Int {
    let part = (name.b >> UInt64(10 * probe)) & 1023
    return Int((part * bits) >> 10)
  }
}
