import Bytes
import Glibc
import Pipeline
import StoreS3
import Synchronization

/// A server on the loopback that answers each request with the bytes that a test gives it.
final class ScriptedServer: Sendable {
  struct Request: Sendable {
    /// Which it is, from 1, over all connections.
    var number = 0
    var method = ""
    /// Path and query as sent.
    var target = ""
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    /// The connection was the server's to close once the head had been read; the body was left unread.
    var connection = 0

    func query(_ name: String) -> String? {
      target.split(separator: "?").dropFirst().first?.split(separator: "&").first { $0.hasPrefix("\(name)=") }
        .map { String($0.dropFirst(name.count + 1)) }
    }
  }

  struct Reply: Sendable {
    var bytes: [UInt8]
    /// The connection ends after it.
    var closes = false

    /// An answer as HTTP has it; its length is said unless `headers` do so.
    static func status(_ status: Int, _ headers: [String] = [], _ body: String = "") -> Reply {
      .status(status, headers, Array(body.utf8))
    }

    static func status(_ status: Int, _ headers: [String], _ body: [UInt8]) -> Reply {
      let length = headers.contains { $0.lowercased().hasPrefix("content-length") }
      let lines = ["HTTP/1.1 \(status) Status"] + headers + (length ? [] : ["Content-Length: \(body.count)"])
      return Reply(bytes: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// A refusal as S3 words it.
    static func error(_ status: Int, _ code: String, _ headers: [String] = []) -> Reply {
      .status(status, headers, "<Error><Code>\(code)</Code><Message>a message</Message></Error>")
    }

    var closing: Reply { Reply(bytes: bytes, closes: true) }
  }

  let port: UInt16
  private let listener: Int32
  private let seen = Mutex<[Request]>([])
  private let answer: @Sendable (Request) -> Reply

  init(_ answer: @escaping @Sendable (Request) -> Reply) {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = self.listener
    port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        precondition(bind(listener, generic, length) == 0 && listen(listener, 64) == 0)
        getsockname(listener, generic, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    _ = Threads.run(named: "script") { [weak self] in
      var count = 0
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        count += 1
        _ = Threads.run(named: "script line") { [count] in self.serve(Descriptor(owning: connection), count) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var endpoint: String { "http://127.0.0.1:\(port)" }

  /// What was asked so far.
  var requests: [Request] { seen.withLock { $0 } }

  private func serve(_ connection: consuming Descriptor, _ number: Int) {
    var input: [UInt8] = []
    while var request = ScriptedServer.head(connection, &input) {
      request.connection = number
      if request.headers["expect"] != nil {
        try? Array("HTTP/1.1 100 Continue\r\n\r\n".utf8).withUnsafeBytes { try connection.write($0) }
      }
      let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
      while input.count < length { guard ScriptedServer.more(connection, &input) else { return } }
      request.body = Array(input.prefix(length))
      input.removeFirst(length)
      request.number = seen.withLock { seen in
        request.number = seen.count + 1
        seen.append(request)
        return seen.count
      }
      let reply = answer(request)
      do { try reply.bytes.withUnsafeBytes { try connection.write($0) } } catch { return }
      if reply.closes { return }
    }
  }

  private static func head(_ connection: borrowing Descriptor, _ input: inout [UInt8]) -> Request? {
    let end = Array("\r\n\r\n".utf8)
    var from = 0
    while true {
      while from + 4 <= input.count, Array(input[from..<(from + 4)]) != end { from += 1 }
      if from + 4 <= input.count { break }
      guard more(connection, &input) else { return nil }
    }
    let lines = String(decoding: input[..<from], as: UTF8.self).split(separator: "\r\n")
    input.removeFirst(from + 4)
    var request = Request()
    let words = lines[0].split(separator: " ")
    (request.method, request.target) = (String(words[0]), String(words[1]))
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      request.headers[String(parts[0])] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    }
    return request
  }

  private static func more(_ connection: borrowing Descriptor, _ input: inout [UInt8]) -> Bool {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    let number = connection.number
    let count = room.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return false }
    input.append(contentsOf: room[..<count])
    return true
  }
}
