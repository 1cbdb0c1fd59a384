import Bytes
import Cryptography
import FaultProxy
import Pipeline
import Store
import StoreS3
import TestKit
import Testing

@Suite("Faults on the way to a store")
struct WayTests {
  /// A store in a bucket on Ceph, behind a proxy.
  private struct Way {
    let bucket: S3Bucket
    let proxy: FaultProxy
    let store: S3Store
    let stop = StopSignal()
    let bytes: [UInt8]

    init?(stall: Int = 60) throws {
      guard let server = try S3Server.ceph() else { return nil }
      bucket = try S3Bucket(on: server)
      proxy = try FaultProxy(before: server.port)
      let endpoint = proxy.endpoint
      store = try Servers.store(bucket, stop: stop) { settings in
        settings.endpoint = try S3Endpoint(endpoint)
        settings.stallTimeout = stall
        settings.writeOnce = .honoured
      }
      var random = RandomSource(seed: 43)
      bytes = random.bytes(2_000_000)
    }

    func read() throws -> [UInt8] { try store.read(path("a"), limit: 2_000_000) }
  }

  @Test("a put that breaks off is no object, and goes through the next time")
  func brokenPut() throws {
    for effect in [.resetUpload(after: 500_000), .reset, .answer(.internalError)] as [ProxyFault.Effect] {
      guard let way = try Way() else { return }
      way.proxy.play([ProxyFault(effect, on: "PUT", count: 1)])
      let failure = try #require(failure { try way.store.put(path("a"), way.bytes) })
      #expect(failure.code == .storeUnavailable)
      #expect(failure.retry?.mayBeDone == true)
      #expect(try way.store.size(of: path("a")) == nil)
      try way.store.put(path("a"), way.bytes)
      #expect(try way.read() == way.bytes)
    }
  }

  @Test("a put that is refused is not sent first")
  func consent() throws {
    guard let server = try S3Server.ceph() else { return }
    let bucket = try S3Bucket(on: server)
    let proxy = try FaultProxy(before: server.port)
    let stranger = S3User(keyID: "NOBODYSKEY0000000001", secret: "not-the-secret")
    let store = try Servers.store(bucket, as: stranger) { $0.endpoint = try S3Endpoint(proxy.endpoint) }
    let bytes = [UInt8](repeating: 5, count: 16 << 20)
    let object = try path("packs/\(ObjectDigest.name(of: bytes).hex)")
    for _ in 0..<2 { #expect(failure { try store.put(object, bytes) }?.code == .storeDenied) }
    #expect(proxy.requests.count == 2)
    #expect(proxy.requests.allSatisfy { $0.sent < 1 << 20 })
  }

  @Test("a put that is turned away before it was read is tried again later")
  func turnedAway() throws {
    guard let way = try Way() else { return }
    way.proxy.play([ProxyFault(.answer(MadeAnswer(503, "SlowDown", readsBody: false)), on: "PUT", count: 1)])
    #expect(failure { try way.store.put(path("a"), way.bytes) }?.retry != nil)
    try way.store.put(path("a"), way.bytes)
  }

  @Test("a put whose answer is lost may be done, and is")
  func lostAnswer() throws {
    guard let way = try Way() else { return }
    way.proxy.play([ProxyFault(.loseAnswer, on: "PUT", count: 1)])
    #expect(failure { try way.store.put(path("a"), way.bytes) }?.retry?.mayBeDone == true)
    #expect(try way.read() == way.bytes)
    let stop = StopSignal()
    way.proxy.play([ProxyFault(.loseAnswer, on: "PUT", count: 1)])
    try RetryingStore(way.store, stop: stop).put(path("b"), way.bytes)
    #expect(way.proxy.happened == [1])
  }

  @Test("a bit that flips on the way up is found by the store, and the object not stored")
  func flippedUp() throws {
    guard let way = try Way() else { return }
    way.proxy.play([ProxyFault(.flipUpload(at: 1_000_000), on: "PUT", count: 1)])
    let failure = try #require(failure { try way.store.put(path("a"), way.bytes) })
    #expect(failure.code == .storeUnavailable)
    #expect(failure.retry != nil)
    #expect(try way.store.size(of: path("a")) == nil)
  }

  @Test("a read that breaks off or ends early is a fault of the way, and the next one is whole")
  func brokenRead() throws {
    guard let way = try Way(stall: 1) else { return }
    try way.store.put(path("a"), way.bytes)
    let effects: [ProxyFault.Effect] = [
      .resetDownload(after: 1_000_000), .truncateDownload(after: 1_000_000),
      .stallDownload(after: 1_000_000, 20_000_000_000), .holdAnswer(4_000_000_000), .answer(.slowDown(retryAfter: 3)),
    ]
    for effect in effects {
      way.proxy.play([ProxyFault(effect, on: "GET", count: 1)])
      let failure = try #require(failure { _ = try way.read() }, "\(effect)")
      #expect(failure.code == .storeUnavailable, "\(effect)")
      #expect(failure.retry != nil, "\(effect)")
      #expect(way.proxy.happened == [1])
      #expect(try way.read() == way.bytes, "\(effect)")
    }
  }

  @Test("a connection that died while it was idle, or once a read was asked for, is not noticed")
  func idle() throws {
    guard let way = try Way() else { return }
    try way.store.put(path("a"), way.bytes)
    way.proxy.play([ProxyFault(.loseAnswer, on: "GET", count: 1)])
    #expect(try way.read() == way.bytes)
    #expect(way.proxy.happened == [1])
    for _ in 0..<3 {
      way.proxy.resetAll()
      #expect(try way.read() == way.bytes)
      try way.store.delete(path("b"))
    }
  }

  @Test("threads reuse their connections")
  func connections() throws {
    guard let way = try Way() else { return }
    let threads = (0..<4).map { number in
      Threads.run(named: "putter", stop: way.stop) {
        for round in 0..<10 {
          try way.store.put(path("\(number)/\(round)"), way.bytes)
          _ = try way.store.size(of: path("\(number)/\(round)"))
        }
      }
    }
    for thread in threads { thread.join() }
    try way.stop.check()
    #expect(way.proxy.connections <= 4)
    #expect(way.proxy.requests.count == 80)
  }

  @Test("the stop of a run ends a put that hangs")
  func stopped() throws {
    guard let way = try Way() else { return }
    way.proxy.play([ProxyFault(.stallUpload(after: 1000, 30_000_000_000), on: "PUT")])
    let reason = Failure(.interrupted, "enough")
    let stopper = Threads.run(named: "stopper") {
      pause(seconds: 1)
      way.stop.stop(because: reason)
    }
    let watch = Stopwatch()
    #expect(failure { try way.store.put(path("a"), way.bytes) } == reason)
    #expect(watch.seconds < 20)
    stopper.join()
  }
}
