/// The CRC-64 that Redis puts at the end of its files (polynomial ad93d23594c935a9 of Jones, reflected, no first and no
/// last exclusive-or), eight bytes a step. Over a file with its little-endian checksum it is zero.
struct RedisChecksum {
  private static let polynomial: UInt64 = 0x95ac_9329_ac4b_c9b5

  /// Eight tables of 256: what a byte does to the sum from so many places away.
  private static let tables: [UInt64] = {
    var tables = [UInt64](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt64(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      tables[byte] = value
    }
    for step in 1..<8 {
      for byte in 0..<256 {
        let value = tables[(step - 1) * 256 + byte]
        tables[step * 256 + byte] = tables[Int(value & 0xff)] ^ value >> 8
      }
    }
    return tables
  }()

  /// The sum of everything so far.
  private(set) var value: UInt64 = 0

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    RedisChecksum.tables.withUnsafeBufferPointer { table in
      var sum = value
      var index = 0
      while index + 8 <= bytes.count {
        sum ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let low =
          table[1792 + Int(sum & 0xff)] ^ table[1536 + Int(sum >> 8 & 0xff)]
          ^ table[1280 + Int(sum >> 16 & 0xff)] ^ table[1024 + Int(sum >> 24 & 0xff)]
        sum =
          low ^ table[768 + Int(sum >> 32 & 0xff)] ^ table[512 + Int(sum >> 40 & 0xff)]
          ^ table[256 + Int(sum >> 48 & 0xff)] ^ table[Int(sum >> 56)]
        index += 8
      }
      while index < bytes.count {
        sum = table[Int((sum ^ UInt64(bytes[index])) & 0xff)] ^ sum >> 8
        index += 1
      }
      value = sum
    }
  }
}

/// Takes the mark of 40 random bytes off the end of a dump that `redis-cli` prints to a pipe. The server ends a
/// transfer of unknown length with it, and into a pipe the client writes it through.
///
/// A dump ends with the byte 255 and its checksum, so the sum over it is zero 40 bytes before the end, or at the end
/// where there is no mark.
struct RDBEnding {
  static let markLength = 40

  /// How the end was.
  enum Verdict: Equatable {
    /// The checksum fits; so many bytes at the end are the mark.
    case whole(mark: Int)
    /// There is no checksum, for the server is told to make none; the end is there.
    case unchecked(mark: Int)
    case damaged
  }

  private var sum = RedisChecksum()
  private(set) var held: [UInt8] = []
  private var head: [UInt8] = []
  private var last: [UInt8] = []

  /// Takes bytes and returns, through `release`, those that are no part of a mark.
  mutating func take(_ bytes: UnsafeRawBufferPointer, release: (UnsafeRawBufferPointer) -> Void) {
    held.append(contentsOf: bytes)
    let free = held.count - RDBEnding.markLength
    guard free > 0 else { return }
    held.withUnsafeBytes { all in
      let part = UnsafeRawBufferPointer(rebasing: all[..<free])
      sum.update(part)
      release(part)
    }
    if head.count < 9 { head += held[..<free].prefix(9 - head.count) }
    last = Array((last + held[..<free].suffix(9)).suffix(9))
    held.removeFirst(free)
  }

  /// Judges the end; what is held is then the mark or a part of the dump.
  func verdict() -> Verdict {
    let start = head + held.prefix(max(0, 9 - head.count))
    guard start.starts(with: Array("REDIS".utf8)) else { return .damaged }
    if last.first == 255, last.count == 9, held.count == RDBEnding.markLength {
      if sum.value == 0 { return .whole(mark: RDBEnding.markLength) }
      if last.dropFirst().allSatisfy({ $0 == 0 }) { return .unchecked(mark: RDBEnding.markLength) }
    }
    let end = Array((last + held).suffix(9))
    var whole = sum
    held.withUnsafeBytes { whole.update($0) }
    guard end.count == 9, end[0] == 255 else { return .damaged }
    if whole.value == 0 { return .whole(mark: 0) }
    return end.dropFirst().allSatisfy { $0 == 0 } ? .unchecked(mark: 0) : .damaged
  }
}
