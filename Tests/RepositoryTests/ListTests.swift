import Bytes
import Format
import Repository
import TestKit
import Testing

@Suite("Recipes and catalogues")
struct ListTests {
  private func reader(_ fixture: RepositoryFixture) throws -> BlobReader {
    let access = try fixture.restorer()
    let namespace = try Namespace.load(
      of: access.meta.writers[0], in: access.meta.repository, with: access.meta.identities)
    return BlobReader(try BlobSource(access, namespace: namespace))
  }

  private func child(_ number: Int) -> ListChild {
    var random = RandomSource(seed: UInt64(number))
    let isHole = number % 1000 == 999
    let name = isHole ? Name.zero : random.bytes(32).withUnsafeBytes { Name($0) }
    return ListChild(name: name, length: UInt64(number % 5000 + 1))
  }

  @Test("a recipe of any length walks back to its chunks", arguments: [0, 1, 64, 65, 5_000, 300_000])
  func recipe(count: Int) throws {
    let fixture = try RepositoryFixture()
    let session = try BackupSession(try fixture.writer(), level: 1)
    let worker = try session.writer()
    var lists = 0
    var builder = ListBuilder.recipe { list throws(Failure) in
      lists += 1
      return try worker.write(list)
    }
    var total: UInt64 = 0
    for number in 0..<count {
      try builder.append(child(number))
      total += child(number).length
    }
    let root = try builder.finish()
    _ = try session.commit(.test("orders", .empty, streams: 0))
    #expect(root.length == total)
    #expect(root.level == (count < 2 ? 0 : count < 257 ? 1 : root.level))
    #expect(count < 2 || lists <= count / 64 + 2)
    var walker = RecipeWalker(root, reader: try reader(fixture))
    for number in 0..<count {
      guard try walker.next() == child(number) else {
        Issue.record("child \(number) is another one")
        return
      }
    }
    #expect(try walker.next() == nil)
    #expect(try walker.next() == nil)
  }

  @Test("a change at one place leaves most lists of a long recipe as they were")
  func sharing() throws {
    var stored: [Set<[UInt8]>] = []
    for change in [-1, 12_345] {
      var lists: Set<[UInt8]> = []
      var random = RandomSource(seed: 1)
      var builder = ListBuilder.recipe { list throws(Failure) in
        lists.insert(list.bytes)
        var random = RandomSource(seed: UInt64(truncatingIfNeeded: list.bytes.hashValue))
        return random.bytes(32).withUnsafeBytes { Name($0) }
      }
      for number in 0..<50_000 {
        let bytes = random.bytes(32)
        if number == change { try builder.append(child(1)) }
        try builder.append(ListChild(name: bytes.withUnsafeBytes { Name($0) }, length: 1))
      }
      _ = try builder.finish()
      stored.append(lists)
    }
    #expect(stored[0].count > 100)
    #expect(stored[1].subtracting(stored[0]).count <= 5)
  }

  @Test("a catalogue of 20 000 streams comes back in order")
  func catalogue() throws {
    let fixture = try RepositoryFixture()
    let session = try BackupSession(try fixture.writer(), level: 1)
    let worker = try session.writer()
    var builder = ListBuilder.catalogue { list throws(Failure) in try worker.write(list) }
    func stream(_ number: Int) -> StreamEntry {
      StreamEntry(
        kind: number % 3 == 0 ? .folder : .file, name: Array("folder/\(number)".utf8), mode: UInt32(number % 512),
        owner: 1, group: 2, modified: -Int64(number),
        root: number % 3 == 0 ? .empty : RecipeRoot(level: 0, name: child(number * 2).name, length: 5))
    }
    for number in 0..<20_000 where child(number * 2).name != .zero { try builder.append(stream(number)) }
    let root = try builder.finish()
    _ = try session.commit(.test("orders", .empty, streams: 0))
    let catalogue = Snapshot.Catalogue(level: root.level, name: root.name, length: root.length, streams: 20_000)
    var walker = CatalogueWalker(catalogue, reader: try reader(fixture))
    for number in 0..<20_000 where child(number * 2).name != .zero {
      guard try walker.next() == stream(number) else {
        Issue.record("stream \(number) is another one")
        return
      }
    }
    #expect(try walker.next() == nil)
  }
}
