import Bytes
import Format
import Repository
import TestKit

/// A component backed up day after day, each changed chunk as a delta on that of an earlier day: one pack of deltas,
/// one of lists, one index and one snapshot a day.
struct DeltaSeries {
  let fixture: RepositoryFixture
  let forge: Forge
  /// What each snapshot holds.
  private(set) var dumps: [Name: Dump] = [:]
  /// The snapshots, in the order of days.
  private(set) var snapshots: [Name] = []
  /// The paths of the packs of chunks, in the order of days.
  private(set) var packs: [String] = []
  /// The chunks of each day.
  private(set) var days: [[Forge.Blob]] = []
  private let installation = Identifier.random()

  /// The day whose chunks are the bases: the number without its lowest one bit, so that the depth of a day is the
  /// number of ones in it.
  static func base(ofDay day: Int) -> Int { day & (day - 1) }

  init(days count: Int, chunks: Int = 4, of length: Int = 20_000) throws {
    fixture = try RepositoryFixture()
    forge = try Forge(try fixture.writer())
    var plain = (0..<chunks).map { noise(length, seed: UInt64($0) + 1) }
    for day in 0..<count {
      for number in plain.indices { DeltaSeries.change(&plain[number], day: day) }
      try add(plain)
    }
  }

  /// Overwrites a few bytes at a place that depends on the day.
  private static func change(_ chunk: inout [UInt8], day: Int) {
    let start = (day * 977) % (chunk.count - 16)
    chunk.replaceSubrange(start..<(start + 16), with: noise(16, seed: UInt64(1000 + day)))
  }

  private mutating func add(_ plain: [[UInt8]]) throws {
    let day = days.count
    let base = day == 0 ? nil : days[DeltaSeries.base(ofDay: day)]
    var blobs: [Forge.Blob] = []
    for (number, bytes) in plain.enumerated() {
      let base = base?[number]
      blobs.append(
        try forge.blob(
          bytes, prefix: base?.plain, base: base?.name ?? .zero, depth: base.map { $0.entry.depth + 1 } ?? 0))
    }
    days.append(blobs)
    let (catalogue, lists) = try forge.lists(of: blobs)
    let chunks = try put(blobs)
    packs.append(ObjectPath.pack(writer: forge.access.id, chunks.name).path)
    let parents = snapshots.suffix(1).map { $0 }
    let shard = IndexShard(
      history: IndexHistory(installation: installation, sequence: UInt64(day + 1), parents: parents),
      packs: [chunks, try put(lists)])
    try forge.put(.index, shard.body) { .index(writer: forge.access.id, $0) }
    let body = forge.snapshotBody(
      catalogue: catalogue, sequence: UInt64(day + 1), parents: parents, installation: installation)
    let path = try forge.put(.snapshot, body) { .snapshot(writer: forge.access.id, $0) }
    guard let name = ObjectPath(path)?.name else { throw Failure(.defect, "a path that is none") }
    snapshots.append(name)
    dumps[name] = ["a": plain.flatMap { $0 }]
  }

  /// Puts a pack that no test damages by its place in `packs`.
  @discardableResult
  func put(_ blobs: [Forge.Blob]) throws -> IndexedPack {
    let (pack, bytes) = try forge.pack(blobs)
    fixture.store[ObjectPath.pack(writer: forge.access.id, pack.name).path] = bytes
    return pack
  }

  /// The snapshots of the days whose chains pass through a day, that day's own included.
  func snapshots(through day: Int) -> Set<Name> {
    Set(
      snapshots.indices.filter { number in
        var place = number
        while place > day { place = DeltaSeries.base(ofDay: place) }
        return place == day
      }.map { snapshots[$0] })
  }
}

extension RepositoryFixture {
  /// Reads a snapshot back as a restore does: chains planned, blocks shared, names of bases not computed.
  func restoreFast(_ name: Name) throws -> Dump {
    let access = try restorer()
    guard let listed = try SnapshotHistory.load(access.meta).snapshots.first(where: { $0.name == name }) else {
      throw Failure(.damaged, "no such snapshot", at: name.hex)
    }
    let namespace = try Namespace.load(
      of: listed.writer, in: access.meta.repository, with: access.meta.identities, readingPacks: true)
    let source = try BlobSource(access, namespace: namespace)
    let (lists, chunks) = (BlobReader(source), ChainReader(source))
    let blocks = PackBlocks(source, capacity: 1 << 20)
    var dump: Dump = [:]
    var catalogue = CatalogueWalker(listed.snapshot.catalogue, reader: lists)
    while let stream = try catalogue.next() {
      var bytes: [UInt8] = []
      var recipe = RecipeWalker(stream.root, reader: lists)
      while let child = try recipe.next() {
        let chain = try source.chain(to: child.name, length: child.length)
        let chunk = PlannedChunk(chain, blocks.spans(of: chain.frames).spans[...])
        var plain = [UInt8](repeating: 0, count: chunk.length)
        try plain.withUnsafeMutableBytes { try chunks.read([chunk], into: $0) }
        bytes += plain
      }
      dump[stream.displayName] = bytes
    }
    return dump
  }
}

extension Forge {
  /// The lists of a snapshot of one stream made of these chunks, and its catalogue.
  func lists(of chunks: [Blob]) throws -> (catalogue: Snapshot.Catalogue, blobs: [Blob]) {
    let total = chunks.reduce(0) { $0 + UInt64($1.plain.count) }
    let recipe = ListBlob(
      level: 1, children: .recipe(chunks.map { ListChild(name: $0.name, length: UInt64($0.plain.count)) }))
    let recipeBlob = try blob(recipe.bytes, .list)
    let stream = StreamEntry(
      kind: .dump, name: Array("a".utf8), mode: 0, owner: 0, group: 0, modified: 0,
      root: RecipeRoot(level: 1, name: recipeBlob.name, length: total))
    let catalogue = try blob(ListBlob(level: 1, children: .streams([stream])).bytes, .list)
    return (Snapshot.Catalogue(level: 1, name: catalogue.name, length: total, streams: 1), [recipeBlob, catalogue])
  }
}
