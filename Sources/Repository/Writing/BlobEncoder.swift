import Bytes
import Compression
import Format
import Glibc

/// How a chunk's bytes became its content.
struct BlobEncoding: Sendable {
  let flags: BlobFlags
  /// The chunk that a delta builds on.
  let base: ReferenceRow?
}

/// Turns chunks into the content of blobs: against a base, by themselves, or raw. Belongs to one thread.
final class BlobEncoder {
  /// The level of deltas. Second days of four dumps, chunks of 256 KiB, one core, levels 1 (2^17 positions) and 3:
  /// orders 2.82 and 2.86 MB at 1.4 and 1.1 GB/s, MariaDB 1.14 and 1.24 MB, a physical backup of pgbench 9.40 and
  /// 6.52 MB at 1.2 and 1.3 GB/s, its plain dump 3.21 and 2.42 MB. Level 5 runs at 0.29 GB/s and gains nothing.
  private static let deltaLevel: Int32 = 3
  /// A delta takes at most three quarters of what the chunk would take by itself, about: more would not be worth the
  /// longer chain.
  private static func most(_ plainLength: Int, _ base: ReferenceRow) -> Int {
    min(plainLength, Int(base.fullLength(ofPlain: plainLength)) * 3 / 4)
  }

  private let policy: CompressionPolicy
  private let compressor: Compressor
  private let deltaCompressor: Compressor
  private let decompressor = Decompressor()
  private let tools: ReferenceTools?
  private var content = Buffer(capacity: Limits.chunk)
  private var decoded = Buffer(capacity: Limits.chunk)

  /// - Parameter policy: says the level of chunks that are encoded by themselves
  init(_ policy: CompressionPolicy, tools: ReferenceTools?) throws(Failure) {
    self.policy = policy
    compressor = try Compressor(level: policy.level)
    deltaCompressor = try Compressor(level: BlobEncoder.deltaLevel)
    self.tools = tools
  }

  /// Lends what the last encoding gave.
  func withContent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { content.withBytes(body) }

  /// Encodes a chunk by itself; raw where a frame would not be smaller.
  func encodeFull(_ plain: UnsafeRawBufferPointer) throws(Failure) -> BlobEncoding {
    try compressor.setLevel(policy.level)
    let count = try content.withCapacity { (room) throws(Failure) in
      try compressor.compress(plain, into: UnsafeMutableRawBufferPointer(rebasing: room[..<plain.count]))
    }
    guard let count, count < plain.count else {
      content.replace(with: plain)
      return BlobEncoding(flags: [], base: nil)
    }
    content.count = count
    return BlobEncoding(flags: .zstd, base: nil)
  }

  /// Encodes a chunk against a base; nil if the cache no longer has the base, or a delta would save too little.
  func encodeDelta(_ plain: UnsafeRawBufferPointer, on base: ReferenceRow) throws(Failure) -> BlobEncoding? {
    let most = BlobEncoder.most(plain.count, base)
    guard let tools, tools.load(base) else { return nil }
    let count = try tools.withBase { (prefix) throws(Failure) in
      try content.withCapacity { (room) throws(Failure) in
        try deltaCompressor.compress(
          plain, prefix: prefix, into: UnsafeMutableRawBufferPointer(rebasing: room[..<most]))
      }
    }
    guard let count else { return nil }
    content.count = count
    return BlobEncoding(flags: [.zstd, .delta], base: base)
  }

  /// True if `content` decodes to `plain`; a delta against the base that is still at hand.
  func decodes(
    _ content: UnsafeRawBufferPointer, _ encoding: BlobEncoding, to plain: UnsafeRawBufferPointer
  ) throws(Failure) -> Bool {
    guard encoding.flags.contains(.zstd) else { return BlobEncoder.areEqual(content, plain) }
    decoded.count = plain.count
    try decoded.withCapacity { (room) throws(Failure) in
      let target = UnsafeMutableRawBufferPointer(rebasing: room[..<plain.count])
      if encoding.base != nil, let tools {
        try tools.withBase { (prefix) throws(Failure) in
          try decompressor.decompress(content, prefix: prefix, into: target)
        }
      } else {
        try decompressor.decompress(content, into: target)
      }
    }
    return decoded.withBytes { BlobEncoder.areEqual($0, plain) }
  }

  /// Compares word by word: `elementsEqual` goes byte by byte, which was a seventh of a run.
  private static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count else { return false }
    guard let left = one.baseAddress, let right = other.baseAddress else { return true }
    return memcmp(left, right, one.count) == 0
  }
}
