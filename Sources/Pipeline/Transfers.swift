package import Bytes
import Glibc

/// Reading and writing descriptors that may block for hours, so that a stop of the run ends the wait.
package enum Transfers {
  /// What a poll of a descriptor beside the stop signal ended with.
  private enum Readiness { case ready, stopped, late }

  /// Reads once into `target`; zero means the end. Waits for the first byte or for the stop of the run.
  ///
  /// - Parameters:
  ///   - descriptor: a pipe, socket, terminal or file; blocking or not
  ///   - target: must have room for at least one byte
  ///   - stop: the signal of the run; its reason is thrown
  ///   - code: what an error of the system is called
  package static func read(
    _ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, stop: StopSignal,
    failing code: Failure.Code = .sourceFailed
  ) throws(Failure) -> Int {
    try read(descriptor, into: target, within: nil, stop: stop, failing: code) ?? 0
  }

  /// The same with a limit to the patience; nil means that nothing came in that time, not even the end.
  ///
  /// - Parameter nanoseconds: how long to wait for the first byte; nil for ever
  package static func read(
    _ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, within nanoseconds: UInt64?, stop: StopSignal,
    failing code: Failure.Code = .sourceFailed
  ) throws(Failure) -> Int? {
    precondition(!target.isEmpty)
    let deadline = nanoseconds.map { MonotonicClock.awake() + $0 }
    while true {
      guard try wait(for: descriptor, Int16(POLLIN), until: deadline, stop, code) else { return nil }
      do {
        return try retrying("read", "") { Glibc.read(descriptor, target.baseAddress, target.count) }
      } catch {
        if error.number != EAGAIN { throw error.failure(code, "cannot read") }
      }
    }
  }

  /// Enlarges the pipe that `descriptor` reads from, where it is one and the user's quota allows it: fewer turns between
  /// a fast tool and us. Best effort.
  package static func widen(_ descriptor: Int32) {
    if fcntl(descriptor, Transfers.pipeSize) < Transfers.roomyPipe {
      _ = fcntl(descriptor, Transfers.setPipeSize, Transfers.roomyPipe)
    }
  }

  /// The most the kernel lets an ordinary user have.
  private static let roomyPipe: Int32 = 1 << 20
  /// `F_SETPIPE_SZ` and `F_GETPIPE_SZ`, which glibc shows only under `_GNU_SOURCE`.
  private static let setPipeSize: Int32 = 1031
  private static let pipeSize: Int32 = 1032

  /// Reads until `target` is full or the end comes; returns how many bytes there were.
  package static func fill(
    _ target: UnsafeMutableRawBufferPointer, from descriptor: Int32, stop: StopSignal,
    failing code: Failure.Code = .sourceFailed
  ) throws(Failure) -> Int {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = try read(descriptor, into: rest, stop: stop, failing: code)
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Writes all of `source`. A reader that went away (`EPIPE`) is an ordinary error here, never a death; a target
  /// without room is `targetFull`.
  ///
  /// A blocking pipe takes no more than `PIPE_BUF` bytes after a poll without the risk of blocking beyond the reach
  /// of the stop signal; files and non-blocking descriptors take everything, and are asked first and waited for only
  /// when they are full. For a long stream see `OutputDescriptor`.
  package static func write(
    _ source: UnsafeRawBufferPointer, to descriptor: Int32, stop: StopSignal,
    failing code: Failure.Code = .targetRefused
  ) throws(Failure) {
    let takesAnything = takesAnything(descriptor)
    let largest = takesAnything ? 1 << 20 : 4096
    var mustWait = !takesAnything
    var rest = source
    while !rest.isEmpty {
      try stop.check()
      if mustWait { try wait(for: descriptor, Int16(POLLOUT), stop, code) }
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(largest))
      do {
        let count = try retrying("write", "") { Glibc.write(descriptor, part.baseAddress, part.count) }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        mustWait = !takesAnything
      } catch {
        mustWait = true
        if error.number == EAGAIN { continue }
        if error.number == EPIPE { throw Failure(code, "the reader of the output went away") }
        let isFull = code == .targetRefused && (error.number == ENOSPC || error.number == EDQUOT)
        throw error.failure(isFull ? .targetFull : code, "cannot write")
      }
    }
  }

  private static func takesAnything(_ descriptor: Int32) -> Bool {
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return true }
    return fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0
  }

  private static func wait(
    for descriptor: Int32, _ events: Int16, _ stop: StopSignal, _ code: Failure.Code
  ) throws(Failure) {
    _ = try wait(for: descriptor, events, until: nil, stop, code)
  }

  /// False once the deadline has passed.
  private static func wait(
    for descriptor: Int32, _ events: Int16, until deadline: UInt64?, _ stop: StopSignal, _ code: Failure.Code
  ) throws(Failure) -> Bool {
    do throws(SystemError) {
      switch try wait(for: descriptor, events, or: stop.descriptor, until: deadline) {
      case .ready: return true
      case .late: return false
      case .stopped: break
      }
    } catch {
      throw error.failure(code, "cannot wait")
    }
    try stop.check()
    throw Failure(.defect, "a stop without a reason")
  }

  private static func wait(
    for descriptor: Int32, _ events: Int16, or other: Int32, until deadline: UInt64?
  ) throws(SystemError) -> Readiness {
    try withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { (watched) throws(SystemError) in
      watched.initializeElement(at: 0, to: pollfd(fd: descriptor, events: events, revents: 0))
      watched.initializeElement(at: 1, to: pollfd(fd: other, events: Int16(POLLIN), revents: 0))
      let count = try retrying("poll", "") { poll(watched.baseAddress, 2, timeout(until: deadline)) }
      if watched[1].revents != 0 { return .stopped }
      return count == 0 ? .late : .ready
    }
  }

  /// Milliseconds for `poll`, rounded up.
  private static func timeout(until deadline: UInt64?) -> Int32 {
    guard let deadline else { return -1 }
    let now = MonotonicClock.awake()
    return now >= deadline ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
  }
}
