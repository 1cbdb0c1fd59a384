import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import Synchronization
import TestKit
import Testing

extension EngineTests {
  @Suite("streams side by side")
  struct ParallelStreamTests {
    @Test("of any lengths come back as they were, in the order in which they began", arguments: [1, 2, 5])
    func comeBack(_ threads: Int) throws {
      let bench = try Bench()
      let lengths = [20 << 20, 1, 0, 9 << 20, 300_000, 12 << 20, 64, 5 << 20]
      let streams = lengths.enumerated().map { SideBySide.Stream("s\($0)", RandomSource.sample($0, $1)) }
      let source = SideBySide(streams, threads: threads)
      let report = try bench.backup(source.source)
      #expect(report.snapshot.verdict == .complete)
      #expect(report.snapshot.catalogue.streams == UInt64(lengths.count))
      #expect(report.snapshot.statistics.bytes == UInt64(lengths.reduce(0, +)))
      let sink = NamedSink()
      #expect(try bench.restore(into: sink).differences.isEmpty)
      for stream in streams { #expect(sink.bytes[stream.name] == stream.bytes) }
      if threads == 1 { #expect(sink.order == streams.map(\.name)) }
      #expect(try bench.damage().isEmpty)
    }

    @Test("that end in the other order stand in the order in which they began")
    func order() throws {
      let bench = try Bench()
      let long = try Pipe.pair()
      let source = ScriptedSource(parallelStreams: 2) { (sink, _) throws(Failure) in
        let first = Threads.run(named: "first") {
          _ = try? sink.stream(DumpedStream(name: Array("first".utf8), kind: .dump), from: long.reading.number)
        }
        // What was sent is read only once the stream has begun.
        let sent = [UInt8](repeating: 1, count: 8 << 20)
        sent.withUnsafeBytes { try? Transfers.write($0, to: long.writing, stop: StopSignal()) }
        for name in ["second", "third"] {
          let short = open("/dev/null", O_RDONLY)
          _ = try sink.stream(DumpedStream(name: Array(name.utf8), kind: .dump), from: short)
          close(short)
        }
        try sink.entry(DumpedStream(name: Array("folder".utf8), kind: .folder))
        long.closeWriting()
        first.join()
        return DumpOutcome(verdict: .complete)
      }
      try bench.backup(source)
      let sink = NamedSink()
      try bench.restore(into: sink)
      #expect(sink.order == ["first", "second", "third", "folder"])
      #expect(sink.bytes["first"] == [UInt8](repeating: 1, count: 8 << 20))
    }

    @Test("build on what each of them was the day before, however they interleave")
    func deltas() throws {
      let bench = try Bench()
      var streams = (0..<3).map { SideBySide.Stream("table\($0)", RandomSource.sample(40 + $0, 24 << 20)) }
      try bench.backup(SideBySide(streams, threads: 3).source)
      for number in streams.indices {
        // A few bytes everywhere, and some more: neither exact chunks nor the same cuts.
        var bytes = streams[number].bytes
        for place in stride(from: 1000, to: bytes.count, by: 1 << 20) { bytes[place] &+= 1 }
        streams[number] = SideBySide.Stream(streams[number].name, bytes)
      }
      // The other way round: each has to find its own place.
      let report = try bench.backup(SideBySide(Array(streams.reversed()), threads: 3).source)
      let counts = report.snapshot.statistics
      #expect(counts.newChunks > 30)
      #expect(report.deltas > counts.newChunks * 9 / 10)
      #expect(counts.storedBytes < counts.newBytes / 20)
      let sink = NamedSink()
      #expect(try bench.restore(into: sink).differences.isEmpty)
      for stream in streams { #expect(sink.bytes[stream.name] == stream.bytes) }
    }

    @Test("more than the source said are a defect, and leave no snapshot")
    func tooMany() throws {
      let bench = try Bench()
      let streams = (0..<2).map { SideBySide.Stream("s\($0)", []) }
      let source = ScriptedSource(parallelStreams: 1) { (sink, _) throws(Failure) in
        let pipe: Pipe.Pair
        do { pipe = try Pipe.pair() } catch { throw Failure(unexpected: error) }
        let begun = Mutex<Failure?>(nil)
        let first = Threads.run(named: "first") {
          _ = try? sink.stream(DumpedStream(name: Array(streams[0].name.utf8), kind: .dump), from: pipe.reading.number)
        }
        [UInt8](repeating: 1, count: 4 << 20).withUnsafeBytes {
          try? Transfers.write($0, to: pipe.writing, stop: StopSignal())
        }
        do throws(Failure) {
          _ = try sink.stream(DumpedStream(name: Array(streams[1].name.utf8), kind: .dump), from: pipe.reading.number)
        } catch {
          begun.withLock { $0 = error }
        }
        pipe.closeWriting()
        first.join()
        if let failure = begun.withLock({ $0 }) { throw failure }
        return DumpOutcome(verdict: .complete)
      }
      #expect(failure { try bench.backup(source) }?.code == .defect)
      #expect(try bench.history().snapshots.isEmpty)
    }

    @Test("stop together when the store fails")
    func failing() throws {
      let bench = try Bench()
      let streams = (0..<4).map { SideBySide.Stream("s\($0)", RandomSource.sample(60 + $0, 24 << 20)) }
      let full = Failure(.storeFull, "no room")
      let access = try bench.writer(decorate: {
        FaultStore($0, [StoreFault(.fail(full), on: .put, at: "writers/", count: .max)])
      })
      #expect(failure { try bench.backup(SideBySide(streams, threads: 4).source, by: access) }?.code == .storeFull)
      #expect(try bench.history().snapshots.isEmpty)
    }
  }
}

/// A source whose threads take one stream after the other.
struct SideBySide: Sendable {
  struct Stream: Sendable {
    let name: String
    let bytes: [UInt8]

    init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  let streams: [Stream]
  let threads: Int

  init(_ streams: [Stream], threads: Int) {
    self.streams = streams
    self.threads = threads
  }

  var source: ScriptedSource {
    ScriptedSource(parallelStreams: threads) { (sink, stop) throws(Failure) in
      let next = Mutex(0)
      let problem = Mutex<Failure?>(nil)
      let folder = TemporaryFolder()
      let workers = (0..<threads).map { _ in
        Threads.run(named: "stream") { [streams] in
          while let number = next.withLock({ next -> Int? in
            defer { next += 1 }
            return next < streams.count ? next : nil
          }) {
            do {
              let path = folder.path("\(number)")
              try Files.write(path, streams[number].bytes)
              let file = try Descriptor.open(path, O_RDONLY)
              _ = try sink.stream(
                DumpedStream(name: Array(streams[number].name.utf8), kind: .dump), from: file.number)
            } catch {
              problem.withLock { $0 = $0 ?? Failure(unexpected: error) }
              return
            }
          }
        }
      }
      for worker in workers { worker.join() }
      if let problem = problem.withLock({ $0 }) { throw problem }
      return DumpOutcome(verdict: .complete)
    }
  }
}

/// Keeps every stream by its name.
final class NamedSink: RestoreSink {
  private(set) var bytes: [String: [UInt8]] = [:]
  private(set) var order: [String] = []

  func begin(_ stream: StreamEntry) {
    order.append(stream.displayName)
    bytes[stream.displayName] = []
  }
  func write(_ part: UnsafeRawBufferPointer) { bytes[order[order.count - 1], default: []].append(contentsOf: part) }
  func writeHole(_ count: UInt64) {
    bytes[order[order.count - 1], default: []].append(contentsOf: repeatElement(0, count: Int(count)))
  }
  func end() {}
  func finish() {}
  func abandon() {}
}

/// A pipe of the test's.
enum Pipe {
  final class Pair: Sendable {
    let reading: Descriptor
    private let end: Mutex<Int32>

    init(_ reading: Int32, _ writing: Int32) {
      self.reading = Descriptor(owning: reading)
      end = Mutex(writing)
    }

    var writing: Int32 { end.withLock { $0 } }

    func closeWriting() {
      end.withLock { end in
        if end >= 0 { close(end) }
        end = -1
      }
    }

    deinit { closeWriting() }
  }

  static func pair() throws -> Pair {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemError(call: "pipe", subject: "", number: errno) }
    return Pair(ends[0], ends[1])
  }
}
