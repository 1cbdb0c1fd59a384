import Bytes
import Glibc
import Pipeline
import Synchronization
import TestKit

/// A server that a proxy stands before: takes what is put and makes up what is asked for. One thread a connection.
///
/// `GET /bytes/N` has N bytes, `GET /chunks/N` the same in chunks, `GET /close/N` the same until the end of the
/// connection; anything else has none. A `PUT` is remembered.
final class TinyServer: Sendable {
  /// One request that arrived whole.
  struct Arrived: Sendable {
    let method: String
    let target: String
    let body: [UInt8]
  }

  private struct State {
    var arrived: [Arrived] = []
    var cut = 0
    var clients: [Int32] = []
  }

  let port: UInt16
  private let listener: Listener
  private let state = Mutex(State())

  init() throws {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let listener = Listener(Descriptor(owning: try retrying("socket", "") { socket(AF_INET, kind, 0) }))
    self.listener = listener
    let number = listener.number
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(number, address, length) | listen(number, 64) | getsockname(number, address, &length)
      }
    }
    guard status == 0 else { throw SystemError(call: "bind", subject: "", number: errno) }
    port = UInt16(bigEndian: address.sin_port)
    _ = Threads.run(named: "tiny") { [weak self] in
      while true {
        let client = accept(listener.number, nil, nil)
        guard client >= 0, let self else { return }
        state.withLock { $0.clients.append(client) }
        _ = Threads.run(named: "tiny") { self.serve(client) }
      }
    }
  }

  /// Open for as long as somebody may wait at it: its number must not become another's.
  private final class Listener: Sendable {
    private let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    var number: Int32 { descriptor.number }
  }

  deinit {
    shutdown(listener.number, Int32(SHUT_RDWR))
    for client in state.withLock({ $0.clients }) { shutdown(client, Int32(SHUT_RDWR)) }
  }

  /// What arrived whole, in order.
  var arrived: [Arrived] { state.withLock { $0.arrived } }

  /// How many requests ended before their bodies did.
  var cut: Int { state.withLock { $0.cut } }

  /// What a body of so many bytes consists of.
  static func bytes(_ count: Int) -> [UInt8] {
    var random = RandomSource(seed: 1)
    return random.bytes(count)
  }

  private func serve(_ client: Int32) {
    var left: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 18)
    func more() -> Bool {
      let count = recv(client, &part, part.count, 0)
      if count > 0 { left += part[..<count] }
      return count > 0
    }
    while true {
      while TinyServer.endOfHead(left) == nil { guard more() else { return } }
      guard let end = TinyServer.endOfHead(left) else { return }
      let lines = String(decoding: left[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
      left.removeFirst(end)
      let words = lines[0].split(separator: " ").map(String.init)
      if lines.contains("Expect: 100-continue") { answer(client, Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
      let length = lines.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
      while left.count < length {
        guard more() else {
          state.withLock { $0.cut += 1 }
          return
        }
      }
      state.withLock {
        $0.arrived.append(Arrived(method: words[0], target: words[1], body: Array(left[..<length])))
      }
      left.removeFirst(length)
      if !reply(client, words[0], words[1]) { return }
    }
  }

  /// False where the connection ends with it.
  private func reply(_ client: Int32, _ method: String, _ target: String) -> Bool {
    let parts = target.split(separator: "/")
    let body = parts.count == 2 ? TinyServer.bytes(Int(parts[1]) ?? 0) : []
    switch method == "HEAD" ? nil : parts.first {
    case "chunks"?:
      var bytes = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
      for start in stride(from: 0, to: body.count, by: 1000) {
        let chunk = body[start..<min(start + 1000, body.count)]
        bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10]
      }
      answer(client, bytes + Array("0\r\nTrailer: x\r\n\r\n".utf8))
    case "close"?:
      answer(client, Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body)
      shutdown(client, Int32(SHUT_WR))
      return false
    default:
      let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
      answer(client, method == "HEAD" ? head : head + body)
    }
    return true
  }

  private func answer(_ client: Int32, _ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, 0x4000) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first {
      bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
    }
    .map { $0 + 4 }
  }
}
