import Bytes
import FaultProxy
import Glibc
import Pipeline
import TestKit
import Testing

@Suite("The proxy for faults")
struct FaultProxyTests {
  private let server: TinyServer
  private let proxy: FaultProxy
  private let folder = TemporaryFolder()

  init() throws {
    server = try TinyServer()
    proxy = try FaultProxy(before: server.port)
  }

  /// What `curl` says: 0 for success, 7 refused, 18 too short, 28 timed out, 52 nothing, 56 reset.
  private func curl(_ words: [String]) throws -> (status: Int32, output: [UInt8]) {
    let outcome = try Program.run(["curl", "--silent", "--show-error", "--max-time", "20"] + words)
    return (outcome.status, outcome.output)
  }

  private func get(_ target: String, _ words: [String] = []) throws -> (status: Int32, output: [UInt8]) {
    try curl(words + ["\(proxy.endpoint)\(target)"])
  }

  /// Puts a file; the answer's status is what it prints.
  private func put(
    _ target: String, _ bytes: [UInt8], _ words: [String] = []
  ) throws -> (status: Int32, output: String) {
    try Files.write(folder.path("sent"), bytes)
    let outcome = try get(target, ["--upload-file", folder.path("sent"), "--write-out", "%{http_code}"] + words)
    return (outcome.status, String(decoding: outcome.output.suffix(3), as: UTF8.self))
  }

  // MARK: - Nothing goes wrong

  @Test("what passes is not changed, in whatever way it is framed")
  func passes() throws {
    for count in [0, 1, 999, 1000, 1001, 300_000, 2_000_000] {
      for kind in ["bytes", "chunks", "close"] {
        let back = try get("/\(kind)/\(count)")
        #expect(back.status == 0)
        #expect(back.output == TinyServer.bytes(count), "\(kind) \(count)")
      }
      #expect(try put("/object/\(count)", TinyServer.bytes(count)) == (0, "200"))
      #expect(server.arrived.last?.body == TinyServer.bytes(count))
    }
    #expect(try get("/bytes/500", ["--head"]).status == 0)
  }

  @Test("a connection carries many requests, heads without bodies among them")
  func reuse() throws {
    let urls = ["/bytes/10", "/chunks/5000", "/bytes/0", "/bytes/100000"].map { "\(proxy.endpoint)\($0)" }
    #expect(try curl(urls).output.count == 105_010)
    #expect(try curl(["--head"] + urls).status == 0)
    #expect(proxy.connections == 2)
    #expect(proxy.requests.map(\.method) == ["GET", "GET", "GET", "GET", "HEAD", "HEAD", "HEAD", "HEAD"])
    #expect(proxy.requests.map(\.received).prefix(2) == [10, 5052])
    #expect(proxy.requests.suffix(4).allSatisfy { $0.received == 0 && $0.status == 200 })
  }

  @Test("a client that waits for a word before it sends gets it")
  func consent() throws {
    let bytes = TinyServer.bytes(2_000_000)
    #expect(try put("/large", bytes, ["--header", "Expect: 100-continue"]) == (0, "200"))
    #expect(server.arrived.last?.body == bytes)
  }

  @Test("requests are listed with who sent them, what they asked for and what came of it")
  func list() throws {
    let signed = "Authorization: AWS4-HMAC-SHA256 Credential=WRITER1/20260101/us/s3/aws4_request, SignedHeaders=host"
    _ = try put("/bucket/writers/ab/packs/0", [1, 2, 3], ["--header", signed])
    _ = try get("/bucket?list-type=2&prefix=writers%2Fab%2F")
    let requests = proxy.requests
    #expect(requests.map(\.credential) == ["WRITER1", ""])
    #expect(requests[0].sent == 3 && requests[0].status == 200 && requests[0].fault == nil)
    #expect(requests[1].path == "/bucket" && requests[1].query("prefix") == "writers%2Fab%2F")
    #expect(requests[1].query("delimiter") == nil)
    #expect(requests.counts { $0.method } == ["PUT": 1, "GET": 1])
    proxy.forget()
    #expect(proxy.requests.isEmpty)
  }

  // MARK: - Answers in the server's place

  @Test("a made answer reaches the client and nothing the server; the next request passes on the same connection")
  func madeAnswer() throws {
    proxy.play([ProxyFault(.answer(.slowDown(retryAfter: 3)), count: 1)])
    let head = try get("/bytes/7", ["--dump-header", folder.path("head"), "--next", "\(proxy.endpoint)/bytes/7"])
    let text = String(decoding: try Files.read(folder.path("head")), as: UTF8.self)
    #expect(text.contains("503 SlowDown") && text.contains("Retry-After: 3"))
    #expect(String(decoding: head.output, as: UTF8.self).contains("<Code>SlowDown</Code>"))
    #expect(head.output.suffix(7) == TinyServer.bytes(7)[...])
    #expect(server.arrived.count == 1)
    #expect(proxy.happened == [1])
  }

