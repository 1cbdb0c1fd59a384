import Bytes
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

extension EngineTests {
  @Suite("the reference cache")
  struct ReferenceTests {
    @Test("forty days of changes cost a fraction, never deeper than eight, and every day comes back")
    func series() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 1, rows: 15_000)
      var days: [(name: Name, bytes: [UInt8])] = []
      var stored: [UInt64] = []
      for _ in 0..<40 {
        let report = try bench.backup(dump.bytes)
        days.append((report.name, dump.bytes))
        stored.append(report.snapshot.statistics.storedBytes)
        dump.change()
      }
      #expect(stored[1...].max() ?? 0 < stored[0], "\(stored)")
      #expect(stored[1...].reduce(0, +) < 8 * stored[0], "\(stored)")
      for day in days { #expect(try bench.restored(day.name) == day.bytes) }
      #expect(try bench.damage() == [])
      let depths = try bench.depths()
      #expect(depths.max() ?? 0 > 2)
      #expect(depths.allSatisfy { $0 <= 8 })
    }

    @Test("an unchanged dump stores nothing and keeps its entries")
    func unchanged() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 2, rows: 15_000)
      try bench.backup(dump.bytes)
      dump.change()
      try bench.backup(dump.bytes)
      let again = try bench.backup(dump.bytes)
      #expect(again.snapshot.statistics.newChunks == 0)
      let written = try #require(again.cache?.written)
      #expect(written < 10_000, "only the roll is written")
      dump.change()
      let next = try bench.backup(dump.bytes)
      #expect(next.deltas >= next.snapshot.statistics.newChunks - 2)
    }

    @Test("switched off, changed chunks are stored full, and nothing is kept")
    func off() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 3, rows: 10_000)
      try bench.backup(dump.bytes, tuning: Tuning(threads: 2, cache: .off))
      dump.change()
      let report = try bench.backup(dump.bytes, tuning: Tuning(threads: 2, cache: .off))
      #expect(report.deltas == 0)
      #expect(report.cache == nil)
      #expect(bench.cacheFiles.isEmpty)
    }

    @Test("in memory it serves the next run too, and nothing of it lies in the state folder")
    func memory() throws {
      let bench = try Bench()
      let place = "/dev/shm/lifeboat-\(geteuid())/\(bench.keys.writer.repository.hex)"
      defer { _ = try? Program.run(["rm", "-rf", place]) }
      var dump = ChangingDump(seed: 4, rows: 10_000)
      try bench.backup(dump.bytes, tuning: Tuning(threads: 2, cache: .memory))
      dump.change()
      let report = try bench.backup(dump.bytes, tuning: Tuning(threads: 2, cache: .memory))
      #expect(report.deltas > 0)
      #expect(bench.cacheFiles.isEmpty)
      #expect(try bench.restored() == dump.bytes)
    }

    @Test("it never grows over its limit, and what has no room is stored full")
    func limit() throws {
      let bench = try Bench()
      let limit: UInt64 = 1 << 20
      var dump = ChangingDump(seed: 5, rows: 15_000)
      for _ in 0..<4 {
        let report = try bench.backup(dump.bytes, tuning: Tuning(threads: 2, cacheSize: ByteCount(limit)))
        #expect(report.warnings == [])
        let size = bench.cacheFiles.reduce(0) { $0 + ((try? Files.read($1).count) ?? 0) }
        #expect(size <= Int(limit) + 20_000, "a roll is small and may come on top")
        #expect(try bench.restored() == dump.bytes)
        dump.change()
      }
    }

    @Test("a quarantined dump is nothing to build on")
    func quarantined() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 6, rows: 10_000)
      try bench.backup(dump.bytes)
      let before = bench.cacheFiles
      dump.change()
      let broken = try bench.backup(try bench.dump(dump.bytes, then: "exit 1"))
      #expect(broken.snapshot.verdict == .quarantined)
      #expect(bench.cacheFiles == before)
      #expect(broken.cache == nil)
      dump.change()
      #expect(try bench.backup(dump.bytes).deltas > 0)
      #expect(try bench.restored() == dump.bytes)
    }

    @Test("whatever is flipped, cut, swapped or missing in it, every dump comes back, and the store stays sound")
    func spoiled() throws {
      let base = try Bench()
      var dump = ChangingDump(seed: 7, rows: 8_000)
      for _ in 0..<3 {
        try base.backup(dump.bytes)
        dump.change()
      }
      var random = RandomSource(seed: 8)
      let files = base.cacheFiles.map { String($0.dropFirst(base.statePath.utf8.count)) }
      #expect(files.count == 7, "three rolls, three files of frames, the register: \(files)")
      for file in files {
        let bytes = try Files.read(base.statePath + file)
        var versions: [[UInt8]?] = [nil, [], Array(bytes[..<(bytes.count / 2)]), bytes + [0]]
        for _ in 0..<6 {
          var flipped = bytes
          flipped[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
          versions.append(flipped)
        }
        if let other = files.first(where: { $0 != file }) { versions.append(try Files.read(base.statePath + other)) }
        for version in versions {
          let bench = try Bench(copying: base)
          if let version { try Files.write(bench.statePath + file, version) } else { unlink(bench.statePath + file) }
          try bench.backup(dump.bytes)
          #expect(try bench.restored() == dump.bytes, "\(file)")
          #expect(try bench.damage() == [], "\(file)")
        }
      }
    }

    @Test("a folder that cannot be used costs a warning and space, not the backup")
    func unusable() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 9, rows: 5_000)
      try bench.backup(dump.bytes)
      let folder = try bench.writer().repository.state?.referenceFolder(component: "orders") ?? ""
      _ = try Program.run(["rm", "-rf", folder])
      try Files.write(folder, [1])
      dump.change()
      let report = try bench.backup(dump.bytes)
      #expect(report.warnings.contains { $0.contains("reference cache") }, "\(report.warnings)")
      #expect(report.deltas == 0)
      #expect(try bench.restored() == dump.bytes)
    }

    @Test("a base that the store no longer has is not built on: its chunks are stored full")
    func lostBase() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 10, rows: 10_000)
      try bench.backup(dump.bytes)
      dump.change()
      try bench.backup(dump.bytes)
      for pack in bench.objects where pack.contains("/packs/") { unlink("\(bench.storePath)/\(pack)") }
      let again = try bench.backup(dump.bytes)
      #expect(again.deltas == 0)
      #expect(try bench.restored(again.name) == dump.bytes)
      dump.change()
      let next = try bench.backup(dump.bytes)
      #expect(next.deltas > 0)
      #expect(try bench.restored(next.name) == dump.bytes)
    }

    @Test("a restorer fills it again from the store, and the next dump is a difference")
    func refill() throws {
      let bench = try Bench()
      var dump = ChangingDump(seed: 11, rows: 10_000)
      for _ in 0..<3 {
        try bench.backup(dump.bytes)
        dump.change()
      }
      for file in bench.cacheFiles { unlink(file) }
      let access = try RestorerAccess(try bench.open(bench.keys.restorer, state: bench.statePath), to: "test")
      let snapshot = try bench.listed()
      let source = try RestoreRun(access, stop: StopSignal(), progress: RunProgress()).source(of: snapshot)
      let refill = ReferenceRefill(access, stop: StopSignal(), progress: RunProgress())
      let size = try refill.run(snapshot, from: source, tuning: Tuning(threads: 2))
      #expect(size > 1 << 20)
      let report = try bench.backup(dump.bytes)
      #expect(report.deltas >= report.snapshot.statistics.newChunks - 2)
      #expect(try bench.restored() == dump.bytes)
      #expect(try bench.damage() == [])
    }

    @Test("many streams, and a new one among them, find their bases")
    func manyStreams() throws {
      let bench = try Bench()
      var dumps = (0..<5).map { ChangingDump(seed: 20 + $0, rows: 4_000) }
      func source() -> ScriptedSource {
        ScriptedSource(
          dumps.enumerated().map { number, dump in
            (stream: DumpedStream(name: Array("s\(number)".utf8), kind: .dump), bytes: dump.bytes)
          })
      }
      try bench.backup(source())
      for number in dumps.indices { dumps[number].change() }
      dumps.insert(ChangingDump(seed: 30, rows: 4_000), at: 2)
      let report = try bench.backup(source())
      let fresh = UInt64(dumps[2].bytes.count)
      #expect(report.snapshot.statistics.storedBytes < fresh, "\(report.snapshot.statistics)")
      #expect(try bench.restored() == dumps.flatMap(\.bytes))
    }
  }
}

extension Bench {
  /// The files of the reference cache.
  var cacheFiles: [String] {
    Files.tree(statePath).filter { $0.contains("/reference/") }.map { "\(statePath)/\($0)" }
  }

  /// One backup run of these bytes with another tuning.
  @discardableResult
  func backup(_ bytes: [UInt8], tuning: Tuning) throws -> BackupReport {
    let request = BackupRequest(component: "orders", source: try dump(bytes), profile: "{}", tuning: tuning)
    return try BackupRun(try writer(), request, stop: StopSignal(), progress: RunProgress(), events: { _ in }).run()
  }

  /// The depths of all blobs in the store.
  func depths() throws -> [UInt8] {
    let access = try restorer()
    let namespace = try Namespace.load(
      of: try listed().writer, in: access.meta.repository, with: access.meta.identities)
    var depths: [UInt8] = []
    try namespace.index.forEach { (location) throws(Failure) in depths.append(location.depth) }
    return depths
  }
}
