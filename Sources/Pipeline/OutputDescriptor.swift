package import Bytes
import Glibc

/// A descriptor that a long stream is written to, in pieces as large as it takes, and still within reach of a stop.
///
/// A blocking pipe takes 4096 bytes after a poll without the risk of blocking, and two calls for each of them are a
/// seventh of the time of a restore. Setting `O_NONBLOCK` is no way out: the flag belongs to whoever shares the
/// descriptor with us, such as the shell. So what is no regular file is opened once more through `/proc/self/fd`,
/// which gives it flags of our own. Where that fails, writing goes on as before.
package final class OutputDescriptor {
  /// What a pipe is asked to hold: the most that the system grants everybody, for fewer turns between the two ends.
  private static let pipeSize: Int32 = 1 << 20
  /// F_SETPIPE_SZ, which glibc shows only under _GNU_SOURCE.
  private static let setPipeSize: Int32 = 1031

  private let number: Int32
  /// Open for as long as `number` is used, where that is not the caller's.
  private let own: Descriptor?
  private let stop: StopSignal

  /// - Parameters:
  ///   - descriptor: only borrowed, and must stay open for as long as this lives
  ///   - stop: ends a wait for a slow reader
  package init(_ descriptor: Int32, stop: StopSignal) {
    self.stop = stop
    var status = stat()
    _ = fstat(descriptor, &status)
    let kind = status.st_mode & S_IFMT
    // What was opened for reading alone stays so, though its owner could open it otherwise.
    let isWritable = fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY
    let opened =
      kind == S_IFREG || !isWritable
      ? -1 : open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    number = opened < 0 ? descriptor : opened
    own = opened < 0 ? nil : Descriptor(owning: opened)
    if kind == S_IFIFO { _ = fcntl(descriptor, OutputDescriptor.setPipeSize, OutputDescriptor.pipeSize) }
  }

  /// Writes all of `source`, as `Transfers.write` does.
  package func write(
    _ source: UnsafeRawBufferPointer, failing code: Failure.Code = .targetRefused
  ) throws(Failure) {
    try Transfers.write(source, to: number, stop: stop, failing: code)
  }
}
