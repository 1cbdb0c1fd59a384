import Bytes
import Glibc

/// The three standard descriptors, none of which may be missing: a closed one would be taken by the next file that is
/// opened, and messages would end up in it.
struct StandardStreams: Sendable {
  let output: LineWriter
  let errors: LineWriter
  /// Whether there was no standard input.
  let isInputClosed: Bool

  /// Puts the null device where a descriptor is closed, the wrong way round, so that using it is an error.
  init() {
    isInputClosed = fcntl(0, F_GETFD) < 0
    for number in 0...2 as ClosedRange<Int32> where fcntl(number, F_GETFD) < 0 {
      let opened = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
      if opened >= 0, opened != number { close(opened) }
    }
    output = LineWriter(1, "standard output")
    errors = LineWriter(2, "standard error")
  }
}
