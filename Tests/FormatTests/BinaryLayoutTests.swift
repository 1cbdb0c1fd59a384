import Bytes
import Cryptography
import Format
import TestKit
import Testing

/// A layout: its bytes, and reading them into something comparable.
struct Layout: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  /// Padding may be cut off these without harm; a layout without padding ends exactly.
  let contentLength: Int
  /// Reads bytes and writes what was read again.
  let copy: @Sendable ([UInt8]) throws -> [UInt8]

  init(
    _ name: String, _ bytes: [UInt8], contentLength: Int? = nil, copy: @escaping @Sendable ([UInt8]) throws -> [UInt8]
  ) {
    testDescription = name
    self.bytes = bytes
    self.contentLength = contentLength ?? bytes.count
    self.copy = copy
  }

  static let all: [Layout] =
    [
      Layout("directory", Sample.directory.content) { try PackDirectory($0).content },
      Layout(
        "padded directory", Padding.pad(Sample.directory.content, with: 0),
        contentLength: Sample.directory.content.count
      ) {
        Padding.pad(try PackDirectory($0).content, with: 0)
      },
      Layout("index", Sample.shard.body, contentLength: Sample.shard.body.count - trailingZeros(Sample.shard.body)) {
        try IndexShard($0).body
      },
      Layout("trailer", PackTrailer(directoryLength: 99).bytes) { try PackTrailer($0, packSize: 1000).bytes },
    ]
    + Sample.lists.enumerated().map { number, list in Layout("list \(number)", list.bytes) { try ListBlob($0).bytes } }

  private static func trailingZeros(_ bytes: [UInt8]) -> Int { bytes.reversed().prefix { $0 == 0 }.count }
}

@Suite("Binary layouts")
struct BinaryLayoutTests {
  @Test("come back as they were", arguments: Layout.all)
  func roundTrip(layout: Layout) throws {
    #expect(try layout.copy(layout.bytes) == layout.bytes)
  }

  @Test("are refused when cut anywhere in what they say", arguments: Layout.all)
  func truncation(layout: Layout) {
    for count in 0..<layout.contentLength {
      let found = code { _ = try layout.copy(Array(layout.bytes.prefix(count))) }
      // Trailing zero bytes of the content cannot be told from padding, but what they stand for is missing.
      #expect(found == .damaged, "cut at \(count)")
    }
  }

  @Test("are refused with a byte behind them", arguments: Layout.all)
  func trailing(layout: Layout) {
    #expect(code { _ = try layout.copy(layout.bytes + [1]) } == .damaged)
  }