  @Test("a made answer takes the body first, or leaves it, and has none for HEAD", arguments: [true, false])
  func madeAnswerToPut(readsBody: Bool) throws {
    proxy.play([ProxyFault(.answer(MadeAnswer(400, "ExpiredToken", readsBody: readsBody)), on: "PUT")])
    #expect(try put("/a", TinyServer.bytes(3_000_000)).output == "400")
    #expect(try put("/a", TinyServer.bytes(3_000_000), ["--header", "Expect: 100-continue"]).output == "400")
    #expect(server.arrived.isEmpty)
    proxy.play([ProxyFault(.answer(.internalError), on: "HEAD")])
    let twice = try curl(["--head", "\(proxy.endpoint)/a", "\(proxy.endpoint)/a"])
    #expect(twice.status == 0 && twice.output.split(separator: 10).count { $0.starts(with: "HTTP/1.1 500".utf8) } == 2)
  }

  @Test("a share of the requests fails by chance, the same ones for the same seed")
  func chance() throws {
    var fates: [[Int]] = []
    for seed in [5, 5, 6] as [UInt64] {
      let proxy = try FaultProxy(before: server.port, seed: seed)
      proxy.play([ProxyFault(.answer(.slowDown()), containing: "bytes", probability: 0.2)])
      let urls = (0..<400).map { "\(proxy.endpoint)/bytes/\($0 % 2)" }
      #expect(
        try curl(["--output", "/dev/null"] + urls.flatMap { [$0, "--output", "/dev/null"] }.dropLast(2)).status == 0)
      fates.append(proxy.requests.map(\.status))
    }
    let failed = fates[0].count { $0 == 503 }
    #expect(fates[0].count == 400 && failed > 40 && failed < 130)
    #expect(fates[0] == fates[1] && fates[0] != fates[2])
  }

  @Test("a fault meets only what it names: method, target, from the first on, so many times")
  func matching() throws {
    proxy.play([
      ProxyFault(.answer(.internalError), on: "GET", containing: "/bytes/", first: 2, count: 2),
      ProxyFault(.answer(.slowDown()), on: "PUT", containing: "never"),
    ])
    let statuses = try (0..<5).map { _ in
      String(
        decoding: try get("/bytes/1", ["--output", "/dev/null", "--write-out", "%{http_code}"]).output, as: UTF8.self)
    }
    #expect(statuses == ["200", "500", "500", "200", "200"])
    #expect(try put("/bytes/1", [1]).output == "200")
    #expect(proxy.happened == [2, 0])
    #expect(proxy.requests.map(\.fault) == [nil, 0, 0, nil, nil, nil])
  }

  // MARK: - Connections that break

  @Test("a reset before the server sees anything")
  func reset() throws {
    proxy.play([ProxyFault(.reset, count: 1)])
    #expect(try get("/bytes/1").status == 56)
    #expect(server.arrived.isEmpty && proxy.happened == [1])
    #expect(try get("/bytes/1").status == 0)
  }

  @Test("a reset in the middle of an upload: the server gets no whole request")
  func resetUpload() throws {
    proxy.play([ProxyFault(.resetUpload(after: 500_000), on: "PUT", count: 1)])
    #expect([55, 56].contains(try put("/a", TinyServer.bytes(20_000_000)).status))
    #expect(server.arrived.isEmpty)
    #expect(proxy.requests[0].status == 0)
    #expect(try put("/a", TinyServer.bytes(1000)).output == "200")
  }

  @Test("a reset in the middle of a download: exactly so much came", arguments: [0, 1, 700_000])
  func resetDownload(after: Int) throws {
    proxy.play([ProxyFault(.resetDownload(after: UInt64(after)), count: 1)])
    let back = try get("/bytes/1000000")
    #expect(back.status == 56)
    #expect(back.output == Array(TinyServer.bytes(1_000_000)[..<after]))
  }

  @Test("an answer that ends too early in an orderly way", arguments: [0, 1, 700_000])
  func truncate(after: Int) throws {
    proxy.play([ProxyFault(.truncateDownload(after: UInt64(after)), count: 1)])
    let back = try get("/bytes/1000000")
    #expect(back.status == 18)
    #expect(back.output == Array(TinyServer.bytes(1_000_000)[..<after]))
    #expect(try get("/bytes/10").output.count == 10)
  }

  @Test("an answer that is lost: the server has done what was asked")
  func loseAnswer() throws {
    proxy.play([ProxyFault(.loseAnswer, on: "PUT", count: 1)])
    let bytes = TinyServer.bytes(1_500_000)
    #expect(try put("/a", bytes, ["--header", "Expect: 100-continue"]).status == 56)
    #expect(server.arrived.map(\.body) == [bytes])
    #expect(proxy.requests[0].status == 0 && proxy.requests[0].fault == 0)
  }

  @Test("a flipped bit on either way, and nothing else changes", arguments: [0, 1234, 999_999])
  func flip(at place: Int) throws {
    var expected = TinyServer.bytes(1_000_000)
    expected[place] ^= 1
    proxy.play([
      ProxyFault(.flipDownload(at: UInt64(place)), on: "GET"), ProxyFault(.flipUpload(at: UInt64(place)), on: "PUT"),
    ])
    #expect(try get("/bytes/1000000").output == expected)
    #expect(try put("/a", TinyServer.bytes(1_000_000)).output == "200")
    #expect(server.arrived.last?.body == expected)
    #expect(try get("/bytes/0").status == 0)
    #expect(proxy.happened == [1, 1])
  }

  @Test("no server any more: refused; later there is one again at the same port")
  func refuse() throws {
    proxy.refuse()
    #expect(try get("/bytes/1").status == 7)
    try proxy.allow()
    #expect(try get("/bytes/1").status == 0)
    let other = try TinyServer()
    proxy.setUpstream(other.port)
    #expect(try get("/bytes/1").status == 0)
    #expect(other.arrived.count == 1)
  }

  @Test("connections that are under way are reset")
  func resetAll() throws {
    proxy.play([ProxyFault(.stallDownload(after: 1000, 60_000_000_000))])
    let breaker = Threads.run(named: "breaker") { [proxy] in
      while proxy.requests.isEmpty || proxy.requests[0].status == 0 { usleep(10_000) }
      proxy.resetAll()
    }
    #expect(try get("/bytes/50000").status == 56)
    breaker.join()
    proxy.play([])
    #expect(try get("/bytes/50000").status == 0)
  }

  @Test("a server that is not there at all")
  func noServer() throws {
    let gone = try TinyServer().port
    let proxy = try FaultProxy(before: gone)
    let status = try curl(["\(proxy.endpoint)/"]).status
    #expect([7, 52, 55, 56].contains(status))
  }

  // MARK: - Time

  @Test("what stalls goes on later, or the client gives up and the server is rid of it")
  func stalls() throws {
    let stalls: [ProxyFault.Effect] = [
      .hold(200_000_000), .holdAnswer(200_000_000), .stallUpload(after: 100, 200_000_000),
      .stallDownload(after: 100, 200_000_000),
    ]
    for stall in stalls {
      proxy.play([ProxyFault(stall, count: 1)])
      let watch = Stopwatch()
      #expect(try put("/bytes/5000", TinyServer.bytes(5000)).output == "200", "\(stall)")
      #expect(watch.nanoseconds >= 200_000_000)
      #expect(proxy.happened == [1])
    }
    proxy.play([ProxyFault(.hold(60_000_000_000))])
    let before = server.arrived.count
    #expect(try get("/bytes/1", ["--max-time", "0.3"]).status == 28)
    #expect(server.arrived.count == before)
    proxy.play([ProxyFault(.stallUpload(after: 100, 60_000_000_000))])
    #expect(try put("/a", TinyServer.bytes(5000), ["--max-time", "0.3"]).status == 28)
    #expect(server.arrived.count == before)
  }

  @Test("a longer way delays every answer and changes nothing else; a connection takes a round trip of its own")
  func roundTrip() throws {
    proxy.setRoundTrip(50_000_000)
    let watch = Stopwatch()
    let urls = (0..<4).map { _ in "\(proxy.endpoint)/bytes/300000" }
    #expect(try curl(urls).output.count == 1_200_000)
    #expect(watch.nanoseconds >= 250_000_000)
    let bytes = TinyServer.bytes(3_000_000)
    #expect(try put("/a", bytes).output == "200")
    #expect(server.arrived.last?.body == bytes)
    proxy.play([ProxyFault(.truncateDownload(after: 1000), count: 1)])
    #expect(try get("/bytes/5000").output == Array(TinyServer.bytes(5000)[..<1000]))
    proxy.play([ProxyFault(.answer(.slowDown()), count: 1)])
    let answered = Stopwatch()
    #expect(try put("/a", [1]).output == "503")
    #expect(answered.nanoseconds >= 100_000_000)
  }

  @Test("whoever lets go of a proxy is rid of its threads and its port")
  func end() throws {
    let port = try {
      let proxy = try FaultProxy(before: server.port)
      #expect(try curl(["\(proxy.endpoint)/bytes/1"]).status == 0)
      return proxy.port
    }()
    #expect(try curl(["http://127.0.0.1:\(port)/"]).status == 7)
  }
}
