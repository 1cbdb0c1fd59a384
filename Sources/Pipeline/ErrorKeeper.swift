import Bytes
import Glibc
import Synchronization

/// Reads a child's errors without pause, so that a chatty tool never blocks, and keeps the last of them.
final class ErrorKeeper: Sendable {
  private let pipe: Descriptor
  private let over: StopSignal
  private let onLine: (@Sendable (String) -> Void)?
  private let tail = Mutex(ErrorTail())

  /// - Parameters:
  ///   - pipe: the reading end, which must not block
  ///   - over: stops when the child is over, even if a process that left its group still holds the other end
  ///   - onLine: gets each line
  init(_ pipe: consuming Descriptor, until over: StopSignal, _ onLine: (@Sendable (String) -> Void)?) {
    self.pipe = pipe
    self.over = over
    self.onLine = onLine
  }

  /// The last 64 KiB so far.
  var text: String { tail.withLock { $0.text() } }

  /// Reads until the end of the pipe or of the child.
  func run() {
    withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { buffer in
      while let count = try? Transfers.read(pipe.number, into: buffer, stop: over), count > 0 {
        take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
      // Over: whatever the child printed last is in the pipe by now.
      while let count = try? pipe.read(into: buffer), count > 0 {
        take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
    if let onLine { for line in tail.withLock({ $0.rest() }) { onLine(line) } }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    let lines = tail.withLock { $0.take(bytes, wantsLines: onLine != nil) }
    if let onLine { for line in lines { onLine(line) } }
  }
}