  @Test("never trap on a flipped bit, and never lose it silently", arguments: Layout.all)
  func flips(layout: Layout) {
    for bit in 0..<(layout.bytes.count * 8) {
      var flipped = layout.bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      // What is accepted says exactly what stands there: no bit is ignored.
      if let copy = try? layout.copy(flipped) { #expect(copy == flipped, "bit \(bit)") }
    }
  }

  @Test("never trap on any mutation", arguments: Layout.all)
  func mutations(layout: Layout) {
    fuzz(seed: 77, count: 2000) { _, random in
      let mutated = random.mutation(of: layout.bytes)
      do { _ = try layout.copy(mutated) } catch { #expect((error as? Failure)?.code == .damaged) }
      _ = try? layout.copy(random.bytes(random.number(in: 0...200)))
    }
  }

  @Test("a directory that contradicts itself is refused")
  func directories() {
    func refuses(_ entry: DirectoryEntry, at place: SourceLocation = #_sourceLocation) {
      let directory = PackDirectory(
        regionLength: 10 << 20, regionDigest: .zero, keys: Sample.keys, entries: [entry])
      #expect(code { _ = try PackDirectory(directory.content) } == .damaged, sourceLocation: place)
    }
    func entry(
      name: Name = Sample.name(1), kind: BlobKind = .data, flags: BlobFlags = .zstd, depth: UInt8 = 0, key: UInt8 = 0,
      plain: UInt32 = 100, sealed: UInt32 = 90, offset: UInt32 = 0, base: Name = .zero
    ) -> DirectoryEntry {
      DirectoryEntry(
        name: name, kind: kind, flags: flags, depth: depth, key: key, plainLength: plain, sealedLength: sealed,
        offset: offset, base: base)
    }
    refuses(entry(name: .zero))
    refuses(entry(flags: .delta, depth: 1, base: Sample.name(2)))
    refuses(entry(flags: BlobFlags(rawValue: 4)))
    refuses(entry(depth: 1))
    refuses(entry(flags: [.zstd, .delta], depth: 0, base: Sample.name(2)))
    refuses(entry(flags: [.zstd, .delta], depth: 33, base: Sample.name(2)))
    refuses(entry(key: 2))
    refuses(entry(key: 1))
    refuses(entry(kind: .list, key: 0))
    refuses(entry(plain: UInt32(Limits.chunk) + 1))
    refuses(entry(sealed: 39))
    refuses(entry(sealed: UInt32(Limits.chunk) + 1025))
    refuses(entry(flags: [], plain: 100, sealed: 141))
    refuses(entry(offset: 1))
  }

  @Test("a list that contradicts itself is refused")
  func lists() {
    func refuses(_ list: ListBlob, at place: SourceLocation = #_sourceLocation) {
      #expect(code { _ = try ListBlob(list.bytes) } == .damaged, sourceLocation: place)
    }
    let hole = ListChild(name: .zero, length: 5)
    refuses(ListBlob(level: 0, children: .recipe([])))
    refuses(ListBlob(level: 7, children: .recipe([])))
    refuses(ListBlob(level: 2, children: .recipe([hole])))
    refuses(ListBlob(level: 2, children: .catalogue([hole])))
    var overflow = ListBlob(level: 1, children: .recipe([hole, hole])).bytes
    for position in (20 + 32)..<(20 + 40) { overflow[position] = 0xff }
    for position in (20 + 72)..<(20 + 80) { overflow[position] = 0xff }
    #expect(code { _ = try ListBlob(overflow) } == .damaged)
  }

  @Test(
    "a stream whose name could lead out of its folder is refused",
    arguments: ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\0b", String(repeating: "x", count: 4097)])
  func names(name: String) {
    #expect(!StreamEntry.isSafe(Array(name.utf8)))
    let stream = StreamEntry(
      kind: .folder, name: Array(name.utf8), mode: 0, owner: 0, group: 0, modified: 0, root: .empty)
    #expect(code { _ = try ListBlob(ListBlob(level: 1, children: .streams([stream])).bytes) } == .damaged)
  }

  @Test("a stream that contradicts itself is refused")
  func streams() {
    func refuses(
      _ kind: StreamEntry.Kind, target: String = "", _ root: RecipeRoot, at place: SourceLocation = #_sourceLocation
    ) {
      let stream = StreamEntry(
        kind: kind, name: [0x61], target: Array(target.utf8), mode: 0, owner: 0, group: 0, modified: 0, root: root)
      let list = ListBlob(level: 1, children: .streams([stream]))
      #expect(code { _ = try ListBlob(list.bytes) } == .damaged, sourceLocation: place)
    }
    refuses(.folder, RecipeRoot(level: 0, name: Sample.name(1), length: 1))
    refuses(.file, target: "x", .empty)
    refuses(.symbolicLink, .empty)
    refuses(.dump, RecipeRoot(level: 0, name: .zero, length: 1))
    refuses(.dump, RecipeRoot(level: 0, name: Sample.name(1), length: 0))
    refuses(.dump, RecipeRoot(level: 7, name: Sample.name(1), length: 1))
  }

  @Test("a trailer is refused whose directory does not fit into its pack")
  func trailers() {
    let bytes = PackTrailer(directoryLength: 100).bytes
    #expect(throws: Never.self) { try PackTrailer(bytes, packSize: 116) }
    #expect(code { _ = try PackTrailer(bytes, packSize: 115) } == .damaged)
    let long = PackTrailer(directoryLength: UInt32(Limits.directory) + 1).bytes
    #expect(code { _ = try PackTrailer(long, packSize: 1 << 30) } == .damaged)
  }

  @Test("lengths of directories are known before they are written")
  func lengths() {
    #expect(PackDirectory.contentLength(keys: Sample.keys, entries: 3, deltas: 1) == Sample.directory.content.count)
  }
}

@Suite("Padding")
struct PaddingTests {
  @Test(
    "rounds as Padmé says",
    arguments: [
      (0, 0), (1, 1), (2, 2), (3, 3), (7, 7), (8, 8), (9, 10), (17, 18), (25, 26), (100, 104), (129, 144), (255, 256),
      (1000, 1024), (1025, 1088), (65_537, 67_584), (1_000_000, 1_015_808), (16_777_216, 16_777_216),
      (16_777_217, 17_301_504),
    ])
  func values(length: Int, padded: Int) {
    #expect(Padding.padded(length) == padded)
  }

  @Test("never shortens, costs at most 12 in 100, and pads what is padded to itself")
  func bounds() {
    for length in 0..<200_000 {
      let padded = Padding.padded(length)
      guard padded >= length, (padded - length) * 100 <= length * 12, Padding.padded(padded) == padded else {
        Issue.record("\(length) → \(padded)")
        return
      }
    }
  }
}
