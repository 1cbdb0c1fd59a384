import Bytes
import Cryptography
import Format
import TestKit

/// One good value of every layout.
enum Sample {
  static let repository = Identifier.random()
  static let writer = Identifier.random()
  static let signing = SigningKey()

  static func name(_ number: UInt64) -> Name {
    var random = RandomSource(seed: number)
    return random.bytes(32).withUnsafeBytes { Name($0) }
  }

  static let keys = [
    DirectoryKey(kind: .blobKey, epoch: 1, id: name(1), wrap: [1, 2, 3]),
    DirectoryKey(kind: .listKey, epoch: 1, id: name(2), wrap: []),
  ]

  static let entries = [
    DirectoryEntry(
      name: name(3), kind: .data, flags: [], key: 0, plainLength: 60, sealedLength: 100, offset: 0),
    DirectoryEntry(
      name: name(4), kind: .list, flags: .zstd, key: 1, plainLength: 500, sealedLength: 77, offset: 100),
    DirectoryEntry(
      name: name(5), kind: .data, flags: [.zstd, .delta], depth: 3, key: 0, plainLength: 4 << 20, sealedLength: 40,
      offset: 177, base: name(6)),
  ]

  static let directory = PackDirectory(regionLength: 300, regionDigest: name(7), keys: keys, entries: entries)

  static let shard = IndexShard(
    history: IndexHistory(installation: writer, sequence: 9, parents: [name(8), name(9)]), superseded: [name(10)],
    packs: [IndexedPack(name: name(11), size: 5000, directory: directory)])

  static let streams = [
    StreamEntry(
      kind: .dump, name: Array("orders.sql".utf8), mode: 0o600, owner: 1, group: 2, modified: -5,
      root: RecipeRoot(level: 2, name: name(12), length: 1 << 40)),
    StreamEntry(
      kind: .symbolicLink, name: [0xff, 0x2f, 0x61], target: Array("../x".utf8), mode: 0o777, owner: 0, group: 0,
      modified: .max, root: .empty),
    StreamEntry(kind: .folder, name: Array("f/g".utf8), mode: 0o755, owner: 0, group: 0, modified: .min, root: .empty),
  ]

  static let lists = [
    ListBlob(level: 1, children: .recipe([ListChild(name: name(13), length: 5), ListChild(name: .zero, length: 7)])),
    ListBlob(level: 6, children: .recipe([ListChild(name: name(14), length: 1 << 50)])),
    ListBlob(level: 1, children: .streams(streams)),
    ListBlob(level: 2, children: .catalogue([ListChild(name: name(15), length: 0)])),
    ListBlob(level: 1, children: .recipe([])),
  ]

  static let statement = AuthorityStatement(
    genesisOf: repository, root: signing.publicKey, epoch: Epoch(epoch: 1, data: ["age1x"], meta: ["age1y", "age1z"]),
    keepers: [signing.publicKey], restorers: [], rescue: .init(reader: name(16), format: name(17)))

  static let enrolment = Enrolment(
    writer: writer, revision: 3, label: "db \"1\"", sign: signing.publicKey, recipient: "age1w",
    components: ["orders", "*"], epoch: 1, chunking: .init(minimum: 1, target: 2, maximum: 3),
    content: Base64([1, 2, 3, 4]), lists: Base64([]))

  static let snapshot = Snapshot(
    installation: writer, sequence: 7, parents: [name(18)], authority: name(19), enrolment: name(20),
    component: "orders", started: .max, finished: 1 << 53 + 1, epoch: 1, verdict: .quarantined, reasons: ["a", "b"],
    engine: .init(kind: "sqlite", version: "3", identity: "x"), profile: "{\"a\":1}",
    catalogue: .init(level: 1, name: name(21), length: 5, streams: 2), index: [name(22)],
    keys: keys.map { Snapshot.Key($0) }, sealed: Base64([9]), statistics: .init())

  static let tombstone = Tombstone(packs: [name(23)], heads: [])

  static func record(
    verdict: Record.Verdict = .proven, checks: [Record.Check]? = nil, phases: [UInt64] = [3, 4], ttr: UInt64 = 7
  ) -> Record {
    let passed = Record.Check(name: "count", outcome: .pass, detail: "5 rows", looksAtData: true)
    return Record(
      sort: .drill, drill: "orders", component: "orders", snapshot: name(24), writer: writer,
      writerKey: signing.publicKey, sequence: 7, parents: [name(25)], number: 2, started: .max, verdict: verdict,
      checks: checks ?? [passed], phases: phases.map { Record.Phase(name: "p", nanoseconds: $0) }, ttr: ttr, rto: 5,
      rpo: nil, dataAge: .max, bytes: 9, tool: "lifeboat")
  }
}

/// The code of the failure that `body` throws; nil if it throws none.
func code(_ body: () throws -> Void) -> Failure.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? Failure)?.code
  }
}
