import Bytes
import Cryptography
import Format
import Repository
import TestKit
import Testing

@Suite("Chains of deltas over many days, damaged")
struct DeltaDamageTests {
  private let series: DeltaSeries

  init() throws { series = try DeltaSeries(days: 8) }

  /// The versions of a pack that a test puts in its place.
  enum Damage: CaseIterable {
    case removed
    case truncated
    case flippedFirst
    case flippedLast
    case swapped

    func version(of bytes: [UInt8], other: [UInt8], firstBlob: Int) -> [UInt8]? {
      var flipped = bytes
      switch self {
      case .removed: return nil
      case .truncated: return Array(bytes.prefix(30))
      case .swapped: return other
      case .flippedFirst: flipped[firstBlob / 2] ^= 1
      case .flippedLast: flipped[bytes.count - 1] ^= 1
      }
      return flipped
    }
  }

  @Test("undamaged, both ways of reading bring every day back, and a check opens every blob once")
  func whole() throws {
    for (name, dump) in series.dumps {
      #expect(try series.fixture.restore(name) == dump)
      #expect(try series.fixture.restoreFast(name) == dump)
    }
    #expect(series.days.map { $0[0].entry.depth } == [0, 1, 1, 2, 1, 2, 2, 3])
    let report = try series.fixture.check()
    #expect(report.problems.isEmpty, "\(report.problems)")
    #expect(report.blobsOpened == 8 * (4 + 2))
  }

  @Test("a damaged pack is named alone, with every snapshot whose chains pass through it", arguments: Damage.allCases)
  func everyPack(damage: Damage) throws {
    for (day, path) in series.packs.enumerated() {
      let damaged = try series.fixture.copy()
      let other = series.packs[(day + 1) % series.packs.count]
      damaged.store[path] = damage.version(
        of: series.fixture.store[path] ?? [], other: series.fixture.store[other] ?? [],
        firstBlob: series.days[day][0].sealed.count)
      let lost = try damaged.lost(of: series.dumps)
      // The trailer of a pack may be damaged and all of its blobs good.
      #expect(lost == (damage == .flippedLast ? [] : series.snapshots(through: day)), "day \(day)")
      try expectSame(lost, damaged)
      for readData in [true, false] where readData || damage == .removed || damage == .truncated {
        let report = try damaged.check(readData: readData)
        #expect(report.damage.map(\.path) == [path], "\(report.problems)")
        #expect(Set(report.damage.flatMap(\.costs).map(\.name)) == lost, "\(report.problems)")
        #expect(report.damage.allSatisfy { $0.isExact })
      }
      let kept = try damaged.check(asKeeper: true)
      #expect(kept.damage.map(\.path) == [path], "\(kept.problems)")
      #expect(Set(kept.damage.flatMap(\.costs).map(\.name)).isSuperset(of: lost))
    }
  }

  /// What the fast way brings is what the slow one does, and its failures name the same.
  private func expectSame(_ lost: Set<Name>, _ damaged: RepositoryFixture) throws {
    for (name, dump) in series.dumps {
      if lost.contains(name) {
        #expect(throws: Failure.self) { try damaged.restoreFast(name) }
      } else {
        #expect(try damaged.restoreFast(name) == dump)
      }
    }
  }

  @Test("one flipped blob three levels down: restore names its pack, and not the one of the delta")
  func namesThePack() throws {
    let root = series.packs[0]
    series.fixture.store[root]?[series.days[0][0].sealed.count / 2] ^= 1
    let last = try #require(series.snapshots.last)
    for read in [series.fixture.restore, series.fixture.restoreFast] {
      let failure = #expect(throws: Failure.self) { try read(last) }
      #expect(failure?.code == .damaged)
      #expect(failure?.place.contains(root) == true, "\(String(describing: failure))")
    }
  }

  @Test("a second copy of a lost base is used, on every level", arguments: [0, 4, 6, 7])
  func secondCopy(day: Int) throws {
    let damaged = try series.fixture.copy()
    let path = series.packs[day]
    let first = series.days[day][0].sealed.count
    damaged.store[path]?[first / 2] ^= 1
    damaged.store[path]?[first + series.days[day][1].sealed.count / 2] ^= 1
    let forge = try Forge(try damaged.writer())
    // Made whole again by a full copy of each chunk.
    let full = try series.days[day].map { try forge.blob($0.plain) }
    let (_, bytes) = try forge.pack(full)
    damaged.store[ObjectPath.pack(writer: forge.access.id, ObjectDigest.name(of: bytes)).path] = bytes
    #expect(try damaged.lost(of: series.dumps).isEmpty)
    try expectSame([], damaged)
    let report = try damaged.check()
    #expect(report.damage.map(\.path) == [path])
    #expect(report.damage.allSatisfy { $0.costs.isEmpty })
  }

