import Bytes
import Cryptography
import Format
import Repository
import TestKit
import Testing

@Suite("The index")
struct IndexTests {
  private static let key = DirectoryKey(kind: .blobKey, epoch: 1, id: name(0), wrap: [1])

  private static func name(_ number: UInt64) -> Name {
    var random = RandomSource(seed: number)
    return random.bytes(32).withUnsafeBytes { Name($0) }
  }

  private static func pack(_ number: UInt64, _ names: [Name], depth: UInt8 = 0) -> IndexedPack {
    let entries = names.enumerated().map { position, name in
      DirectoryEntry(
        name: name, kind: .data, flags: depth == 0 ? .zstd : [.zstd, .delta], depth: depth, key: 0, plainLength: 100,
        sealedLength: 90, offset: UInt32(position * 90), base: depth == 0 ? .zero : IndexTests.name(7))
    }
    return IndexedPack(
      name: name(number), size: 16 << 20,
      directory: PackDirectory(regionLength: 15 << 20, regionDigest: name(1), keys: [key], entries: entries))
  }

  @Test("a million blobs in their order")
  func size() throws {
    #expect(BlobIndex.bytesPerBlob <= 56)
    var builder = BlobIndexBuilder()
    var random = RandomSource(seed: 3)
    for number in 0..<1000 {
      let names = (0..<1000).map { _ in random.bytes(32).withUnsafeBytes { Name($0) } }
      try builder.add(
        IndexTests.pack(UInt64(number + 100), names), listedSize: 16 << 20, isTombstoned: false)
    }
    let index = try builder.build()
    #expect(index.count == 1_000_000)
    var inOrder = true
    var last = Name.zero
    try index.forEach { row in
      if row.name < last { inOrder = false }
      last = row.name
    }
    #expect(inOrder)
  }

  @Test("of several copies the least deep comes first, and only what may be relied on is usable")
  func copies() throws {
    let blob = IndexTests.name(5)
    var builder = BlobIndexBuilder()
    try builder.add(IndexTests.pack(10, [blob], depth: 2), listedSize: 16 << 20, isTombstoned: false)
    try builder.add(IndexTests.pack(11, [blob]), listedSize: nil, isTombstoned: false)
    try builder.add(IndexTests.pack(12, [blob]), listedSize: 16 << 20, isTombstoned: true)
    try builder.add(IndexTests.pack(13, [blob]), listedSize: 5, isTombstoned: false)
    try builder.add(IndexTests.pack(13, [blob, blob]), listedSize: 16 << 20, isTombstoned: false)
    let index = try builder.build()
    #expect(index.copies(of: blob).map(\.depth) == [0, 0, 0, 2])
    #expect(index.usable(blob, epoch: 1).map { index.packs[$0.pack].name } == IndexTests.name(10))
    #expect(index.usable(blob, epoch: 2) == nil)
    #expect(index.usable(IndexTests.name(6), epoch: 1) == nil)
    #expect(index.copies(of: IndexTests.name(6)).isEmpty)
    #expect(index.packs.filter(\.isListed).count == 3)
    let delta = try #require(index.copies(of: blob).last)
    #expect(index.base(of: delta) == IndexTests.name(7))
  }
}
