import Bytes
import Glibc
import Pipeline

/// A TCP socket on the loopback. Nothing waits on it without looking at a stop signal.
final class Socket: Sendable {
  private let descriptor: Descriptor

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Listens; port 0 chooses one.
  static func listening(on port: UInt16) throws(SystemError) -> Socket {
    let socket = try make()
    var yes: Int32 = 1
    setsockopt(socket.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let number = socket.number
    _ = try retrying("bind", "port \(port)") { withAddress(port) { bind(number, $0, $1) } }
    _ = try retrying("listen", "port \(port)") { listen(number, 128) }
    return socket
  }

  /// Connects to a port. The loopback answers at once, so nothing waits long here.
  static func connected(to port: UInt16) throws(SystemError) -> Socket {
    let socket = try make()
    let number = socket.number
    _ = try retrying("connect", "port \(port)") { withAddress(port) { connect(number, $0, $1) } }
    try socket.prepare()
    return socket
  }

  private static func make() throws(SystemError) -> Socket {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    return Socket(Descriptor(owning: try retrying("socket", "") { socket(AF_INET, kind, 0) }))
  }

  var number: Int32 { descriptor.number }

  /// The port on our side.
  var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let number = number
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// The next client; nil once the signal has stopped.
  func accept(_ stop: StopSignal) throws(SystemError) -> Socket? {
    guard wait(for: POLLIN, stop) else { return nil }
    let number = number
    let socket = Socket(Descriptor(owning: try retrying("accept", "") { Glibc.accept(number, nil, nil) }))
    _ = fcntl(socket.number, F_SETFD, FD_CLOEXEC)
    try socket.prepare()
    return socket
  }

  private func prepare() throws(SystemError) {
    var yes: Int32 = 1
    setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    let number = number
    _ = try retrying("fcntl", "") { fcntl(number, F_SETFL, O_NONBLOCK) }
  }

  /// Reads what there is, or waits for something; zero at an orderly end.
  func read(into room: UnsafeMutableRawBufferPointer, _ stop: StopSignal) throws -> Int {
    while true {
      let count = recv(number, room.baseAddress, room.count, 0)
      if count >= 0 { return count }
      try pause(for: POLLIN, "recv", stop)
    }
  }

  /// Writes everything.
  func write(_ bytes: UnsafeRawBufferPointer, _ stop: StopSignal) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = send(number, rest.baseAddress, rest.count, Socket.withoutSignal)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else {
        try pause(for: POLLOUT, "send", stop)
      }
    }
  }

  /// Says that nothing more will be written.
  func finishWriting() { shutdown(number, Int32(SHUT_WR)) }

  /// Lets the socket's end be a reset, whenever it comes.
  func resetAtEnd() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(number, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
  }

  /// Waits until the other side has everything that was written; not for long.
  func settle() {
    var left: Int32 = 1
    for _ in 0..<2000 {
      guard ioctl(number, Socket.unsentQuery, &left) == 0, left > 0 else { return }
      usleep(1000)
    }
  }

  /// Waits for a time; false where the other side hangs up before, or the signal stops.
  func hold(_ nanoseconds: UInt64, _ stop: StopSignal) -> Bool {
    let deadline = MonotonicClock.awake() + nanoseconds
    _ = wait(for: Socket.hangUp, stop, until: deadline)
    return MonotonicClock.awake() >= deadline
  }

  /// What follows a call that had nothing to do: a wait, or the error that it was.
  private func pause(for events: Int32, _ call: String, _ stop: StopSignal) throws {
    switch errno {
    case EINTR: return
    case EAGAIN: if !wait(for: events, stop) { throw Ended() }
    default: throw SystemError(call: call, subject: "", number: errno)
    }
  }

  /// False once the signal has stopped, or at the deadline.
  private func wait(for events: Int32, _ stop: StopSignal, until deadline: UInt64? = nil) -> Bool {
    var both = [
      pollfd(fd: number, events: Int16(events), revents: 0),
      pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      var limit: Int32 = -1
      if let deadline {
        let now = MonotonicClock.awake()
        if now >= deadline { return false }
        limit = Int32((deadline - now + 999_999) / 1_000_000)
      }
      let count = poll(&both, 2, limit)
      if count > 0 { return both[1].revents == 0 }
      if count < 0, errno != EINTR { return false }
    }
  }

  /// The connection was stopped by the other of its threads, or by the proxy.
  struct Ended: Error {}

  private static let withoutSignal: Int32 = 0x4000  // MSG_NOSIGNAL, an enumerator that Swift does not show
  private static let hangUp: Int32 = 0x2000  // POLLRDHUP, of GNU's own
  private static let unsentQuery: UInt = 0x5411  // SIOCOUTQ
}

/// Calls with the loopback address of a port.
private func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
