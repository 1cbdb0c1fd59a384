import Bytes
import Format
import Repository
import TestKit
import Testing

extension EngineTests {
  @Suite("very many blobs")
  struct ManyBlobsTests {
    @Test("tiny ones do not make packs or index objects that no reader takes")
    func tiny() throws {
      let bench = try Bench()
      let count = 470_000
      let access = try bench.writer()
      let session = try BackupSession(access, level: 1)
      let writer = try session.writer()
      for number in 0..<count {
        try withUnsafeBytes(of: number) { bytes in _ = try writer.write(bytes, .data) }
      }
      let draft = SnapshotDraft(
        component: "orders", started: 1, verdict: .complete, reasons: [],
        engine: Snapshot.Engine(kind: "test", version: "", identity: ""), profile: "{}",
        catalogue: Snapshot.Catalogue(level: 0, name: .zero, length: 0, streams: 0), truth: Array("{}".utf8),
        statistics: Snapshot.Statistics())
      let snapshot = try session.commit(draft).snapshot
      #expect(snapshot.index.count == 2)
      let namespace = try Namespace.load(of: access.enrolled, in: access.repository, with: access.identities)
      #expect(namespace.problems.isEmpty && namespace.unindexed.isEmpty)
      #expect(namespace.index.count == count)
      #expect(BlobIndex.bytesPerBlob <= 56)
      #expect(try bench.damage() == [])
    }
  }
}
