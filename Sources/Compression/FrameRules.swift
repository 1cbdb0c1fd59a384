import Bytes
import CZstd

/// The rules that a blob's zstd frame keeps, checked on its header before anything is decoded.
///
/// zstd itself would decode several frames in a row, skip skippable ones, take windows of 2 GiB, and read some
/// frames of versions before 0.8. Source: RFC 8878, section 3.1.1.
enum FrameRules {
  /// Throws `damaged` unless `frame` is exactly one frame of `plainCount` bytes within the limits.
  static func check(_ frame: UnsafeRawBufferPointer, plainCount: Int) throws(Failure) {
    var header = ZSTD_frameHeader()
    // Zero is "header read"; more means that bytes are missing, an error that the magic number is wrong.
    guard ZSTD_getFrameHeader(&header, frame.baseAddress, frame.count) == 0 else {
      throw broken("has no readable header")
    }
    guard header.frameType == ZSTD_frame else { throw broken("is skippable") }
    guard header.frameContentSize != unknownContentSize else { throw broken("does not say its content size") }
    guard header.frameContentSize == UInt64(plainCount) else {
      throw broken("says \(header.frameContentSize) bytes instead of \(plainCount)")
    }
    guard header.windowSize <= 1 << UInt64(Compressor.windowLogLimit) else {
      throw broken("needs a window of \(header.windowSize) bytes")
    }
    // The flag and not the number: a field that holds zero is a dictionary id too.
    guard frame[descriptor] & dictionaryFlag == 0 else { throw broken("names a dictionary") }
    guard header.checksumFlag == 0 else { throw broken("has a checksum") }
    guard ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count else {
      throw broken("is cut short or followed by something")
    }
  }

  /// Where the frame header descriptor lies, behind the magic number.
  private static let descriptor = 4
  /// The bits of the descriptor that say how long the dictionary id is.
  private static let dictionaryFlag: UInt8 = 3
  /// ZSTD_CONTENTSIZE_UNKNOWN, a macro that the importer does not take.
  private static let unknownContentSize = UInt64.max

  private static func broken(_ what: String) -> Failure { Failure(.damaged, "zstd frame \(what)") }
}
