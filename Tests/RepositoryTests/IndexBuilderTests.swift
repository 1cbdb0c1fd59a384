import Bytes
import Format
import Repository
import TestKit
import Testing

@Suite("The index that is made for one run")
struct IndexBuilderTests {
  @Test("says what a dictionary would, however little of it fits into memory", arguments: [1, 7, 100, 400_000])
  func model(rowsInMemory: Int) throws {
    var world = IndexWorld(seed: UInt64(rowsInMemory))
    for _ in 0..<40 { world.change() }
    var builder = BlobIndexBuilder(rowsInMemory: rowsInMemory)
    for pack in world.trusted.flatMap(\.shard.packs) {
      let state = world.state(pack.name)
      try builder.add(pack, listedSize: state.listedSize, isTombstoned: state.isTombstoned)
    }
    let index = try builder.build()
    #expect(try world.differences(index) == [])
    try index.checkSound()
  }

  @Test("without a blob there is nothing in it")
  func empty() throws {
    let index = try BlobIndexBuilder().build()
    var random = RandomSource(seed: 1)
    #expect(index.copies(of: IndexWorld.name(&random)).isEmpty)
    #expect(index.count == 0 && index.packs.isEmpty)
    try index.forEach { _ in Issue.record("a row") }
  }

  @Test("names that do not spread, as somebody may choose them, are sorted and found all the same")
  func chosenNames() throws {
    var random = RandomSource(seed: 2)
    let names = (0..<3000).map { number in
      let tail = random.bytes(8)
      return ([UInt8](repeating: number % 3 == 0 ? 255 : 7, count: 24) + tail).withUnsafeBytes { Name($0) }
    }
    let key = DirectoryKey(kind: .blobKey, epoch: 1, id: IndexWorld.name(&random), wrap: [1])
    // The same name a thousand times goes on over many pages.
    let entries = (names + Array(repeating: names[5], count: 1000)).enumerated().map { number, name in
      DirectoryEntry(
        name: name, kind: .data, flags: .zstd, key: 0, plainLength: 9, sealedLength: 60, offset: UInt32(number))
    }
    let directory = PackDirectory(
      regionLength: 1 << 20, regionDigest: IndexWorld.name(&random), keys: [key], entries: entries)
    var builder = BlobIndexBuilder(rowsInMemory: 500)
    try builder.add(
      IndexedPack(name: IndexWorld.name(&random), size: 9, directory: directory), listedSize: 9, isTombstoned: false)
    let index = try builder.build()
    for (number, name) in names.enumerated() where number != 5 {
      #expect(index.copies(of: name).map(\.offset) == [UInt32(number)])
    }
    #expect(index.copies(of: names[5]).count == 1001)
    #expect(index.usable(names[5], epoch: 1)?.offset == 5)
  }

  @Test("where no folder can be written, a large index is a failure of local state")
  func noRoom() throws {
    var world = IndexWorld(seed: 4)
    var builder = BlobIndexBuilder(rowsInMemory: 10, scratch: "/nonexistent")
    let pack = world.addPack(blobs: 20)
    #expect(code { try builder.add(pack, listedSize: 1, isTombstoned: false) } == .stateFailed)
  }
}
