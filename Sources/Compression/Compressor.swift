package import Bytes
import CZstd

/// Compresses chunks, one zstd frame each. Owns a zstd context that is used again from chunk to chunk; one a thread.
///
/// The frame says how long the plain bytes are, and carries no checksum and no dictionary id: blobs are
/// authenticated and every decoded chunk is named again. The window covers the whole chunk and its base.
package final class Compressor {
  /// What a new writer gets. Chunks of 1 MiB in the mean, one core of a 2.6 GHz EPYC, levels 1, 2, 3: a PostgreSQL
  /// dump of orders (356 MB of UUIDs, JSON, notes) at 514, 397, 250 MB/s into 101.5, 99.1, 100.7 MB (restic 100.6); a
  /// load of employees into MariaDB (238 MB) at 397, 319, 183 MB/s into 81.9, 83.7, 87.3 MB (restic 87.0). So level 3
  /// costs twice the time for nothing, and level 1 leaves the cores to naming and sealing.
  package static let standardLevel: Int32 = 1
  /// The highest level offered. Debian 12 has zstd 1.5.4, whose levels from 16 on may corrupt (fixed in 1.5.5).
  package static let highestLevel: Int32 = 15
  /// The window of a frame has at most 2 to this many bytes; readers refuse more.
  package static let windowLogLimit: Int32 = 24
  /// By itself level 1 remembers 2^14 positions, too few to find anything in a base of 512 KiB or more: at chunks of
  /// 1 MiB the second day of the orders took 88 MB, with 2^17 or 2^18 positions 4.2 MB at 1.3 GB/s. Level 2 remembers
  /// 2^16, which fails at bases of 4 MiB; from level 3 on zstd's own choice is good.
  private static let prefixHashLog: Int32 = 18

  private let context: OpaquePointer
  private let level: Int32

  /// Throws `usage` unless 1 ≤ level ≤ 15.
  package init(level: Int32) throws(Failure) {
    guard (1...Compressor.highestLevel).contains(level) else {
      throw Failure(
        .usage, "compression level \(level) is not offered",
        next: "Choose a level from 1 to \(Compressor.highestLevel).")
    }
    guard let context = ZSTD_createCCtx() else { fatalError("out of memory: zstd context") }
    self.context = context
    self.level = level
    try set(ZSTD_c_compressionLevel, level)
    try set(ZSTD_c_contentSizeFlag, 1)
    try set(ZSTD_c_checksumFlag, 0)
    try set(ZSTD_c_dictIDFlag, 0)
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
    try set(ZSTD_c_hashLog, prefix != nil && level <= 2 ? Compressor.prefixHashLog : 0)
    try check(ZSTD_CCtx_refPrefix(context, prefix?.baseAddress, prefix?.count ?? 0))
    let count = ZSTD_compress2(context, target.baseAddress, target.count, plain.baseAddress, plain.count)
    if ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall { return nil }
    try check(count)
    return count
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
