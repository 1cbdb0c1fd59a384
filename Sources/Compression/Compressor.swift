package import Bytes
import CZstd

/// Compresses chunks, one zstd frame each. Owns a zstd context that is used again from chunk to chunk; one a thread.
///
/// The frame says how long the plain bytes are, and carries no checksum and no dictionary id: blobs are
/// authenticated and every decoded chunk is named again. The window covers the whole chunk and its base.
package final class Compressor {
  /// What a run begins with. Full chunks of 256 KiB, one core of an EPYC (Zen 4), zstd 1.5.4, MB/s and MB stored,
  /// `orders` being a PostgreSQL dump of 356 MB (UUIDs, JSON, notes), `employees` a MariaDB dump of 242 MB, `base` a
  /// physical backup of pgbench, 420 MB:
  ///
  ///     level                       orders         employees      base
  ///     1 of zstd, 2^14 positions   441, 100.5     368, 82.5      2412, 11.1
  ///     1, 2^13 positions           496, 101.3     402, 82.0      2412, 11.1
  ///     1 here, 2^12 positions      544, 102.3     433, 81.3      2432, 11.1
  ///     2 of zstd                   319, 101.2     252, 83.8      2352, 11.1
  ///     3 of zstd                   226, 107.2     194, 88.5      2294, 11.1
  ///     4 of zstd, here             153,  99.1     124, 84.0      1061, 11.0
  ///     4 here, matches from 6      156,  98.2     125, 81.3
  ///     6 of zstd                   117,  96.6      88, 80.1       325, 11.2
  ///     6 here, matches from 6      122,  96.1     103, 78.4       307, 11.2
  ///     9 of zstd                    65,  98.9      42, 80.4       224, 11.2
  ///     9 here, matches from 6       81,  94.1      69, 76.0       217, 11.2
  ///     12 of zstd                   26,  98.2
  ///
  /// So matches shorter than six bytes cost more than they save at every level, in time and in size; levels 2, 3, 5, 7
  /// and 8 are beaten by a neighbour on both; and level 1 leaves the cores to naming and sealing.
  package static let standardLevel: Int32 = 1
  /// The highest level offered. Debian 12 has zstd 1.5.4, whose levels from 16 on may corrupt (fixed in 1.5.5).
  package static let highestLevel: Int32 = 15
  /// The window of a frame has at most 2 to this many bytes; readers refuse more.
  package static let windowLogLimit: Int32 = 24
  /// By itself level 1 remembers 2^14 positions, too few to find anything in a base of 512 KiB or more: at chunks of
  /// 1 MiB the second day of the orders took 88 MB, with 2^17 or 2^18 positions 4.2 MB at 1.3 GB/s. Level 2 remembers
  /// 2^16, which fails at bases of 4 MiB; from level 3 on zstd's own choice is good.
  private static let prefixHashLog: Int32 = 18

  /// Bits of positions for full chunks at level 1: a table of 16 KiB, half of the nearest cache.
  private static let fullHashLog: Int32 = 12
  /// The shortest match looked for in full chunks.
  private static let fullMatch: Int32 = 6

  private let context: OpaquePointer
  private var level: Int32 = 0

  /// Throws `usage` unless 1 ≤ level ≤ 15.
  package init(level: Int32) throws(Failure) {
    guard let context = ZSTD_createCCtx() else { fatalError("out of memory: zstd context") }
    self.context = context
    try set(ZSTD_c_contentSizeFlag, 1)
    try set(ZSTD_c_checksumFlag, 0)
    try set(ZSTD_c_dictIDFlag, 0)
    try setLevel(level)
  }

  /// Compresses at another level from here on; cheap, and free for the level it has. Throws `usage` unless
  /// 1 ≤ level ≤ 15.
  package func setLevel(_ level: Int32) throws(Failure) {
    guard (1...Compressor.highestLevel).contains(level) else {
      throw Failure(
        .usage, "compression level \(level) is not offered",
        next: "Choose a level from 1 to \(Compressor.highestLevel).")
    }
    if level == self.level { return }
    // The parameters of a frame that did not fit would still be in the way.
    try check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
    try set(ZSTD_c_compressionLevel, level)
    self.level = level
  }

  deinit { ZSTD_freeCCtx(context) }

  /// How many bytes a frame of `plain` bytes has at most.
  package static func bound(_ plain: Int) -> Int { ZSTD_compressBound(plain) }

  /// Compresses `plain` into the front of `target`.
  ///
  /// - Parameters:
  ///   - plain: the chunk
  ///   - prefix: the base that the frame may refer to, as raw content, whatever its first bytes are; needed again,
  ///     byte for byte, to decode; other memory than `plain`, for zstd ignores a base that overlaps it
  ///   - target: where the frame goes
  /// - Returns: the length of the frame; nil when it does not fit, so that a `target` shorter than the chunk asks
  ///   for a gain and the caller stores the chunk raw
  package func compress(
    _ plain: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer? = nil, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int? {
    // A chunk that did not fit left the context in the middle of its frame.
    try check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
    try set(ZSTD_c_windowLog, Compressor.windowLog(covering: plain.count + (prefix?.count ?? 0)))
    try set(ZSTD_c_hashLog, hashLog(isFull: prefix == nil))
    try set(ZSTD_c_minMatch, prefix == nil ? Compressor.fullMatch : 0)
    try check(ZSTD_CCtx_refPrefix(context, prefix?.baseAddress, prefix?.count ?? 0))
    let count = ZSTD_compress2(context, target.baseAddress, target.count, plain.baseAddress, plain.count)
    if ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall { return nil }
    try check(count)
    return count
  }

  /// Zero is zstd's own choice.
  private func hashLog(isFull: Bool) -> Int32 {
    if isFull { return level == 1 ? Compressor.fullHashLog : 0 }
    return level <= 2 ? Compressor.prefixHashLog : 0
  }

  /// The smallest window that holds `count` bytes, within what zstd takes and readers accept.
  private static func windowLog(covering count: Int) -> Int32 {
    let bits = Int32(Int.bitWidth - max(count - 1, 0).leadingZeroBitCount)
    return min(max(bits, ZSTD_WINDOWLOG_MIN), windowLogLimit)
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(Failure) {
    try check(ZSTD_CCtx_setParameter(context, parameter, value))
  }

  private func check(_ result: Int) throws(Failure) {
    guard ZSTD_isError(result) == 0 else {
      throw Failure(.defect, "zstd cannot compress: \(String(cString: ZSTD_getErrorName(result)))")
    }
  }
}
