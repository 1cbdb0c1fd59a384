import Bytes
import Cryptography
import Engine
import Format
import Glibc
import Pipeline
import Repository
import Store
import TestKit
import Testing

extension EngineTests {
  @Suite("what a run stored before its store went away")
  struct UnindexedPackTests {
    /// A store that takes packs, and from then on nothing more.
    private static let gone = Failure(.storeUnavailable, "gone")

    /// A run whose packs are stored and whose index object is not; its dump.
    private func failedRun(_ bench: Bench) throws -> [UInt8] {
      let bytes = RandomSource.sample(77, 40 << 20)
      let index = ObjectPath.folder("index", of: try bench.writer().id)
      let access = try bench.writer { FaultStore($0, [StoreFault(.fail(Self.gone), on: .put, at: index, count: .max)]) }
      let error = #expect(throws: Failure.self) { try bench.backup(try bench.dump(bytes), by: access) }
      #expect(error?.code == .storeUnavailable)
      #expect(packs(bench).count >= 3)
      #expect(!bench.objects.contains { ObjectPath($0)?.kind == "index" })
      return bytes
    }

    private func packs(_ bench: Bench) -> [String] { bench.objects.filter { ObjectPath($0)?.kind == "pack" } }

    private func notes(_ bench: Bench) throws -> [String] {
      let writer = try bench.writer().id.hex
      return Files.tree(bench.statePath).filter { $0.contains("/unindexed/\(writer)/") }
    }

    @Test("is used by the next run, which stores hardly anything")
    func reused() throws {
      let bench = try Bench()
      let bytes = try failedRun(bench)
      #expect(try notes(bench).count == packs(bench).count)
      let report = try bench.backup(bytes)
      #expect(report.snapshot.statistics.newBytes < 1 << 20)
      #expect(try notes(bench) == [])
      #expect(try bench.restored() == bytes)
      #expect(try bench.damage() == [])
    }

    @Test("is stored again where the host lost its state, or a note is cut or changed, or the pack is gone")
    func notBelieved() throws {
      let bench = try Bench()
      let bytes = try failedRun(bench)
      let notes = try notes(bench).sorted()
      var first = try Files.read("\(bench.statePath)/\(notes[0])")
      first[first.count / 2] ^= 1
      try Files.write("\(bench.statePath)/\(notes[0])", first)
      let second = try Files.read("\(bench.statePath)/\(notes[1])")
      try Files.write("\(bench.statePath)/\(notes[1])", Array(second.dropLast()))
      let third = try #require(packs(bench).first { $0.hasSuffix(notes[2].suffix(64)) })
      unlink("\(bench.storePath)/\(third)")
      let report = try bench.backup(bytes)
      #expect(report.snapshot.statistics.newBytes > 30 << 20)
      #expect(try self.notes(bench) == [])
      #expect(try bench.restored() == bytes)
      #expect(try bench.damage() == [])
    }

    @Test("leaves no note behind where a run comes to its end")
    func none() throws {
      let bench = try Bench()
      try bench.backup(RandomSource.sample(78, 20 << 20))
      #expect(try notes(bench) == [])
    }
  }
}
