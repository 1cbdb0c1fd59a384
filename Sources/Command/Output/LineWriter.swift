import Bytes
import Glibc
import Pipeline
import Synchronization

/// Writes text to a descriptor, whole, from any thread. The first failure is kept and ends all writing.
///
/// A reader that reads nothing holds us up only as long as nobody stops the process.
final class LineWriter: Sendable {
  /// What a pipe takes without blocking once it says that it takes anything.
  private static let part = 4096
  /// How often a blocked write looks whether the process is to end, in milliseconds.
  private static let patience: Int32 = 200

  private let descriptor: Int32
  private let name: String
  private let stop: StopSignal
  private let state = Mutex<Failure?>(nil)

  init(_ descriptor: Int32, _ name: String, stop: StopSignal) {
    self.descriptor = descriptor
    self.name = name
    self.stop = stop
  }

  /// Why nothing more is written; nil while all is well.
  var failure: Failure? { state.withLock { $0 } }

  func write(_ text: String) {
    state.withLock { failure in
      guard failure == nil else { return }
      do throws(SystemError) {
        try write(Array(text.utf8)[...])
      } catch {
        let broken = error.failure(
          .targetRefused, "the output cannot be written", next: "Nothing more was printed; run again.")
        failure = error.number == ETIMEDOUT ? stop.reason ?? broken : broken
      }
    }
  }

  private func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
    var rest = bytes
    while !rest.isEmpty {
      guard try isReady() else {
        if stop.isStopped { throw SystemError(call: "write", subject: name, number: ETIMEDOUT) }
        continue
      }
      let count = rest.prefix(LineWriter.part).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EAGAIN, errno != EINTR {
        throw SystemError(call: "write", subject: name, number: errno)
      }
    }
  }

  private func isReady() throws(SystemError) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return try retrying("poll", name) { poll(&watched, 1, LineWriter.patience) } > 0
  }
}
