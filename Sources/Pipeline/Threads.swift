import Bytes
import CLinux
import Glibc

/// A running thread. Join it; one that is dropped unjoined is detached.
package final class ThreadHandle: @unchecked Sendable {
  private let thread: pthread_t
  private let monitor = Monitor()
  private var isJoined = false

  fileprivate init(_ thread: pthread_t) { self.thread = thread }

  deinit {
    if !isJoined { pthread_detach(thread) }
  }

  /// Waits until the thread has ended. May be called again, but never by the thread itself.
  package func join() {
    monitor.locked {
      if isJoined { return }
      precondition(pthread_join(thread, nil) == 0)
      isJoined = true
    }
  }
}

/// Plain threads with names that `top -H` and debuggers show.
package enum Threads {
  /// Address space reserved for a stack; only touched pages cost memory.
  static let stackSize = 2 << 20

  private final class Work {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread. The kernel keeps the first 15 bytes of its name. Traps when the system has no thread left.
  package static func run(named name: String, _ body: @escaping @Sendable () -> Void) -> ThreadHandle {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackSize)
    defer { pthread_attr_destroy(&attributes) }
    let work = Unmanaged.passRetained(Work(name, body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { raw in
        guard let raw else { return nil }
        let work = Unmanaged<Work>.fromOpaque(raw).takeRetainedValue()
        _ = linux_thread_setname(pthread_self(), String(decoding: work.name.utf8.prefix(15), as: UTF8.self))
        work.body()
        return nil
      }, work.toOpaque())
    precondition(status == 0, "cannot start a thread: error \(status)")
    return ThreadHandle(thread)
  }

  /// Starts a thread of a run: what it throws stops the run.
  package static func run(
    named name: String, stop: StopSignal, _ body: @escaping @Sendable () throws -> Void
  ) -> ThreadHandle {
    run(named: name) {
      do { try body() } catch { stop.stop(because: Failure(unexpected: error)) }
    }
  }
}
