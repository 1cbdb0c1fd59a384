import Bytes
import Drills
import Format
import Glibc
import Pipeline
import Profiles
import Repository
import Store
import TestKit
import Testing

@Suite("A drill that meets trouble")
struct DamageTests {
  @Test("fails with a clear reason on damaged packs, and says how long it took to find out")
  func damagedPack() throws {
    let bench = try Bench()
    try bench.backUp()
    try bench.eachPack { path in
      var bytes = try Files.read(path)
      for offset in stride(from: 20, to: min(bytes.count, 2000), by: 40) { bytes[offset] ^= 0x40 }
      chmod(path, 0o600)
      try Files.write(path, bytes)
    }
    let report = try bench.run(try bench.drill())
    #expect(report.record.verdict == .failed)
    #expect(report.outcomes == ["restore fail", "integrity skipped", "manifest skipped"])
    #expect(report.record.checks[0].detail.contains(bench.packs), "\(report.record.checks[0].detail)")
    #expect(report.record.phases.reduce(0) { $0 + $1.nanoseconds.value } == report.record.ttr.value)
    #expect(bench.leftovers == [])
    let history = try bench.history()
    #expect(history.problems == [] && history.lines.map(\.name) == [report.name])
    #expect(history.components[0].recoveryTimes == [])
  }

  @Test("fails when packs are missing")
  func missingPack() throws {
    let bench = try Bench()
    try bench.backUp()
    try bench.eachPack { unlink($0) }
    let report = try bench.run(try bench.drill())
    #expect(report.record.verdict == .failed && report.outcomes[0] == "restore fail")
    #expect(bench.leftovers == [])
  }

  @Test("looks again when a pack vanishes under the restore, before it calls that damage")
  func vanishingPack() throws {
    let bench = try Bench()
    try bench.backUp()
    let gone = Failure(.storeMissing, "no such object")
    let once = FaultStore(bench.store, [StoreFault(.fail(gone), on: .read, at: bench.packs)])
    let events = Events()
    #expect(try bench.run(try bench.drill(), store: once, events: events).record.verdict == .proven)
    #expect(once.unexercised == [] && events.notes.contains { $0.contains("fresh listing") })
    let always = FaultStore(bench.store, [StoreFault(.fail(gone), on: .read, at: bench.packs, count: .max)])
    #expect(try bench.run(try bench.drill(), store: always).record.verdict == .failed)
  }

  @Test("throws what a store says that does not answer: no verdict on the data, and an inconclusive record")
  func transport() throws {
    let bench = try Bench()
    try bench.backUp()
    let broken = Failure(.storeUnavailable, "the connection was lost")
    let store = FaultStore(bench.store, [StoreFault(.fail(broken), on: .read, at: bench.packs, count: .max)])
    let thrown = #expect(throws: Failure.self) { try bench.run(try bench.drill(), store: store) }
    #expect(thrown?.code == .storeUnavailable)
    let line = try #require(try bench.history().lines.first)
    #expect(line.record.verdict == .inconclusive)
    #expect(line.record.checks.map(\.outcome) == [.unmeasured, .skipped, .skipped])
    #expect(line.record.phases.reduce(0) { $0 + $1.nanoseconds.value } == line.record.ttr.value)
    #expect(bench.leftovers == [])
  }

  @Test("is no proof without its record, and leaves no data behind then either")
  func recordRefused() throws {
    let bench = try Bench()
    try bench.backUp()
    let denied = Failure(.storeDenied, "not allowed")
    let store = FaultStore(bench.store, [StoreFault(.fail(denied), on: .put, at: "records/", count: .max)])
    let events = Events()
    let thrown = #expect(throws: Failure.self) { try bench.run(try bench.drill(), store: store, events: events) }
    #expect(thrown?.code == .storeDenied && thrown?.place.contains("record of drill orders-lost") == true)
    #expect(events.warnings.contains { $0.contains("no record") })
    #expect(try bench.history().lines.isEmpty && bench.leftovers == [])
  }

  @Test("needs a restorer key, and says so before it restores anything")
  func wrongRole() throws {
    let bench = try Bench()
    try bench.backUp()
    for key in [bench.keys.writer, bench.keys.keeper] {
      let thrown = #expect(throws: Failure.self) { try bench.run(try bench.drill(), key: key) }
      #expect(thrown?.code == .keyWrongRole && thrown?.next.contains("restorer") == true)
    }
    #expect(bench.leftovers == [])
  }

  @Test("does not begin to restore what does not fit")
  func noSpace() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let bench = try Bench()
    try bench.change("INSERT INTO invoice (note) VALUES (hex(randomblob(1000000)));")
    try bench.backUp()
    var drill = try bench.drill()
    drill.target.folder = disk.path
    let thrown = #expect(throws: Failure.self) { try bench.run(drill) }
    #expect(thrown?.code == .targetFull)
    #expect(Files.names(in: disk.path) == [])
    #expect(try bench.history().lines.map(\.record.verdict) == [.inconclusive])
    drill.target.folder = "\(disk.path)/nowhere"
    #expect(#expect(throws: Failure.self) { try bench.run(drill) }?.code == .targetRefused)
  }

  @Test("stopped in the restore or in a check: nothing is proven and nothing left behind")
  func stopped() throws {
    let bench = try Bench()
    try bench.backUp()
    let reason = Failure(.interrupted, "interrupted by a test")
    let early = StopSignal()
    let store = FaultStore(
      bench.store, [StoreFault(.before { early.stop(because: reason) }, on: .read, at: bench.packs)])
    #expect(#expect(throws: Failure.self) { try bench.run(try bench.drill(), store: store, stop: early) } == reason)
    #expect(bench.leftovers == [])

    let late = StopSignal()
    let flag = bench.folder.path("started")
    let watcher = Threads.run(named: "watcher") {
      while !Files.exists(flag) { usleep(2_000) }
      late.stop(because: reason)
    }
    let drill = try bench.drill("[integrity, {run: {name: slow, command: 'touch \(flag); sleep 60'}}, manifest]")
    #expect(#expect(throws: Failure.self) { try bench.run(drill, stop: late) } == reason)
    watcher.join()
    #expect(bench.leftovers == [])
    let lines = try bench.history().lines
    #expect(lines.map(\.record.verdict) == [.inconclusive, .inconclusive])
    #expect(lines[1].record.checks.map(\.outcome) == [.pass, .pass, .skipped, .skipped])
  }

  @Test("removes what a killed drill left behind, and nothing that is in use, kept, young or not its own")
  func sweeping() throws {
    let bench = try Bench()
    try bench.backUp()
    let random = Identifier.random().hex
    let names = ["lifeboat-drill-\(random)", "lifeboat-kept-\(random)", "lifeboat-drill-notes", "other"]
    let young = "lifeboat-drill-\(Identifier.random().hex)"
    let used = "lifeboat-drill-\(Identifier.random().hex)"
    for name in names + [young, used] {
      try DurableFile.createFolder("\(bench.scratch)/\(name)/inner")
      try Files.write("\(bench.scratch)/\(name)/inner/orders.db", [1])
    }
    let lock = try Descriptor.open("\(bench.scratch)/\(used)", O_RDONLY | O_DIRECTORY)
    #expect(flock(lock.number, LOCK_EX) == 0)
    for name in names + [used] {
      let old = timeval(tv_sec: time(nil) - 3_600, tv_usec: 0)
      #expect(utimes("\(bench.scratch)/\(name)", [old, old]) == 0)
    }
    try bench.run(try bench.drill())
    #expect(bench.leftovers == (names.dropFirst() + [young, used]).sorted())
  }
}
