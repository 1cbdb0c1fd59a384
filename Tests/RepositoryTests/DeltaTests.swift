import Bytes
import Cryptography
import Format
import Repository
import TestKit
import Testing

@Suite("Delta blobs")
struct DeltaTests {
  private let fixture: RepositoryFixture
  private let forge: Forge
  private let days: [[UInt8]]

  init() throws {
    fixture = try RepositoryFixture()
    forge = try Forge(try fixture.writer())
    var day = noise(100_000, seed: 1)
    days = (0..<4).map { number in
      day.replaceSubrange((number * 1000)..<(number * 1000 + 8), with: noise(8, seed: UInt64(number)))
      return day
    }
  }

  private func chain() throws -> [Forge.Blob] {
    var blobs = [try forge.blob(days[0])]
    for depth in 1...3 {
      blobs.append(
        try forge.blob(days[depth], prefix: days[depth - 1], base: blobs[depth - 1].name, depth: UInt8(depth)))
    }
    return blobs
  }

  @Test("deltas three deep read back, and a check opens them")
  func readsBack() throws {
    let blobs = try chain()
    #expect(blobs[1...].allSatisfy { $0.sealed.count < 2000 })
    let name = try forge.putSnapshot(of: [blobs[3], blobs[1]], extra: [blobs[0], blobs[2]])
    #expect(try fixture.restore(name)["a"] == days[3] + days[1])
    let report = try fixture.check()
    #expect(report.isSound, "\(report.problems)")
    #expect(report.blobsOpened == 6)
  }

  @Test("a base that is gone costs the snapshots of its deltas")
  func missingBase() throws {
    let blobs = try chain()
    let name = try forge.putSnapshot(of: [blobs[3]], extra: [blobs[1], blobs[2]])
    #expect(throws: Failure.self) { try fixture.restore(name) }
    let report = try fixture.check()
    #expect(report.damage.contains { $0.costs.map(\.name) == [name] })
  }

  @Test("a delta on another base than it names is refused, though it decodes")
  func wrongBase() throws {
    let base = try forge.blob(days[0])
    let other = try forge.blob(noise(100_000, seed: 99))
    let wrong = try forge.blob(days[1], prefix: days[0], base: other.name, depth: 1)
    let name = try forge.putSnapshot(of: [wrong], extra: [base, other])
    #expect(code { _ = try fixture.restore(name) } == .damaged)
    do {
      let report = try fixture.check()
      #expect(report.damage.count == 1)
      #expect(report.damage.first?.costs.map(\.name) == [name])
    }
  }

  @Test("two blobs that are each the other's delta are refused, and end")
  func circle() throws {
    let first = forge.name(days[0], .data)
    let one = try forge.blob(days[0], prefix: days[1], base: forge.name(days[1], .data), depth: 1)
    let two = try forge.blob(days[1], prefix: days[0], base: first, depth: 1)
    let name = try forge.putSnapshot(of: [one, two])
    #expect(code { _ = try fixture.restore(name) } == .damaged)
    let report = try fixture.check(readData: false)
    #expect(report.damage.count == 2)
    #expect(report.damage.allSatisfy { $0.costs.map(\.name) == [name] })
  }

  @Test("a full copy beside a delta is taken, whatever became of the delta's base")
  func fullCopyWins() throws {
    let delta = try forge.blob(days[1], prefix: days[0], base: forge.name(days[0], .data), depth: 1)
    let full = try forge.blob(days[1])
    let name = try forge.putSnapshot(of: [delta], extra: [full])
    #expect(try fixture.restore(name)["a"] == days[1])
    let report = try fixture.check()
    #expect(report.damage.count == 1)
    #expect(report.damage.allSatisfy { $0.costs.isEmpty })
  }

  @Test("content that is not what its name says is refused, though its seal is good")
  func falseName() throws {
    let liar = try forge.blob(days[0], name: forge.name(days[1], .data))
    let name = try forge.putSnapshot(of: [liar])
    #expect(code { _ = try fixture.restore(name) } == .damaged)
    let report = try fixture.check()
    #expect(report.damage.first?.costs.map(\.name) == [name])
  }

  @Test("a wrapped key that was damaged while it was made costs nothing: another pack of the run has it too")
  func damagedWrap() throws {
    let blob = try forge.blob(days[0])
    let name = try forge.putSnapshot(of: [blob])
    let good = try forge.keys()
    let bad = good.map { key in
      DirectoryKey(kind: key.kind, epoch: key.epoch, id: key.id, wrap: key.wrap.map { $0 ^ 1 })
    }
    // Whatever the order of names, some of these come before the good ones.
    let packs = try (0..<3).map { try forge.putPack([try forge.blob(noise(50, seed: UInt64($0)))], keys: bad) }
    #expect(try fixture.restore(name)["a"] == days[0])
    let report = try fixture.check()
    #expect(Set(report.damage.map(\.path)) == Set(packs))
    #expect(report.damage.allSatisfy { $0.costs.isEmpty })
  }
}
