import Bytes
import Glibc
import Pipeline
import Synchronization

/// Ends a dump that waits for a lock on a table for longer than it may. The tool has no option for it, and the server's
/// own limit is a day; so a thread asks the server now and then what our connections wait for.
final class LockWatch: Sendable {
  private let done = StopSignal()
  private let thread: ThreadHandle

  /// - Parameters:
  ///   - limit: how long the dump may wait, in seconds; nothing is watched where it is zero
  ///   - end: ends the dump; called once
  init(_ connection: MariaDBConnection, limit: Int64, stop: StopSignal, end: @escaping @Sendable () -> Void) {
    let done = done
    let found = Found()
    box = found
    thread = Threads.run(named: "lock watch") {
      let pause = max(1, min(limit / 3, 10))
      while limit > 0, LockWatch.wait(done, seconds: pause) {
        guard !stop.isStopped else { return }
        if let statement = LockWatch.waiting(connection, limit, done) {
          found.statement.withLock { $0 = statement }
          end()
          return
        }
      }
    }
  }

  deinit { finish() }

  private final class Found: Sendable { let statement = Mutex<String?>(nil) }
  private let box: Found

  /// Ends the watch; what the dump waited for when it was ended.
  @discardableResult
  func finish() -> String? {
    done.stop(because: Failure(.interrupted, "the dump is over"))
    thread.join()
    return box.statement.withLock { $0 }
  }

  /// False once the dump is over.
  private static func wait(_ done: StopSignal, seconds: Int64) -> Bool {
    var watched = pollfd(fd: done.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&watched, 1, Int32(clamping: seconds * 1000))
    return !done.isStopped
  }

  /// A statement of the tool that has waited for so long; nil also where the server doesn't answer, for then the dump
  /// will know it soon enough.
  private static func waiting(_ connection: MariaDBConnection, _ limit: Int64, _ done: StopSignal) -> String? {
    let sql = """
      SELECT IFNULL(LEFT(INFO, 200), '') FROM information_schema.PROCESSLIST
      WHERE CONCAT(USER, '@') = CONCAT(SUBSTRING_INDEX(USER(), '@', 1), '@') AND STATE LIKE 'Waiting for table%'
      AND TIME >= \(limit) AND ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT 1;

      """
    return (try? connection.rows(sql, stop: done))?.first?.first
  }
}
