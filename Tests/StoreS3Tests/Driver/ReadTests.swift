import Bytes
import Cryptography
import Pipeline
import Store
import StoreS3
import TestKit
import Testing

@Suite("Reading objects")
struct ReadTests {
  private static let object = (0..<100).map { UInt8($0) }

  private func read(
    _ store: S3Store, _ range: Range<UInt64>?, room: Int = 1000
  ) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 255, count: room)
    let count = try buffer.withUnsafeMutableBytes { try store.read(path("a"), range, into: $0) }
    #expect(buffer[count...].allSatisfy { $0 == 255 })
    return Array(buffer[..<count])
  }

  @Test("no more is asked for than fits")
  func request() throws {
    let run = try ScriptedStore { _ in
      .status(206, ["Content-Range: bytes 0-7/100"], Array(Self.object[..<8]))
    }
    #expect(try read(run.store, nil, room: 8) == Array(Self.object[..<8]))
    #expect(run.server.requests.first?.headers["range"] == "bytes=0-7")
    #expect(run.server.requests.first?.target == "/bucket/pre/fix/a")
  }

  @Test("a store without ranges sends all of it: the part is cut out, and the rest not waited for")
  func noRanges() throws {
    let run = try ScriptedStore { _ in .status(200, [], Self.object) }
    #expect(try read(run.store, 10..<20) == Array(Self.object[10..<20]))
    #expect(try read(run.store, 90..<200) == Array(Self.object[90...]))
    #expect(try read(run.store, 200..<300) == [])
    #expect(try read(run.store, nil, room: 5) == Array(Self.object[..<5]))
    #expect(try read(run.store, nil) == Self.object)
  }

  @Test("a part with the status of the whole is a part")
  func wrongStatus() throws {
    let run = try ScriptedStore { _ in
      .status(200, ["Content-Range: bytes 10-19/100"], Array(Self.object[10..<20]))
    }
    #expect(try read(run.store, 10..<20) == Array(Self.object[10..<20]))
  }

  @Test("beyond the end there are no bytes")
  func beyond() throws {
    let run = try ScriptedStore { request in
      request.method == "HEAD" ? .status(200, ["Content-Length: 100"]) : .error(416, "InvalidRange")
    }
    #expect(try read(run.store, 100..<200) == [])
    #expect(try read(run.store, UInt64.max - 1..<UInt64.max) == [])
    #expect(try read(run.store, 5..<5) == [])
  }

  static let lies: [(String, ScriptedServer.Reply)] = [
    ("another part", .status(206, ["Content-Range: bytes 0-9/100"], Array(object[..<10]))),
    ("a part that is too short", .status(206, ["Content-Range: bytes 10-14/100"], Array(object[10..<15]))),
    ("a part without saying which", .status(206, [], Array(object[10..<20]))),
    ("a part that makes no sense", .status(206, ["Content-Range: bytes 10-9/100"], Array(object[10..<20]))),
    (
      "fewer bytes than it says",
      .status(206, ["Content-Range: bytes 10-19/100", "Content-Length: 10"], Array(object[10..<15])).closing
    ),
    ("an end in the middle", .status(200, ["Content-Length: 100"], Array(object[..<15])).closing),
    (
      "no length",
      ScriptedServer.Reply(bytes: Array("HTTP/1.1 200 OK\r\n\r\nhello, this is all".utf8), closes: true)
    ),
    ("nothing at all", ScriptedServer.Reply(bytes: [], closes: true)),
    ("no HTTP", ScriptedServer.Reply(bytes: Array("hello\r\n\r\n".utf8), closes: true)),
    ("a head that ends early", ScriptedServer.Reply(bytes: Array("HTTP/1.1 200 OK\r\nContent-Le".utf8), closes: true)),
    (
      "chunks without an end",
      ScriptedServer.Reply(
        bytes: Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".utf8), closes: true)
    ),
  ]

  @Test("an answer that is not what was asked for is a fault of the way, and never damage", arguments: lies.indices)
  func lying(_ index: Int) throws {
    let (name, reply) = Self.lies[index]
    let run = try ScriptedStore { _ in reply }
    let failure = try #require(failure { _ = try read(run.store, 10..<20) }, "\(name)")
    #expect(failure.code == .storeUnavailable, "\(name)")
    #expect(failure.retry != nil, "\(name)")
    #expect(failure.place.contains("s3://bucket/pre/fix/a"), "\(name): \(failure)")
  }

  @Test("more bytes than asked for are not written anywhere")
  func tooMany() throws {
    let run = try ScriptedStore { _ in .status(206, ["Content-Range: bytes 10-19/100"], Self.object) }
    #expect(try read(run.store, 10..<20) == Array(Self.object[..<10]))
  }

  @Test("a missing object and a missing bucket are told apart")
  func missing() throws {
    let run = try ScriptedStore { request in
      request.target.contains("/a") ? .error(404, "NoSuchKey") : .error(404, "NoSuchBucket")
    }
    let object = try #require(failure { _ = try read(run.store, nil) })
    #expect(object.code == .storeMissing)
    #expect(object.what.contains("object"))
    let bucket = try #require(failure { _ = try run.store.list("x") })
    #expect(bucket.code == .storeMissing)
    #expect(bucket.what.contains("bucket"))
    #expect(try run.store.size(of: path("a")) == nil)
  }

  @Test("who may list but not read knows sizes; who may neither is denied")
  func sizes() throws {
    let run = try ScriptedStore { request in
      guard request.method == "GET" else { return .error(403, "") }
      let prefix = request.query("prefix") ?? ""
      guard prefix.hasSuffix("a") else { return .error(403, "AccessDenied") }
      return .status(
        200, [], "<ListBucketResult><Contents><Key>pre/fix/a</Key><Size>7</Size></Contents></ListBucketResult>")
    }
    #expect(try run.store.size(of: path("a")) == 7)
    #expect(try run.store.size(of: path("aa")) == nil)
    #expect(failure { _ = try run.store.size(of: path("b")) }?.code == .storeDenied)
    #expect(run.server.requests[1].query("max-keys") == "1")
  }

  @Test("a stall counts as a fault of the way once it has lasted too long")
  func stall() throws {
    let run = try ScriptedStore(settings: { $0.stallTimeout = 1 }) { request in
      if request.number == 1 { pause(seconds: 3) }
      return .status(200, [], "x")
    }
    let failure = try #require(failure { _ = try read(run.store, nil) })
    #expect(failure.code == .storeUnavailable)
    #expect(failure.retry?.mayBeDone == false)
  }

  @Test("the stop of a run ends a transfer that hangs, with its reason")
  func stop() throws {
    let run = try ScriptedStore(settings: { $0.stallTimeout = 60 }) { _ in
      pause(seconds: 20)
      return .status(200)
    }
    let reason = Failure(.interrupted, "enough")
    let stopper = Threads.run(named: "stopper") {
      pause(seconds: 1)
      run.stop.stop(because: reason)
    }
    let watch = Stopwatch()
    #expect(failure { _ = try read(run.store, nil) } == reason)
    #expect(watch.seconds < 10)
    stopper.join()
    #expect(failure { _ = try read(run.store, nil) } == reason)
  }

  @Test("an older version with the right bytes is found and read from then on")
  func versions() throws {
    let good = Array("good".utf8)
    let run = try ScriptedStore { request in
      if request.query("versions") != nil {
        return .status(200, [], Self.versions(["v3", "v2", "v1"]))
      }
      switch request.query("versionId") {
      case "v2": return .status(200, [], "worse")
      case "v1": return .status(request.method == "HEAD" ? 200 : 206, ["Content-Range: bytes 0-3/4"], "good")
      default: return .status(200, [], "bad!!")
      }
    }
    let digest = ObjectDigest.name(of: good)
    #expect(try run.store.findIntact(path("a"), digest: digest))
    #expect(run.notices.all == [.taken(path: "a", from: "an older version")])
    #expect(try read(run.store, nil) == good)
    #expect(run.server.requests.last?.query("versionId") == "v1")
    #expect(try !run.store.findIntact(path("a"), digest: .zero))
    #expect(
      run.server.requests.filter { $0.query("versions") != nil }.allSatisfy { $0.query("prefix") == "pre%2Ffix%2Fa" })
  }

  private static func versions(_ names: [String]) -> String {
    let all = names.enumerated().map { number, name in
      "<Version><Key>pre/fix/a</Key><VersionId>\(name)</VersionId><IsLatest>\(number == 0)</IsLatest>"
        + "<Size>5</Size></Version>"
    }
    return "<ListVersionsResult>\(all.joined())<IsTruncated>false</IsTruncated></ListVersionsResult>"
  }

  @Test("a store without versions, or one that does not show them, has nothing intact", arguments: [501, 403, 400])
  func noVersions(_ status: Int) throws {
    let run = try ScriptedStore { _ in .error(status, status == 403 ? "AccessDenied" : "NotImplemented") }
    #expect(try !run.store.findIntact(path("a"), digest: .zero))
  }

  @Test("a fault on the way while looking for an older version is none of the object's")
  func faultyVersions() throws {
    let run = try ScriptedStore { _ in .error(503, "SlowDown") }
    #expect(failure { _ = try run.store.findIntact(path("a"), digest: .zero) }?.retry?.isThrottled == true)
  }
}
