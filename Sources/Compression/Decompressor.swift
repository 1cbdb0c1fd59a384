package import Bytes
import CZstd

/// Decodes one frame into a buffer of exactly the plain length, after checking every rule that a frame must keep.
/// Owns a zstd context that is used again from frame to frame; one a thread.
///
/// Nothing is allocated from a number in the frame. With a base, zstd makes a small handle for each call.
package final class Decompressor {
  private let context: OpaquePointer

  /// Allocates the context, 160 KB.
  package init() {
    guard let context = ZSTD_createDCtx() else { fatalError("out of memory: zstd context") }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Decodes `frame`, which fills `target` exactly.
  ///
  /// Success says that the frame keeps the rules, not that the bytes are right: **a wrong prefix may decode without
  /// an error**, so the caller names the result again and compares.
  ///
  /// - Parameters:
  ///   - frame: exactly one zstd frame
  ///   - prefix: the base that it was compressed with, as raw content
  ///   - target: as long as the plain bytes; its contents are undefined after a failure
  /// - Throws: `damaged` for anything else than one whole frame that says its content size, which is that of
  ///   `target`, names no dictionary, has no checksum and needs a window of at most 2^24 bytes
  package func decompress(
    _ frame: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer? = nil, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    try FrameRules.check(frame, plainCount: target.count)
    _ = ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    try check(ZSTD_DCtx_refPrefix(context, prefix?.baseAddress, prefix?.count ?? 0))
    let count = ZSTD_decompressDCtx(context, target.baseAddress, target.count, frame.baseAddress, frame.count)
    try check(count)
    guard count == target.count else {
      throw Failure(.damaged, "zstd frame holds \(count) bytes and says \(target.count)")
    }
  }

  private func check(_ result: Int) throws(Failure) {
    guard ZSTD_isError(result) == 0 else {
      throw Failure(.damaged, "zstd frame does not decode: \(String(cString: ZSTD_getErrorName(result)).lowercased())")
    }
  }
}
