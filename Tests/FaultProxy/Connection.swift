import Bytes
import Pipeline
import Synchronization

/// One client's connection and the one to the server that belongs to it: a thread for each direction.
final class Connection: Sendable {
  /// A request that the server has not answered yet.
  private struct Exchange {
    let number: Int
    let method: String
    let choice: FaultScript.Choice?
  }

  /// What happens to a body at an offset.
  private struct Mark {
    let at: UInt64
    let choice: FaultScript.Choice
  }

  /// Ends a connection, each in its way.
  private enum Break: Error {
    case reset
    case close
  }

  private let client: Socket
  private let server: Socket
  private let up: Lane
  private let down: Lane
  private let board: Board
  private let stop = StopSignal()
  private let pending = Mutex<[Exchange]>([])
  private let threads = Atomic<Int>(2)

  init(_ client: Socket, _ server: Socket, _ board: Board) {
    self.client = client
    self.server = server
    self.board = board
    let now = MonotonicClock.awake()
    up = Lane(server, opened: now + 2 * board.oneWay, stop) { board.oneWay }
    down = Lane(client, opened: now, stop) { board.oneWay }
  }

  /// Starts its threads; `ended` is called by the last one.
  func start(_ ended: @escaping @Sendable () -> Void) {
    for (name, body) in [("proxy up", upward), ("proxy down", downward)] as [(String, @Sendable () throws -> Void)] {
      _ = Threads.run(named: name) {
        do { try body() } catch { self.end(error) }
        guard self.threads.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        self.up.finish()
        self.down.finish()
        ended()
      }
    }
  }

  /// Resets both sides now.
  func reset() { end(Break.reset) }

  /// Whether it is on its way out by a `reset`.
  var isReset: Bool { stop.isStopped }

  private func end(_ error: any Error) {
    // What follows from the end is not its cause.
    if stop.isStopped { return }
    server.resetAtEnd()
    if case Break.close? = error as? Break { client.finishWriting() } else { client.resetAtEnd() }
    stop.stop(because: Failure(.interrupted, "the connection has ended"))
  }

  // MARK: - To the server

  private func upward() throws {
    let inflow = Inflow(client, stop)
    while let head = try inflow.head() {
      let request = RequestHead(head: head)
      let (number, choice) = board.admit(request)
      let goesOn =
        if let choice, case .answer(let made) = choice.effect {
          try answer(request, number, choice, made, inflow)
        } else {
          try forward(request, Exchange(number: number, method: request.method, choice: choice), inflow)
        }
      if !goesOn { break }
    }
    try up.end()
  }

  /// False where the client ends before its request does.
  private func forward(_ request: RequestHead, _ exchange: Exchange, _ inflow: Inflow) throws -> Bool {
    if let choice = exchange.choice {
      switch choice.effect {
      case .reset:
        board.note(choice, exchange.number)
        throw Break.reset
      case .hold(let time):
        board.note(choice, exchange.number)
        guard client.hold(time, stop) else { throw Break.reset }
      default: break
      }
    }
    pending.withLock { $0.append(exchange) }
    try up.write(request.head.bytes)
    let number = exchange.number
    return try pass(inflow, request.framing, into: up, number, mark(up: exchange.choice)) { count in
      board.update(number) { $0.sent += count }
    }
  }

  /// Answers in the server's place; false where the connection ends with it.
  private func answer(
    _ request: RequestHead, _ number: Int, _ choice: FaultScript.Choice, _ made: MadeAnswer, _ inflow: Inflow
  ) throws -> Bool {
    let leavesBody = !request.framing.isDone && (request.awaitsConsent || !made.readsBody)
    if !leavesBody, try !inflow.body(request.framing, { _ in }) { return false }
    board.note(choice, number)
    board.update(number) { $0.status = made.status }
    let way = up.length
    try down.write(made.bytes(to: request.method, closes: leavesBody), later: way)
    guard leavesBody else { return true }
    try down.end(later: way)
    // Closed with something unread, the connection would be reset and the answer lost.
    _ = try inflow.body(.untilClose) { _ in }
    return false
  }

  // MARK: - To the client

  private func downward() throws {
    let inflow = Inflow(server, stop)
    while let head = try inflow.head() {
      let answer = AnswerHead(head: head)
      if answer.isInterim {
        try down.write(head.bytes)
        continue
      }
      // An answer that nobody asked for is the server's word that it ends the connection.
      let exchange = pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let exchange else {
        try down.write(head.bytes)
        _ = try inflow.body(.untilClose) { try down.write($0) }
        break
      }
      let framing = answer.framing(of: exchange.method)
      try back(answer, exchange, framing, inflow)
      if case .untilClose = framing { break }
    }
    try down.end()
  }

  private func back(_ answer: AnswerHead, _ exchange: Exchange, _ framing: Framing, _ inflow: Inflow) throws {
    let number = exchange.number
    if let choice = exchange.choice {
      switch choice.effect {
      case .loseAnswer:
        _ = try inflow.body(framing) { _ in }
        board.note(choice, number)
        throw Break.reset
      case .holdAnswer(let time):
        board.note(choice, number)
        guard client.hold(time, stop) else { throw Break.reset }
      default: break
      }
    }
    board.update(number) { $0.status = answer.status }
    try down.write(answer.head.bytes)
    let isWhole = try pass(inflow, framing, into: down, number, mark(down: exchange.choice)) { count in
      board.update(number) { $0.received += count }
    }
    guard isWhole else {
      down.settle()
      throw Break.close
    }
  }

  // MARK: - Bodies

  private func mark(up choice: FaultScript.Choice?) -> Mark? {
    switch choice?.effect {
    case .resetUpload(let at), .stallUpload(let at, _), .flipUpload(let at): choice.map { Mark(at: at, choice: $0) }
    default: nil
    }
  }

  private func mark(down choice: FaultScript.Choice?) -> Mark? {
    switch choice?.effect {
    case .resetDownload(let at), .truncateDownload(let at), .stallDownload(let at, _), .flipDownload(let at):
      choice.map { Mark(at: at, choice: $0) }
    default: nil
    }
  }

  /// Passes a body on; false where it ends too early.
  private func pass(
    _ inflow: Inflow, _ framing: Framing, into lane: Lane, _ number: Int, _ mark: Mark?, count: (UInt64) -> Void
  ) throws -> Bool {
    var position: UInt64 = 0
    return try inflow.body(framing) { piece in
      var rest = piece
      if let mark, mark.at >= position, mark.at - position < UInt64(piece.count) {
        let place = Int(mark.at - position)
        try lane.write(UnsafeRawBufferPointer(rebasing: piece[..<place]))
        let kept = try apply(mark.choice, number, piece[place], lane)
        rest = UnsafeRawBufferPointer(rebasing: piece[(place + kept)...])
      }
      try lane.write(rest)
      position += UInt64(piece.count)
      count(UInt64(piece.count))
    }
  }

  /// Lets a fault happen in front of a byte; returns how many bytes it has passed on itself.
  private func apply(_ choice: FaultScript.Choice, _ number: Int, _ byte: UInt8, _ lane: Lane) throws -> Int {
    board.note(choice, number)
    switch choice.effect {
    case .flipUpload, .flipDownload:
      try lane.write([byte ^ 1])
      return 1
    case .stallUpload(_, let time), .stallDownload(_, let time):
      guard client.hold(time, stop) else { throw Break.reset }
    case .truncateDownload:
      lane.settle()
      throw Break.close
    default:
      lane.settle()
      throw Break.reset
    }
    return 0
  }
}
