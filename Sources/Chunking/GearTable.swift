/// Expands a key into the 256 words of a secret gear table.
///
/// The gear value after byte `b` is `h = (h << 1) + G[b]`, so it depends on exactly the last 64 bytes, and its top
/// bits on all of them. On a run of one byte it stands still at -G[b]; on two alternating bytes it alternates
/// between two values. If such a value were a candidate, every or every second position of the run would cost a
/// SipHash (measured: 13-22 MB/s on zero pages instead of gear speed). So an entry is drawn again until neither
/// its own run nor its alternation with any byte drawn before is a candidate: zero pages, blank filler and
/// UTF-16 padding run at gear speed and cut at the maximum, for every key.
enum GearTable {
  /// How many top bits of the gear value are zero at a candidate: one position in 1024 of random data.
  static let candidateBits: UInt64 = 10
  /// A gear value below this one is a candidate.
  static let candidateBound: UInt64 = 1 << (64 - candidateBits)

  /// Writes 256 words: SipHash of (byte, number of the draw), which is a counter mode; 1.3 draws an entry in the mean.
  static func fill(_ table: UnsafeMutablePointer<UInt64>, key: SipHash) {
    for byte in 0..<256 {
      var draw: UInt64 = 0
      repeat {
        table[byte] = withUnsafeBytes(of: (UInt64(byte).littleEndian, draw.littleEndian)) { key.hash($0) }
        draw += 1
      } while hasSlowRun(table, byte)
    }
  }

  private static func hasSlowRun(_ table: UnsafeMutablePointer<UInt64>, _ byte: Int) -> Bool {
    let entry = table[byte]
    if 0 &- entry < candidateBound { return true }
    for other in 0..<byte where alternation(entry, table[other]) || alternation(table[other], entry) { return true }
    return false
  }

  /// Whether "… first last first last" is a candidate. The sum (last + 2 first)(1 + 4 + 16 + … + 4^31) modulo 2^64
  /// is -(last + 2 first) / 3, and division by three is multiplication by its inverse.
  private static func alternation(_ first: UInt64, _ last: UInt64) -> Bool {
    0 &- (last &+ 2 &* first) &* 0xaaaa_aaaa_aaaa_aaab < candidateBound
  }
}
