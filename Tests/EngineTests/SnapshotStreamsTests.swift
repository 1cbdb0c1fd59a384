import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Repository
import Synchronization
import TestKit
import Testing

extension EngineTests {
  @Suite("streams of a snapshot, handed to a loader")
  struct SnapshotStreamsTests {
    /// Three long streams, a short one and one of no bytes.
    private static let dumps: [(name: String, bytes: [UInt8])] = [
      ("orders/data-0001.sql", RandomSource.sample(1, 9 << 20)),
      ("orders/data-0002.sql", RandomSource.sample(2, 5 << 20) + [UInt8](repeating: 0, count: 3 << 20) + [7]),
      ("orders/data-0003.sql", RandomSource.sample(3, 6_000_001)),
      ("orders/about.json", Array("{\"version\":1}".utf8)),
      ("orders/nothing", []),
    ]

    private func bench() throws -> Bench {
      let bench = try Bench()
      try bench.backup(
        ScriptedSource(
          SnapshotStreamsTests.dumps.map { (DumpedStream(name: Array($0.name.utf8), kind: .dump), $0.bytes) }))
      return bench
    }

    private func streams(_ bench: Bench, lanes: Int = 2, stop: StopSignal = StopSignal()) throws -> SnapshotStreams {
      let access = try bench.restorer()
      let snapshot = try bench.listed()
      let source = try RestoreRun(access, stop: stop, progress: RunProgress()).source(of: snapshot)
      return try SnapshotStreams(
        snapshot, from: source, access: access, lanes: lanes, stop: stop, progress: RunProgress())
    }

    /// What a stream writes into a pipe, and what it throws.
    private func written(
      _ streams: SnapshotStreams, _ name: String, _ watcher: (any StreamWatcher)? = nil
    ) throws -> (bytes: [UInt8], failure: Failure?) {
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      let reading = ends[0]
      let bytes = Mutex<[UInt8]>([])
      let reader = Threads.run(named: "reader") {
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
          let count = read(reading, &room, room.count)
          if count <= 0 { break }
          bytes.withLock { $0 += room[..<count] }
        }
      }
      let thrown = failure {
        try streams.write(Array(name.utf8), to: ends[1], watcher: watcher, stop: StopSignal())
      }
      close(ends[1])
      reader.join()
      close(reading)
      return (bytes.withLock { $0 }, thrown)
    }

    @Test("are named with their lengths, and each comes whole, three at a time")
    func threeAtATime() throws {
      let bench = try bench()
      defer { withExtendedLifetime(bench) {} }
      let streams = try streams(bench, lanes: 3)
      let wanted = SnapshotStreamsTests.dumps
      #expect(
        Set(streams.streams.map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.length)" })
          == Set(wanted.map { "\($0.name) \($0.bytes.count)" }))
      let equal = Counter()
      let threads = wanted.map { dump in
        Threads.run(named: "lane") {
          guard let out = try? written(streams, dump.name) else { return }
          if out.failure == nil, out.bytes == dump.bytes { _ = equal.add() }
        }
      }
      for thread in threads { thread.join() }
      #expect(equal.value == wanted.count)
      #expect(streams.progress.bytes == UInt64(wanted.reduce(0) { $0 + $1.bytes.count }))
    }

    @Test("a small one is had as a whole, within its limit")
    func small() throws {
      let bench = try bench()
      defer { withExtendedLifetime(bench) {} }
      let streams = try streams(bench)
      let (name, bytes) = SnapshotStreamsTests.dumps[3]
      #expect(try streams.read(Array(name.utf8), limit: bytes.count, stop: StopSignal()) == bytes)
      #expect(try streams.read(Array("orders/nothing".utf8), limit: 0, stop: StopSignal()).isEmpty)
      let long = SnapshotStreamsTests.dumps[1]
      let isEqual = try streams.read(Array(long.name.utf8), limit: 1 << 30, stop: StopSignal()) == long.bytes
      #expect(isEqual)
      let tooLong = failure { _ = try streams.read(Array(name.utf8), limit: bytes.count - 1, stop: StopSignal()) }
      #expect(tooLong?.code == .damaged)
      let unknown = failure { _ = try streams.read(Array("orders/none".utf8), limit: 1, stop: StopSignal()) }
      #expect(unknown?.what == "the snapshot has no stream orders/none")
    }

    private final class Watcher: StreamWatcher {
      var bytes: [UInt8] = []
      var limit = Int.max
      func see(_ part: UnsafeRawBufferPointer) throws(Failure) {
        bytes.append(contentsOf: part)
        if bytes.count > limit { throw Failure(.sourceIncomplete, "the watcher has seen enough") }
      }
    }

    @Test("a watcher sees every byte, and what it throws ends the stream")
    func watched() throws {
      let bench = try bench()
      defer { withExtendedLifetime(bench) {} }
      let streams = try streams(bench)
      let watcher = Watcher()
      let (name, bytes) = SnapshotStreamsTests.dumps[1]
      #expect(try written(streams, name, watcher).failure == nil)
      let isSeen = watcher.bytes == bytes
      #expect(isSeen)
      watcher.limit = bytes.count + 1000
      #expect(try written(streams, name, watcher).failure?.what == "the watcher has seen enough")
    }

    @Test("a loader that goes away is no damage, and the other streams go on")
    func brokenPipe() throws {
      let bench = try bench()
      defer { withExtendedLifetime(bench) {} }
      let streams = try streams(bench)
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      // As the command does; else the write would end this process.
      signal(SIGPIPE, SIG_IGN)
      close(ends[0])
      let (name, bytes) = SnapshotStreamsTests.dumps[0]
      let thrown = failure { try streams.write(Array(name.utf8), to: ends[1], watcher: nil, stop: StopSignal()) }
      close(ends[1])
      #expect(thrown?.code == .targetRefused)
      let isWhole = try written(streams, name).bytes == bytes
      #expect(isWhole)
    }

    @Test("damage is thrown before a wrong byte is written, and a stopped load ends the streams")
    func damage() throws {
      let bench = try bench()
      let pack = try #require(
        bench.objects.filter { ObjectPath($0)?.kind == "pack" }.max {
          (try? Files.read("\(bench.storePath)/\($0)").count) ?? 0 < (try? Files.read("\(bench.storePath)/\($1)").count)
            ?? 0
        })
      var bytes = try Files.read("\(bench.storePath)/\(pack)")
      bytes[bytes.count / 3] ^= 1
      chmod("\(bench.storePath)/\(pack)", 0o600)
      try Files.write("\(bench.storePath)/\(pack)", bytes)
      let streams = try streams(bench)
      var damaged = 0
      for (name, wanted) in SnapshotStreamsTests.dumps {
        let out = try written(streams, name)
        if let failure = out.failure {
          #expect(failure.code == .damaged)
          damaged += 1
        }
        #expect(wanted.starts(with: out.bytes))
      }
      #expect(damaged == 1)
      let stop = StopSignal()
      let stopped = try self.streams(bench, stop: stop)
      stop.stop(because: Failure(.interrupted, "enough"))
      let thrown = failure {
        try stopped.write(Array("orders/data-0002.sql".utf8), to: 1, watcher: nil, stop: stop)
      }
      #expect(thrown?.code == .interrupted)
    }
  }
}
