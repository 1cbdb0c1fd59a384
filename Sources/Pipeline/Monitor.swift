import Glibc

/// A lock with a place to wait: the only mutual exclusion below the queues, on plain pthreads.
///
/// Everything that waits in a run waits on one of these, so that the stop signal can wake it.
final class Monitor: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    precondition(pthread_mutex_init(mutex, nil) == 0)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func lock() { precondition(pthread_mutex_lock(mutex) == 0) }

  func unlock() { precondition(pthread_mutex_unlock(mutex) == 0) }

  /// Runs `body` while holding the lock.
  func locked<Result: ~Copyable, Problem: Error>(_ body: () throws(Problem) -> Result) throws(Problem) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }

  /// Something to wait for under the lock of one monitor.
  final class Condition: @unchecked Sendable {
    private let monitor: Monitor
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(of monitor: Monitor) {
      self.monitor = monitor
      condition = .allocate(capacity: 1)
      condition.initialize(to: pthread_cond_t())
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      precondition(pthread_cond_init(condition, &attributes) == 0)
      pthread_condattr_destroy(&attributes)
    }

    deinit {
      pthread_cond_destroy(condition)
      condition.deallocate()
    }

    /// Waits with the lock held; may wake without a reason, so the caller looks again.
    func wait() { pthread_cond_wait(condition, monitor.mutex) }

    /// Waits until woken or until `deadline` (nanoseconds of the monotonic clock); false once that has passed.
    func wait(until deadline: UInt64) -> Bool {
      var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
      return pthread_cond_timedwait(condition, monitor.mutex, &time) != ETIMEDOUT
    }

    func wakeOne() { pthread_cond_signal(condition) }

    func wakeAll() { pthread_cond_broadcast(condition) }
  }
}
