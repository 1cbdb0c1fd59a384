import Bytes
import Glibc
import Synchronization

/// Writes text to a descriptor, whole, from any thread. The first failure is kept and ends all writing.
final class LineWriter: Sendable {
  private let descriptor: Int32
  private let name: String
  private let state = Mutex<Failure?>(nil)

  init(_ descriptor: Int32, _ name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Why nothing more is written; nil while all is well.
  var failure: Failure? { state.withLock { $0 } }

  func write(_ text: String) {
    state.withLock { failure in
      guard failure == nil else { return }
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
          bytes = bytes.dropFirst(count)
        } else if errno == EAGAIN {
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&ready, 1, -1)
        } else if errno != EINTR {
          failure = SystemError(call: "write", subject: name, number: errno)
            .failure(.targetRefused, "the output cannot be written", next: "Nothing more was printed; run again.")
          return
        }
      }
    }
  }
}
