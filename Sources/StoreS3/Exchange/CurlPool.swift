import Bytes
import Synchronization

/// Handles that wait for their next transfer, with their connections open: as many as threads ever transferred at once.
final class CurlPool: Sendable {
  private let idle = Mutex<[CurlHandle]>([])

  init() {}

  /// Runs `body` with a handle that nobody else has meanwhile. The one used last comes first: its connection is the
  /// warmest.
  func withHandle<Result>(_ body: (CurlHandle) throws(Failure) -> Result) throws(Failure) -> Result {
    let waiting = idle.withLock { $0.popLast() }
    let handle = if let waiting { waiting } else { try CurlHandle() }
    defer { idle.withLock { $0.append(handle) } }
    return try body(handle)
  }
}
