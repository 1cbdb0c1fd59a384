import Bytes
import Glibc
import Pipeline
package import Store
import Synchronization
import Testing

/// The contract of a store as one function per promise; each takes an empty store of its own.
package enum StoreContract {
  /// By what they promise.
  package static let promises: [String: @Sendable (any Store) throws -> Void] = [
    "what is put is read back": roundTrip, "put never replaces": neverReplaces, "ranges": ranges,
    "an empty object": empty, "a large object": large, "listings": listings, "a long listing": longListing,
    "missing objects": missing, "deleting": deleting, "one winner": oneWinner, "a limit on reading": limit,
    "folders": folders, "many folders": manyFolders, "digests": digests, "nothing intact elsewhere": nothingIntact,
  ]

  static func path(_ text: String) throws -> StorePath { try StorePath(checking: text) }

  static func roundTrip(_ store: any Store) throws {
    var random = RandomSource(seed: 21)
    for text in ["a", "b/c", "deep/er/and/deep-er/0123abcd", "rescue/00/FORMAT.md", "x/rescue.py"] {
      let bytes = random.bytes(random.number(in: 1...100_000))
      try store.put(path(text), bytes)
      #expect(try store.read(path(text), limit: 100_000) == bytes)
      #expect(try store.size(of: path(text)) == UInt64(bytes.count))
      #expect(try store.contains(path(text)))
    }
    #expect(!store.description.isEmpty)
    #expect(!store.traits.kind.isEmpty)
  }

  static func neverReplaces(_ store: any Store) throws {
    let path = try path("packs/00/object")
    try store.put(path, [1, 2, 3])
    for bytes in [[4, 5, 6, 7], [1, 2, 3], []] as [[UInt8]] {
      let error = #expect(throws: Failure.self) { try store.put(path, bytes) }
      #expect(error?.code == .storeExists)
      #expect(try store.read(path, limit: 10) == [1, 2, 3])
    }
    #expect(try store.list("").count == 1)
  }

  static func ranges(_ store: any Store) throws {
    let object = try path("object")
    let bytes = (0..<100).map { UInt8($0) }
    try store.put(object, bytes)
    let far = UInt64(Int64.max)
    let wanted: [(Range<UInt64>, Range<Int>)] = [
      (0..<100, 0..<100), (0..<1, 0..<1), (99..<100, 99..<100), (10..<20, 10..<20), (0..<0, 0..<0), (50..<50, 50..<50),
      (90..<200, 90..<100), (0..<1000, 0..<100), (100..<101, 100..<100), (200..<300, 100..<100),
      (far..<far + 5, 100..<100), (UInt64.max - 1..<UInt64.max, 100..<100), (0..<UInt64.max, 0..<100),
    ]
    for (range, expected) in wanted {
      var buffer = [UInt8](repeating: 255, count: 128)
      let count = try buffer.withUnsafeMutableBytes { try store.read(object, range, into: $0) }
      #expect(Array(buffer[..<count]) == Array(bytes[expected]), "\(range)")
      #expect(buffer[count...].allSatisfy { $0 == 255 }, "\(range) wrote beyond its end")
    }
    var small = [UInt8](repeating: 255, count: 8)
    #expect(try small.withUnsafeMutableBytes { try store.read(object, 4..<50, into: $0) } == 8)
    #expect(small == Array(bytes[4..<12]))
    #expect(try small.withUnsafeMutableBytes { try store.read(object, nil, into: $0) } == 8)
    #expect(small == Array(bytes[0..<8]))
    #expect(try store.read(object, 0..<10, into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
  }

  static func empty(_ store: any Store) throws {
    let object = try path("empty")
    try store.put(object, [])
    #expect(try store.read(object, limit: 0) == [])
    #expect(try store.size(of: object) == 0)
    #expect(try store.list("") == [StoredObject(path: object, size: 0)])
  }

  static func large(_ store: any Store) throws {
    var random = RandomSource(seed: 22)
    let part = random.bytes(1 << 20)
    var buffer = Buffer(capacity: 64 << 20)
    buffer.count = buffer.capacity
    buffer.withCapacity { all in
      for index in 0..<64 {
        UnsafeMutableRawBufferPointer(rebasing: all[(index << 20)..<((index + 1) << 20)]).copyBytes(from: part)
        all[index << 20] = UInt8(index)
      }
    }
    let object = try path("packs/ff/large")
    try buffer.withBytes { try store.put(object, $0) }
    #expect(try store.size(of: object) == 64 << 20)
    var back = Buffer(capacity: 64 << 20)
    back.count = try back.withCapacity { try store.read(object, nil, into: $0) }
    #expect(back.count == 64 << 20)
    let difference = buffer.withBytes { all in
      back.withBytes { read in
        guard let first = all.baseAddress, let second = read.baseAddress else { return Int32(1) }
        return memcmp(first, second, all.count)
      }
    }
    #expect(difference == 0)
  }

  static func listings(_ store: any Store) throws {
    let all = ["a/b/1", "a/b/2", "a/bc/3", "a/d", "ab", "b", "b-c/e"]
    for (index, text) in all.enumerated() { try store.put(path(text), [UInt8](repeating: 0, count: index)) }
    for prefix in [
      "", "a", "a/", "a/b", "a/b/", "a/b/1", "a/b/1/", "a/bc/", "b", "b/", "b-", "nothing", "nothing/at/all",
    ] {
      let expected = all.enumerated().filter { $0.element.hasPrefix(prefix) }
      let found = try store.list(prefix)
      #expect(found.map(\.path.text) == expected.map(\.element), "\(prefix)")
      #expect(found.map(\.size) == expected.map { UInt64($0.offset) }, "\(prefix)")
    }
    let enough = Failure(.interrupted, "enough")
    var seen = 0
    #expect(throws: enough) {
      try store.list("") { (_) throws(Failure) in
        seen += 1
        if seen == 3 { throw enough }
      }
    }
    #expect(seen == 3)
    for prefix in ["/", "../", "a//b", "A B", ".incoming/", "é"] {
      #expect(throws: Failure.self) { try store.list(prefix) }
    }
  }

  static func longListing(_ store: any Store) throws {
    let expected = try (0..<2050).map { number in
      let name = String(number, radix: 16)
      return try path("packs/\(name.suffix(1))\(name.prefix(1))/\(name)")
    }
    try putAll(expected, store)
    #expect(try store.list("packs/").map(\.path) == expected.sorted())
    var seen: Set<StorePath> = []
    try store.list("packs/") { (object) throws(Failure) in
      if !seen.insert(object.path).inserted { throw Failure(.defect, "seen twice", at: object.path.text) }
    }
    #expect(seen.count == 2050)
  }

  static func missing(_ store: any Store) throws {
    try store.put(path("folder/object"), [1])
    for text in ["missing", "missing/too", "folder/missing", "folder"] {
      let error = #expect(throws: Failure.self) { try store.read(path(text), limit: 10) }
      #expect(error?.code == .storeMissing, "\(text)")
      #expect(try store.size(of: path(text)) == nil)
      #expect(try !store.contains(path(text)))
    }
    #expect(try store.list("missing/") == [])
  }

  static func deleting(_ store: any Store) throws {
    let object = try path("folder/object")
    let other = try path("folder/other")
    try store.put(object, [1])
    try store.put(other, [2])
    for _ in 0..<2 { try store.delete(object) }
    try store.delete(path("never/was"))
    #expect(try store.size(of: object) == nil)
    #expect(try store.list("").map(\.path) == [other])
    try store.put(object, [3])
    #expect(try store.read(object, limit: 1) == [3])
  }

  static func oneWinner(_ store: any Store) throws {
    for round in 0..<20 {
      let object = try path("race/\(round)/object")
      let stop = StopSignal()
      let winners = Mutex<[UInt8]>([])
      let threads = (0..<8).map { number in
        Threads.run(named: "racer", stop: stop) {
          do throws(Failure) {
            try store.put(object, [UInt8](repeating: UInt8(number), count: 10_000))
            winners.withLock { $0.append(UInt8(number)) }
          } catch {
            if error.code != .storeExists { throw error }
          }
        }
      }
      for thread in threads { thread.join() }
      try stop.check()
      let won = winners.withLock { $0 }
      #expect(!won.isEmpty)
      // Where a store cannot refuse, several may have been told that they won, and what is there is one of theirs.
      if store.traits.refusesOverwrites { #expect(won.count == 1) }
      let bytes = try store.read(object, limit: 10_000)
      #expect(won.contains { bytes == [UInt8](repeating: $0, count: 10_000) })
    }
    if store.traits.refusesOverwrites { #expect(try store.list("race/").count == 20) }
  }

  static func limit(_ store: any Store) throws {
    let object = try path("object")
    try store.put(object, [1, 2, 3])
    #expect(try store.read(object, limit: 3) == [1, 2, 3])
    let error = #expect(throws: Failure.self) { try store.read(object, limit: 2) }
    #expect(error?.code == .damaged)
  }

  static func folders(_ store: any Store) throws {
    for text in ["a/b/1", "a/b/2", "a/c/d/3", "a/4", "b/5", "bc"] { try store.put(path(text), [1]) }
    #expect(try store.folders(in: "").sorted() == ["a", "b"])
    #expect(try store.folders(in: "a/").sorted() == ["b", "c"])
    #expect(try store.folders(in: "a/c/") == ["d"])
    for prefix in ["a/b/", "nothing/", "bc/"] { #expect(try store.folders(in: prefix) == [], "\(prefix)") }
    for prefix in ["a", "/", "../", "a//", "é/"] {
      #expect(throws: Failure.self, "\(prefix)") { try store.folders(in: prefix) }
    }
  }

  static func manyFolders(_ store: any Store) throws {
    let names = (0..<1010).map { "f\($0)" }
    try putAll(names.map { try path("deep/\($0)/object") } + [path("deep/object")], store)
    #expect(try store.folders(in: "deep/").sorted() == names.sorted())
  }

  /// A digest that is known is of use to some stores, and changes nothing.
  static func digests(_ store: any Store) throws {
    let digest = try #require(Name(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    for object in [try path("packs/ba/\(digest.hex)"), try path("other")] {
      try store.put(object, Array("abc".utf8), digest: digest)
      #expect(try store.read(object, limit: 3) == Array("abc".utf8))
      let error = #expect(throws: Failure.self) { try store.put(object, Array("abc".utf8), digest: digest) }
      #expect(error?.code == .storeExists)
    }
  }

  static func nothingIntact(_ store: any Store) throws {
    let object = try path("object")
    #expect(try !store.findIntact(object, digest: .zero))
    try store.put(object, [1])
    #expect(try !store.findIntact(object, digest: .zero))
    #expect(try store.read(object, limit: 1) == [1])
  }

  /// Puts small objects from several threads, for a store far away answers each of them late.
  private static func putAll(_ paths: [StorePath], _ store: any Store) throws {
    let stop = StopSignal()
    let threads = (0..<8).map { number in
      Threads.run(named: "filler", stop: stop) {
        for index in stride(from: number, to: paths.count, by: 8) { try store.put(paths[index], [1]) }
      }
    }
    for thread in threads { thread.join() }
    try stop.check()
  }
}
