import Bytes
import Glibc
import Pipeline

/// What comes in on one side of a connection: heads and bodies, one after the other.
final class Inflow {
  /// Large, so that a call of the system moves much.
  static let room = 256 << 10
  /// No head is longer.
  private static let longestHead = 64 << 10

  private let socket: Socket
  private let stop: StopSignal
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 64)
  private var window = 0..<0

  init(_ socket: Socket, _ stop: StopSignal) {
    self.socket = socket
    self.stop = stop
  }

  deinit { memory.deallocate() }

  /// The next head; nil where the other side ends before it begins.
  func head() throws -> MessageHead? {
    var looked = 0
    while true {
      if let end = endOfHead(from: looked) {
        let bytes = Array(memory[window.lowerBound..<end])
        window = end..<window.upperBound
        return MessageHead(bytes)
      }
      guard window.count < Inflow.longestHead else { throw NotHTTP() }
      looked = max(0, window.count - 3)
      makeRoom()
      if try !more() {
        if window.isEmpty { return nil }
        throw NotHTTP()
      }
    }
  }

  /// Hands the bytes of a body to `each`, piece by piece; false where the other side ends before it does.
  func body(_ framing: Framing, _ each: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
    var framing = framing
    while !framing.isDone {
      if window.isEmpty {
        window = 0..<0
        if try !more() {
          if case .untilClose = framing { return true }
          return false
        }
      }
      let count = framing.take(UnsafeRawBufferPointer(rebasing: memory[window]))
      let piece = window.lowerBound..<window.lowerBound + count
      window = piece.upperBound..<window.upperBound
      try each(UnsafeRawBufferPointer(rebasing: memory[piece]))
    }
    return true
  }

  /// Reads behind the window; false at the end.
  private func more() throws -> Bool {
    let room = UnsafeMutableRawBufferPointer(rebasing: memory[window.upperBound...])
    let count = try socket.read(into: room, stop)
    window = window.lowerBound..<window.upperBound + count
    return count > 0
  }

  private func makeRoom() {
    guard window.lowerBound > 0, let base = memory.baseAddress else { return }
    memmove(base, base + window.lowerBound, window.count)
    window = 0..<window.count
  }

  /// Where the head in the window ends, looked for from a place in it.
  private func endOfHead(from start: Int) -> Int? {
    guard window.count - start >= 4 else { return nil }
    for place in (window.lowerBound + start)...(window.upperBound - 4)
    where memory[place] == 0x0d && memory[place + 1] == 0x0a && memory[place + 2] == 0x0d && memory[place + 3] == 0x0a {
      return place + 4
    }
    return nil
  }

  /// What came is no HTTP.
  struct NotHTTP: Error {}
}
