import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("sources that take too long")
  struct TimeTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private func run(
      _ source: any DumpSource, _ times: SourceTimes, events: @escaping EventSink = { _ in }
    ) throws -> BackupReport {
      try bench.backup(source, events: events) { $0.times = times }
    }

    @Test("a dump that falls silent is ended, and what came of it is quarantined")
    func stall() throws {
      let mark = bench.folder.path("ended")
      let bytes = RandomSource.sample(1, 9 << 20)
      let source = try bench.dump(bytes, then: "trap \"touch '\(mark)'; exit 1\" TERM; sleep 300 & wait")
      let report = try run(source, SourceTimes(stallTimeout: Seconds(1)))
      #expect(report.snapshot.reasons.first == "no bytes came for 1s: the dump was ended")
      #expect(report.failure?.code == .sourceIncomplete)
      #expect(try bench.restored(report.name) == bytes)
      #expect(Files.exists(mark))
    }

    @Test("a dump that goes on and on is ended when its time is over")
    func total() throws {
      let source = CommandSource(CommandSettings(run: ["/bin/sh", "-c", "while echo more; do sleep 0.1; done"]))
      let report = try run(source, SourceTimes(stallTimeout: Seconds(30), timeout: Seconds(1)))
      #expect(report.snapshot.reasons == ["the dump took longer than 1s and was ended"])
      #expect(report.snapshot.statistics.bytes > 0)
    }

    @Test("a tool that closed its output and never ends is ended, too")
    func hangs() throws {
      let source = CommandSource(CommandSettings(run: ["/bin/sh", "-c", "echo all; exec >&-; sleep 300"]))
      let report = try run(source, SourceTimes(stallTimeout: nil, timeout: Seconds(1)))
      #expect(report.snapshot.verdict == .quarantined)
      #expect(try bench.restored(report.name) == Array("all\n".utf8))
    }

    @Test("slow bytes are no silence")
    func slow() throws {
      let source = CommandSource(
        CommandSettings(run: ["/bin/sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done"]))
      let report = try run(source, SourceTimes(stallTimeout: Seconds(1), timeout: Seconds(60)))
      #expect(report.snapshot.verdict == .complete)
    }

    @Test("one of several streams that falls silent ends them all")
    func sideBySide() throws {
      let source = ScriptedSource(parallelStreams: 2) { (sink, stop) throws(Failure) in
        let quiet: Pipe.Pair
        let loud: Pipe.Pair
        do {
          quiet = try Pipe.pair()
          loud = try Pipe.pair()
        } catch {
          throw Failure(unexpected: error)
        }
        let talker = Threads.run(named: "talker") {
          while !stop.isStopped {
            [UInt8](repeating: 7, count: 100).withUnsafeBytes { try? Transfers.write($0, to: loud.writing, stop: stop) }
            usleep(20_000)
          }
        }
        let other = Threads.run(named: "loud") {
          _ = try? sink.stream(DumpedStream(name: Array("loud".utf8), kind: .dump), from: loud.reading.number)
        }
        let summary = try sink.stream(DumpedStream(name: Array("quiet".utf8), kind: .dump), from: quiet.reading.number)
        talker.join()
        other.join()
        // A source that takes no notice: it is quarantined all the same.
        return DumpOutcome(verdict: summary.readingProblem == nil ? .quarantined(["no problem"]) : .complete)
      }
      let report = try run(source, SourceTimes(stallTimeout: Seconds(1)))
      #expect(report.snapshot.reasons == ["no bytes came for 1s: the dump was ended"])
      #expect(report.snapshot.catalogue.streams == 2)
      #expect(try bench.damage().isEmpty)
    }

    @Test("a stop of the run is an interruption, whatever times there are")
    func stopped() throws {
      let stop = StopSignal()
      let source = CommandSource(CommandSettings(run: ["/bin/sh", "-c", "echo begun; sleep 300"]))
      let timer = Threads.run(named: "stopper") {
        usleep(300_000)
        stop.stop(because: Failure(.interrupted, "by the test"))
      }
      let failure = failure {
        _ = try bench.backup(source, stop: stop) { (_: Event) in
        } changing: {
          $0.times = SourceTimes(stallTimeout: Seconds(60), timeout: Seconds(60))
        }
      }
      timer.join()
      #expect(failure?.code == .interrupted)
      #expect(try bench.history().snapshots.isEmpty)
    }

    @Test("a directory that takes too long is quarantined with what there is of it")
    func directory() throws {
      let folder = bench.folder.path("tree")
      try DurableFile.createFolder(folder)
      for number in 0..<40 { try Files.write("\(folder)/\(number)", RandomSource.sample(number, 1000)) }
      let base = DirectorySource(DirectorySettings(path: folder))
      let slow = ScriptedSource { (sink, stop) throws(Failure) in
        try base.dump(into: SlowSink(sink: sink), stop: stop)
      }
      let report = try run(slow, SourceTimes(stallTimeout: nil, timeout: Seconds(1)))
      #expect(report.snapshot.reasons == ["the dump took longer than 1s and was ended"])
      #expect((1..<40).contains(report.snapshot.catalogue.streams))
    }
  }
}

/// Takes a while for each stream.
private struct SlowSink: StreamSink {
  let sink: any StreamSink

  func stream(
    _ stream: DumpedStream, from descriptor: Int32, watcher: (any StreamWatcher)?
  ) throws(Failure) -> StreamSummary {
    usleep(100_000)
    return try sink.stream(stream, from: descriptor, watcher: watcher)
  }

  func entry(_ stream: DumpedStream) throws(Failure) { try sink.entry(stream) }
}
