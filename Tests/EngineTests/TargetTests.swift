import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("targets of a restore")
  struct TargetTests {
    private static let marker = ".lifeboat-restore"

    @Test("a folder with contents is refused and stays as it is")
    func contents() throws {
      let bench = try Bench()
      try bench.backup([1, 2, 3])
      let target = bench.folder.path("target")
      mkdir(target, 0o755)
      try Files.write("\(target)/precious", [9])
      #expect(failure(of: { _ = try FolderSink(target) })?.code == .targetRefused)
      #expect(Files.names(in: target) == ["precious"])
    }

    @Test("a file in the place of the folder is refused")
    func file() throws {
      let bench = try Bench()
      try Files.write(bench.folder.path("target"), [9])
      #expect(failure(of: { _ = try FolderSink(bench.folder.path("target")) })?.code == .targetRefused)
      #expect(try Files.read(bench.folder.path("target")) == [9])
    }

    @Test("a restore that broke off leaves a mark, and can be run again")
    func brokenOff() throws {
      let bench = try Bench()
      let streams = (0..<20).map { number in
        (DumpedStream(name: Array("file-\(number)".utf8), kind: .file), RandomSource.sample(number, 1 << 20))
      }
      try bench.backup(ScriptedSource(streams))
      let target = bench.folder.path("target")
      let stop = StopSignal()
      let sink = StoppingSink(try FolderSink(target), stop, after: 10)
      #expect(failure(of: { try bench.restore(into: sink, stop: stop) })?.code == .interrupted)
      let left = Files.names(in: target)
      #expect(left.contains { $0.hasPrefix(TargetTests.marker) })
      #expect(left.contains("file-3") && !left.contains("file-19"))
      for name in left where name.hasPrefix("file-") {
        let number = Int(name.dropFirst(5)) ?? 0
        #expect(try Files.read("\(target)/\(name)") == streams[number].1, "what is there is whole")
      }

      try bench.restore(into: try FolderSink(target))
      #expect(Files.names(in: target).count == 20)
      #expect(try Files.read("\(target)/file-19") == streams[19].1)
      #expect(failure(of: { _ = try FolderSink(target) })?.code == .targetRefused)
    }

    @Test("a link that a snapshot plants leads nothing out of the folder")
    func plantedLink() throws {
      let bench = try Bench()
      let outside = bench.folder.path("outside")
      mkdir(outside, 0o700)
      try Files.write("\(outside)/secret", [9])
      let link = DumpedStream(name: Array("way".utf8), kind: .symbolicLink(target: Array(outside.utf8)))
      let followers: [DumpedStream] = [
        DumpedStream(name: Array("way/planted".utf8), kind: .file),
        DumpedStream(name: Array("way/deep/planted".utf8), kind: .file),
        DumpedStream(name: Array("way/folder".utf8), kind: .folder, mode: 0o777),
        DumpedStream(name: Array("way/link".utf8), kind: .symbolicLink(target: [0x2f])),
        DumpedStream(name: Array("way".utf8), kind: .file),
        DumpedStream(name: Array("way".utf8), kind: .folder, mode: 0o777),
      ]
      for follower in followers {
        try bench.backup(ScriptedSource([(link, []), (follower, [1])]))
        let target = bench.folder.path(Identifier.random().hex)
        #expect(failure(of: { try bench.restore(into: try FolderSink(target)) })?.code == .targetRefused, "\(follower)")
        #expect(Files.names(in: outside) == ["secret"])
        var status = stat()
        stat(outside, &status)
        #expect(status.st_mode & 0o777 == 0o700, "\(follower)")
      }
    }

    @Test("a folder that is full is told apart from one that is refused")
    func full() throws {
      guard let disk = try SmallDisk(megabytes: 8) else { return }
      let bench = try Bench()
      try bench.backup(RandomSource.sample(1, 20 << 20))
      let target = "\(disk.path)/target"
      let problem = failure(of: { try bench.restore(into: try FolderSink(target)) })
      #expect(problem?.code == .targetFull)
      #expect(Files.names(in: target).allSatisfy { $0.hasPrefix(TargetTests.marker) }, "what is not whole is gone")

      let file = try Descriptor.open("\(disk.path)/stream", O_WRONLY | O_CREAT)
      let sink = DescriptorSink(file.number, stop: StopSignal())
      #expect(failure(of: { try bench.restore(into: sink) })?.code == .targetFull)
    }

    @Test("a reader of the stream that goes away is an error, not a death")
    func goneReader() throws {
      let bench = try Bench()
      try bench.backup(RandomSource.sample(2, 5 << 20))
      // As the program does when it starts.
      signal(SIGPIPE, SIG_IGN)
      var ends: [Int32] = [0, 0]
      try #require(pipe(&ends) == 0)
      close(ends[0])
      let writing = Descriptor(owning: ends[1])
      let problem = failure(of: { try bench.restore(into: DescriptorSink(writing.number, stop: StopSignal())) })
      #expect(problem?.code == .targetRefused)
    }
  }
}

/// Stops the run after so many streams, as a signal would.
private struct StoppingSink: RestoreSink {
  private var base: any RestoreSink
  private let stop: StopSignal
  private var left: Int

  init(_ base: any RestoreSink, _ stop: StopSignal, after count: Int) {
    self.base = base
    self.stop = stop
    left = count
  }

  mutating func begin(_ stream: StreamEntry) throws(Failure) {
    left -= 1
    if left == 0 { stop.stop(because: Failure(.interrupted, "stopped by the test")) }
    try base.begin(stream)
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) { try base.write(bytes) }
  mutating func writeHole(_ count: UInt64) throws(Failure) { try base.writeHole(count) }
  mutating func end() throws(Failure) { try base.end() }
  mutating func finish() throws(Failure) { try base.finish() }
  mutating func abandon() { base.abandon() }
}
