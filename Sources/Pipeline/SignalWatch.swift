import Bytes
import Glibc

/// Turns SIGINT, SIGTERM and SIGHUP into the stop of a run, on a thread of its own instead of in a handler.
///
/// A second SIGINT means that somebody at the terminal will not wait for the clean end: the process exits at once
/// with the status of `interrupted`, and the kernel kills its children. Repeated SIGTERM and SIGHUP change nothing,
/// for service managers send them more than once.
package enum SignalWatch {
  /// Blocks the watched signals in this thread and all it starts, and makes SIGPIPE an error instead of a death.
  /// Call it first of all in `main`, before any thread exists.
  ///
  /// What the process was told to ignore, as by `nohup`, stays ignored.
  package static func prepare() {
    BrokenPipes.makeErrors()
    var set = watched()
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Starts the thread that takes the signals. `prepare` must have run.
  package static func start(stopping stop: StopSignal) {
    _ = Threads.run(named: "signals") {
      var set = watched()
      var interrupts = 0
      while true {
        var number: Int32 = 0
        guard sigwait(&set, &number) == 0 else { continue }
        if number == SIGINT { interrupts += 1 }
        if interrupts > 1 { _exit(Failure.Code.interrupted.exitStatus) }
        stop.stop(because: Failure(.interrupted, "interrupted by \(SignalName.of(number))"))
      }
    }
  }

  private static func watched() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { sigaddset(&set, number) }
    return set
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    return handler == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// A reader that went away is an error of the write (`EPIPE`), which says where it happened.
enum BrokenPipes {
  /// Ignores SIGPIPE in this process; children get the default back.
  static func makeErrors() { signal(SIGPIPE, SIG_IGN) }
}
