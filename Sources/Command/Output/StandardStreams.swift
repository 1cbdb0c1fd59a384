import Bytes
import Glibc
import Pipeline

/// The three standard descriptors, none of which may be missing: a closed one would be taken by the next file that is
/// opened, and messages would end up in it.
struct StandardStreams: Sendable {
  let output: LineWriter
  let errors: LineWriter
  /// Whether there was no standard input.
  let isInputClosed: Bool

  /// - Parameters:
  ///   - stop: ends waiting for a reader that reads nothing
  ///   - isInputClosed: what `fillGaps` returned
  init(stop: StopSignal, isInputClosed: Bool) {
    self.isInputClosed = isInputClosed
    output = LineWriter(1, "standard output", stop: stop)
    errors = LineWriter(2, "standard error", stop: stop)
  }

  /// Puts the null device where a descriptor is closed, the wrong way round, so that using it is an error. Comes
  /// before anything is opened.
  ///
  /// - Returns: whether there was no standard input
  static func fillGaps() -> Bool {
    let isInputClosed = fcntl(0, F_GETFD) < 0
    for number in 0...2 as ClosedRange<Int32> where fcntl(number, F_GETFD) < 0 {
      let opened = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
      if opened >= 0, opened != number { close(opened) }
    }
    return isInputClosed
  }
}
