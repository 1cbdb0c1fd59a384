import Bytes
import Glibc
import Pipeline

/// A pipe whose two ends go different ways.
final class OpenPipe {
  private var readingEnd: Int32
  private var writingEnd: Int32

  init() throws(Failure) {
    var ends: (Int32, Int32) = (-1, -1)
    let status = withUnsafeMutableBytes(of: &ends) { pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!) }
    guard status == 0 else {
      throw SystemError(call: "pipe", subject: "", number: errno).failure(.sourceFailed, "can't make a pipe")
    }
    (readingEnd, writingEnd) = ends
    _ = fcntl(readingEnd, F_SETFD, FD_CLOEXEC)
    _ = fcntl(writingEnd, F_SETFD, FD_CLOEXEC)
    Transfers.widen(readingEnd)
  }

  deinit {
    closeReading()
    closeWriting()
  }

  /// The end that is read from, borrowed.
  var reading: Int32 { readingEnd }

  /// The end that is written to, borrowed.
  var writing: Int32 { writingEnd }

  /// Gives the writing end away.
  func takeWriting() -> Int32 {
    defer { writingEnd = -1 }
    return writingEnd
  }

  /// Gives the reading end away.
  func takeReading() -> Int32 {
    defer { readingEnd = -1 }
    return readingEnd
  }

  func closeReading() {
    if readingEnd >= 0 { close(readingEnd) }
    readingEnd = -1
  }

  func closeWriting() {
    if writingEnd >= 0 { close(writingEnd) }
    writingEnd = -1
  }
}
