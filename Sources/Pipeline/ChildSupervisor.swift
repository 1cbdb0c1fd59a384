import Bytes
import Glibc

/// Watches over one child from its start until its whole group is gone and its leader reaped.
///
/// Kept apart from `Child` so that the threads hold this and not the child: dropping the child ends everything.
final class ChildSupervisor: @unchecked Sendable {
  /// Stops once the child is over: ends the threads that serve its pipes, whoever still holds the other ends.
  let over = StopSignal()
  private let group: ProcessGroup
  private let grace: UInt64
  /// After SIGKILL only a process stuck in the kernel is still there; nobody waits for it for ever.
  private let patience: UInt64 = 10_000_000_000

  private let monitor = Monitor()
  private let changed: Monitor.Condition
  // Everything below is guarded by the monitor.
  private var hasEnded = false
  private var isEnding = false
  private var isOver = false
  private var exit: ChildExit?

  init(_ process: pid_t, grace: UInt64) {
    group = ProcessGroup(leader: process)
    self.grace = grace
    changed = Monitor.Condition(of: monitor)
  }

  /// Starts the thread that notices the end of the child.
  func watch() {
    _ = Threads.run(named: "child wait") { [self] in
      // Noticed but not reaped: the number must stay taken for as long as signals may be sent to it.
      var information = siginfo_t()
      let process = id_t(group.leader)
      _ = try? retrying("waitid", "") { waitid(P_PID, process, &information, WEXITED | WNOWAIT) }
      monitor.locked {
        hasEnded = true
        changed.wakeAll()
      }
    }
  }

  /// Ends the group on a thread of its own; for wake closures, which must not block.
  func endSoon() {
    if claimEnding() { _ = Threads.run(named: "child end") { [self] in runEnding() } }
  }

  /// Ends the group and waits until it is over.
  func end() {
    if claimEnding() { runEnding() } else { _ = result() }
  }

  /// Waits until the child has ended by itself or was ended, clears its group away and reaps it.
  ///
  /// - Returns: nil if it did not end even by SIGKILL
  func wait() -> ChildExit? {
    monitor.locked { while !hasEnded, !isEnding, !isOver { changed.wait() } }
    if claimEnding() { runEnding() }
    return result()
  }

  private func claimEnding() -> Bool {
    monitor.locked {
      if isEnding { return false }
      isEnding = true
      changed.wakeAll()
      return true
    }
  }

  private func result() -> ChildExit? {
    monitor.locked {
      while !isOver { changed.wait() }
      return exit
    }
  }

  private func runEnding() {
    if !isGone() {
      group.signal(SIGTERM)
      group.signal(SIGCONT)
      let deadline = MonotonicClock.awake() + grace
      while !isGone(), MonotonicClock.awake() < deadline { pause(until: deadline) }
      if !isGone() { group.signal(SIGKILL) }
      let end = MonotonicClock.awake() + patience
      while !isGone(), MonotonicClock.awake() < end { pause(until: end) }
    }
    monitor.locked {
      if hasEnded { exit = reap() }
      isOver = true
      changed.wakeAll()
    }
    over.stop(because: Failure(.interrupted, "the child has ended"))
  }

  /// Whether the leader has ended and nobody else of its group runs.
  private func isGone() -> Bool { monitor.locked { hasEnded } && !group.isAlive }

  /// Waits for the leader's end; members of its group make no noise when they end, so look often.
  private func pause(until deadline: UInt64) {
    monitor.locked {
      let soon = MonotonicClock.awake() + 20_000_000
      _ = changed.wait(until: hasEnded ? min(soon, deadline) : deadline)
    }
  }

  private func reap() -> ChildExit? {
    var status: Int32 = 0
    let process = group.leader
    guard (try? retrying("waitpid", "") { waitpid(process, &status, 0) }) != nil else { return nil }
    let number = status & 0x7f
    return number == 0 ? .exited(status >> 8 & 0xff) : .signalled(number)
  }
}
