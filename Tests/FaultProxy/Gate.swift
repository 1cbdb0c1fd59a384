import Bytes
import Glibc
import Pipeline
import Synchronization

/// Lets clients in and knows who is inside.
final class Gate: Sendable {
  private struct State {
    var upstream: UInt16
    var isOpen = false
    var thread: ThreadHandle?
    var stop = StopSignal()
    var connections: [ObjectIdentifier: Connection] = [:]
    var accepted = 0
  }

  let port: UInt16
  private let board: Board
  private let state: Mutex<State>

  init(on port: UInt16, before upstream: UInt16, _ board: Board) throws(SystemError) {
    let listener = try Socket.listening(on: port)
    self.port = listener.port
    self.board = board
    state = Mutex(State(upstream: upstream))
    listen(with: listener)
  }

  var accepted: Int { state.withLock { $0.accepted } }

  func setUpstream(_ port: UInt16) { state.withLock { $0.upstream = port } }

  /// Opens after a `shut`.
  func open() throws(SystemError) {
    if !state.withLock({ $0.isOpen }) { listen(with: try Socket.listening(on: port)) }
  }

  /// Nobody listens any more when this returns, and whoever was inside is out.
  func shut() {
    let (stop, thread) = state.withLock { state in
      state.isOpen = false
      return (state.stop, state.thread.take())
    }
    stop.stop(because: Failure(.interrupted, "the proxy is shut"))
    thread?.join()
    resetAll()
  }

  func resetAll() {
    for connection in state.withLock({ Array($0.connections.values) }) { connection.reset() }
    while state.withLock({ $0.connections.values.contains(where: \.isReset) }) { usleep(200) }
  }

  private func listen(with listener: consuming Socket) {
    state.withLock { state in
      let stop = StopSignal()
      state.stop = stop
      state.isOpen = true
      state.thread = Threads.run(named: "proxy") { [listener] in
        while let client = try? listener.accept(stop) { self.admit(client) }
      }
    }
  }

  private func admit(_ client: Socket) {
    let upstream = state.withLock { state in
      state.accepted += 1
      return state.upstream
    }
    guard let server = try? Socket.connected(to: upstream) else { return client.resetAtEnd() }
    let connection = Connection(client, server, board)
    let name = ObjectIdentifier(connection)
    state.withLock { $0.connections[name] = connection }
    connection.start { _ = self.state.withLock { $0.connections.removeValue(forKey: name) } }
  }
}
