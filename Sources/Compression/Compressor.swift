package import Bytes
import CZstd

/// Compresses chunks, one zstd frame each. Owns a zstd context that is used again from chunk to chunk; one a thread.
///
/// The frame says how long the plain bytes are, and carries no checksum and no dictionary id: blobs are
/// authenticated and every decoded chunk is named again. The window covers the whole chunk and its base.
package final class Compressor {
  /// The highest level offered. Debian 12 has zstd 1.5.4, whose levels from 16 on may corrupt (fixed in 1.5.5).
  package static let highestLevel: Int32 = 15
  /// The window of a frame has at most 2 to this many bytes; readers refuse more.
  package static let windowLogLimit: Int32 = 24
  /// Level 1 alone remembers 2^14 positions, too few to find a chunk in a base of 512 KiB: a day of changes took
  /// 96 MB instead of 4.
  private static let prefixHashLog: Int32 = 17

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
  ///     byte for byte, to decode
  ///   - target: where the frame goes
  /// - Returns: the length of the frame; nil when it does not fit, so that a `target` shorter than the chunk asks
  ///   for a gain and the caller stores the chunk raw
  package func compress(
    _ plain: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer? = nil, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int? {
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
