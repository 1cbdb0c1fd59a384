import Bytes
import Cryptography
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
  @Suite("packs that go away while a run relies on them")
  struct VanishingPackTests {
    /// What a prune does.
    enum Prune: String, CaseIterable, CustomTestStringConvertible {
      case removes, tombstones

      var testDescription: String { rawValue }

      func run(_ bench: Bench) throws {
        let writer = try bench.writer().id
        let packs = bench.objects.compactMap { ObjectPath($0) }.filter { $0.kind == "pack" }
        switch self {
        case .removes:
          for pack in packs { unlink("\(bench.storePath)/\(pack.path)") }
        case .tombstones:
          let keeper = try bench.open(bench.keys.keeper)
          let access = try bench.writer()
          _ = try keeper.putSealed(
            .tombstone, writer: writer, body: Tombstone(packs: packs.map(\.name), heads: []).body,
            to: try access.metaAndOwnRecipients()
          ) { .tombstone(writer: writer, $0) }
        }
      }
    }

    @Test("the run starts again and stores anew what they held", arguments: Prune.allCases)
    func startsAgain(_ prune: Prune) throws {
      let bench = try Bench()
      let bytes = RandomSource.sample(1, 20 << 20)
      try bench.backup(bytes)
      let isFirst = Counter()
      let source = ScriptedSource(try bench.dump(bytes)) {
        if isFirst.add() == 1 { try? prune.run(bench) }
      }
      let log = EventLog()
      let report = try bench.backup(source, events: log.sink)
      #expect(isFirst.value == 2)
      #expect(log.all.contains { $0.hasPrefix("warning") && $0.contains("starts again") })
      #expect(report.snapshot.verdict == .complete)
      #expect(report.snapshot.statistics.newBytes == UInt64(bytes.count))
      for object in bench.objects where ObjectPath(object)?.kind == "tombstone" {
        // The grace period is over.
        for pack in try VanishingPackTests.dead(bench, object) { unlink("\(bench.storePath)/\(pack)") }
      }
      #expect(try bench.restored() == bytes)
    }

    @Test("standard input cannot be read again: the run fails and leaves no snapshot", arguments: Prune.allCases)
    func standardInput(_ prune: Prune) throws {
      let bench = try Bench()
      let bytes = RandomSource.sample(2, 20 << 20)
      let first = try bench.backup(bytes)
      try Files.write(bench.folder.path("input"), bytes)
      let input = try Descriptor.open(bench.folder.path("input"), O_RDONLY)
      let source = ScriptedSource(StandardInputSource(StandardInputSettings(), descriptor: input.number)) {
        try? prune.run(bench)
      }
      #expect(failure(of: { try bench.backup(source, repeatable: false) })?.code == .storeMissing)
      #expect(try bench.history().snapshots.map(\.name) == [first.name])
    }

    @Test("a tombstone that the writer signed itself counts for nothing")
    func ownTombstone() throws {
      let bench = try Bench()
      let bytes = RandomSource.sample(3, 5 << 20)
      try bench.backup(bytes)
      let access = try bench.writer()
      let packs = bench.objects.compactMap { ObjectPath($0) }.filter { $0.kind == "pack" }
      _ = try access.repository.putSealed(
        .tombstone, writer: access.id, body: Tombstone(packs: packs.map(\.name), heads: []).body,
        to: try access.metaAndOwnRecipients()
      ) { .tombstone(writer: access.id, $0) }
      let report = try bench.backup(bytes)
      #expect(report.snapshot.statistics.newBytes == 0)
      #expect(report.warnings.count == 1)
    }

    private static func dead(_ bench: Bench, _ object: String) throws -> [String] {
      let keeper = try bench.open(bench.keys.keeper)
      let meta = try MetaAccess(keeper, to: "read a tombstone")
      let writer = try bench.writer().id
      guard let path = ObjectPath(object) else { return [] }
      let envelope = try keeper.openSealed(path, kind: .tombstone, writer: writer, with: meta.identities)
      return try Tombstone(body: envelope.body).packs.map { ObjectPath.pack(writer: writer, $0).path }
    }
  }
}
