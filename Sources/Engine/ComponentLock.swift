package import Bytes
import Glibc
package import Pipeline

/// Keeps two runs of one component on one host apart: an advisory lock that dies with its process.
///
/// The repository needs no lock. This one spares a host from dumping the same database twice at a time.
package final class ComponentLock: Sendable {
  private let file: Descriptor

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - path: the lock file, made if it isn't there
  ///   - component: for the message
  ///   - waits: wait for the other run instead of failing
  ///   - stop: ends the waiting
  /// - Throws: `busy` if another run holds it
  package init(_ path: String, component: String, waits: Bool, stop: StopSignal) throws(Failure) {
    file = try ComponentLock.open(path)
    while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw SystemError(call: "flock", subject: path, number: errno).failure(.stateFailed, "the lock cannot be taken")
      }
      guard waits else {
        throw Failure(
          .busy, "a backup of \(component) is already running on this host", at: path,
          next: "Wait for it, or let this one wait with --wait.")
      }
      try stop.check()
      usleep(200_000)
    }
  }

  private static func open(_ path: String) throws(Failure) -> Descriptor {
    do throws(SystemError) {
      return try Descriptor.open(path, O_RDWR | O_CREAT)
    } catch {
      throw error.failure(.stateFailed, "the lock file cannot be opened")
    }
  }
}
