import Bytes
import Format
import Repository
import TestKit
import Testing

@Suite("Bases from a dump that is longer than the window over it")
struct ReferenceWindowTests {
  private let fixture: RepositoryFixture
  private let folder = TemporaryFolder()

  init() throws { fixture = try RepositoryFixture() }

  /// Chunks of a first day, each begun by something of its own.
  private func chunks(_ count: Int, seed: UInt64) -> [[UInt8]] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in random.bytes(400) }
  }

  /// The same with one byte changed in each.
  private func changed(_ chunks: some Sequence<[UInt8]>) -> [[UInt8]] {
    chunks.map { chunk in
      var other = chunk
      other[200] ^= 0xff
      return other
    }
  }

  /// Stores a day and returns how many of its chunks became deltas.
  private func store(_ chunks: [[UInt8]], windowRows: Int = 512) throws -> Int {
    let access = try fixture.writer(state: fixture.host)
    let reference = try ReferenceRun(folder.path("cache"), limit: 1 << 30, access: access, windowRows: windowRows)
    let session = try BackupSession(access, level: 1, reference: reference)
    let (writer, finder) = (try session.writer(), reference.finder())
    var deltas = 0
    for chunk in chunks {
      let written = try chunk.withUnsafeBytes { bytes in
        try writer.write(bytes, cut: [CutChunk(length: bytes.count, hint: finder.find(bytes))])
      }
      for blob in written {
        if blob.isDelta { deltas += 1 }
        if let row = blob.reference { reference.append(row) }
      }
    }
    _ = try session.store([:])
    #expect(reference.promote() != nil)
    #expect(reference.problem == nil)
    return deltas
  }

  @Test("are found all along it, its last rows too", arguments: [511, 512, 513, 2000, 2047, 2049])
  func allAlong(_ count: Int) throws {
    let first = chunks(count, seed: 1)
    #expect(try store(first) == 0)
    #expect(try store(changed(first)) == count)
  }

  @Test("are found again after parts that went and parts that came")
  func lost() throws {
    let first = chunks(4000, seed: 2)
    #expect(try store(first) == 0)
    let fresh = chunks(1500, seed: 3)
    let second = changed(first[..<1000]) + fresh + changed(first[3000...])
    let deltas = try store(second)
    // Eleven steps of 384 rows lead round the roll, and each takes 64 chunks that are not found.
    #expect(deltas >= 1000 + 1000 - 12 * 64, "\(deltas) of 2000 that could be")
    #expect(deltas <= 2000)
  }

  @Test("of several rows that begin alike, the one that is all the same keeps its entry")
  func alike() throws {
    let beginning = chunks(1, seed: 4)[0]
    let first = chunks(300, seed: 5).map { beginning + $0 }
    #expect(try store(first) == 0)
    let before = try Files.read(folder.path("cache/frames-3")).count
    #expect(try store(first) == 0)
    let after = (try? Files.read(folder.path("cache/frames-4")).count) ?? 0
    #expect(after < before / 10, "\(after) bytes were written for a dump that did not change")
  }
}