  @Test("a base that decodes and is another one is found out by the name, and its pack is named")
  func wrongBase() throws {
    // A delta in the middle of a chain that was made on other bytes than those of the base it names.
    let (root, end) = (series.days[0][0], series.days[7][0])
    let liar = try series.forge.blob(
      noise(root.plain.count, seed: 77), prefix: root.plain, base: root.name, depth: 1,
      name: series.forge.name([1], .data))
    let top = try series.forge.blob(
      end.plain, prefix: end.plain, base: liar.name, depth: 2, name: series.forge.name([2], .data))
    let name = try series.forge.putSnapshot(of: [top], extra: [liar])
    for read in [series.fixture.restore, series.fixture.restoreFast] {
      #expect(code { _ = try read(name) } == .damaged)
    }
    let report = try series.fixture.check()
    #expect(report.damage.count == 1, "\(report.problems)")
    #expect(report.damage.first?.costs.map(\.name) == [name])
  }

  @Test("entries that lie about depth cost what they would cost, and end", arguments: [1, 2, 32])
  func depthLies(depth: UInt8) throws {
    // Each of these names the one before as its base, and all say the same depth.
    let root = series.days[0][0]
    var chain: [Forge.Blob] = []
    var last = (name: root.name, plain: root.plain)
    for number in 0..<40 {
      let plain = last.plain.dropLast() + [UInt8(number)]
      chain.append(try series.forge.blob(Array(plain), prefix: last.plain, base: last.name, depth: depth))
      last = (chain[number].name, Array(plain))
    }
    let good = try series.forge.putSnapshot(of: [chain[0]])
    let bad = try series.forge.putSnapshot(of: [chain[39]], extra: Array(chain[1..<39]))
    #expect(try series.fixture.restoreFast(good)["a"] == chain[0].plain)
    for read in [series.fixture.restore, series.fixture.restoreFast] {
      #expect(code { _ = try read(bad) } == .damaged)
    }
    for readData in [true, false] {
      let report = try series.fixture.check(readData: readData)
      #expect(report.damage.count == 39, "\(report.problems)")
      #expect(Set(report.damage.flatMap(\.costs).map(\.name)) == [bad])
    }
  }

  @Test("many bad copies on every level of a deep chain are each tried once")
  func manyCopies() throws {
    var base = try series.forge.blob(noise(5000, seed: 9))
    var lost: [Forge.Blob] = []
    for depth in 1...32 {
      let plain = Array(base.plain.dropLast()) + [UInt8(depth)]
      let next = try series.forge.blob(plain, prefix: base.plain, base: base.name, depth: UInt8(depth))
      // Three more of each, which do not open.
      for _ in 0..<4 {
        lost.append(Forge.Blob(entry: next.entry, sealed: noise(next.sealed.count, seed: 1), plain: plain))
      }
      base = next
    }
    // Only the last one is good, and what it needs is not: tried level by level, these would be 4 to the 32nd chains.
    let name = try series.forge.putSnapshot(of: [base], extra: [])
    try series.put(lost)
    for read in [series.fixture.restore, series.fixture.restoreFast] {
      #expect(code { _ = try read(name) } == .damaged)
    }
    let report = try series.fixture.check()
    #expect(report.damage.flatMap(\.costs).contains { $0.name == name })
  }

  @Test("a chain of 32 is read, and its frames may lie across blocks")
  func deepest() throws {
    var blobs = [try series.forge.blob(noise(300_000, seed: 5))]
    var packs = [blobs]
    for depth in 1...32 {
      var plain = blobs[depth - 1].plain
      plain.replaceSubrange((depth * 5000)..<(depth * 5000 + 4000), with: noise(4000, seed: UInt64(depth)))
      blobs.append(
        try series.forge.blob(plain, prefix: blobs[depth - 1].plain, base: blobs[depth - 1].name, depth: UInt8(depth)))
      packs.append([try series.forge.blob(noise(260_000, seed: UInt64(100 + depth))), blobs[depth]])
    }
    for pack in packs.dropLast() { try series.put(pack) }
    let name = try series.forge.putSnapshot(of: [blobs[32], blobs[31], blobs[32], blobs[30]])
    let expected = blobs[32].plain + blobs[31].plain + blobs[32].plain + blobs[30].plain
    #expect(try series.fixture.restore(name)["a"] == expected)
    #expect(try series.fixture.restoreFast(name)["a"] == expected)
    #expect(try series.fixture.check().isSound)
  }
}
