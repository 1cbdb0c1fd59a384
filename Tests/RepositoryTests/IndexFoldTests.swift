import Bytes
import Format
import Glibc
import Pipeline
import Repository
import TestKit
import Testing

@Suite("The index that a writer's host keeps")
struct IndexFoldTests {
  private let folder = TemporaryFolder()
  private let host: FoldHost

  init() { host = FoldHost(folder: folder.path("index")) }

  @Test("says at any time what reading everything anew would, whatever appears and vanishes", arguments: 0..<6)
  func asFromScratch(seed: Int) throws {
    var world = IndexWorld(seed: UInt64(seed))
    let rows = [5, 40, 400_000][seed % 3]
    for round in 0..<60 {
      for _ in 0..<3 { world.change() }
      let index = try host.load(world, rowsInMemory: rows).index
      #expect(try world.differences(index) == [], "round \(round)")
      // A second run finds everything folded.
      let again = try host.load(world, rowsInMemory: rows)
      #expect(again.read == 0, "round \(round)")
      if round % 10 == 0 { #expect(try world.differences(again.index) == []) }
    }
  }

  @Test("files that are removed, cut off or spoiled between runs cost reading again, nothing else", arguments: 0..<6)
  func spoiled(seed: Int) throws {
    var world = IndexWorld(seed: UInt64(100 + seed))
    var random = RandomSource(seed: UInt64(seed))
    for round in 0..<60 {
      for _ in 0..<3 { world.change() }
      if let file = host.files.randomElement(using: &random) {
        let path = "\(host.folder)/\(file)"
        let bytes = try Files.read(path)
        switch random.number(in: 0...4) {
        case 0: unlink(path)
        case 1: try Files.write(path, bytes.prefix(random.number(in: 0...(bytes.count - 1))))
        case 2: try Files.write(path, random.mutation(of: bytes))
        case 3: try Files.write(path, [UInt8](repeating: 0, count: bytes.count))
        default: break
        }
      }
      // A table may be found out when it is asked: from then on it holds nothing, and the next run makes it anew.
      for _ in 0..<20 {
        guard var fold = try? host.open(world, rowsInMemory: 20) else { continue }
        _ = try FoldHost.read(world, &fold)
        guard let index = try? fold.finish(world.state) else {
          #expect(fold.isDamaged)
          continue
        }
        let differences = (try? world.differences(index)) ?? ["unreadable"]
        #expect(try differences.isEmpty || isDamaged(index), "round \(round): \(differences)")
        if differences.isEmpty { break }
      }
      #expect(try world.differences(try host.load(world).index) == [], "round \(round)")
    }
  }

  private func isDamaged(_ index: BlobIndex) throws -> Bool {
    code { try index.checkSound() } == .stateFailed
  }

  @Test("a run that ends between writing a table and removing those it took in leaves a good state")
  func crashAfterRename() throws {
    var world = IndexWorld(seed: 7)
    for round in 0..<30 {
      for _ in 0..<2 { world.change() }
      let before = host.files
      for file in before { link("\(host.folder)/\(file)", folder.path(file)) }
      try host.load(world)
      for file in before {
        link(folder.path(file), "\(host.folder)/\(file)")
        unlink(folder.path(file))
      }
      try Files.write("\(host.folder)/\(host.writer.hex)-\(Identifier.random().hex).blobs.part", [1, 2, 3])
      let again = try host.load(world)
      #expect(try world.differences(again.index) == [], "round \(round)")
    }
  }

  @Test("two runs at the same time each get a good index, and what both wrote is tidied up")
  func interleaved() throws {
    var world = IndexWorld(seed: 8)
    for round in 0..<40 {
      for _ in 0..<3 { world.change() }
      var one = try host.open(world)
      _ = try FoldHost.read(world, &one)
      var later = world
      later.change()
      var other = try host.open(later)
      _ = try FoldHost.read(later, &other)
      let first = try one.finish(world.state)
      let second = try other.finish(later.state)
      #expect(try world.differences(first) == [], "round \(round)")
      #expect(try later.differences(second) == [], "round \(round)")
      world = later
      #expect(try world.differences(try host.load(world).index) == [], "round \(round)")
    }
    #expect(host.files.count < 12)
  }

  @Test("threads that fold into one folder at the same time all get it right")
  func threads() throws {
    var world = IndexWorld(seed: 9)
    for _ in 0..<40 { world.change() }
    let (host, shown) = (host, world)
    let problems = Counter()
    let threads = (0..<4).map { _ in
      Threads.run(named: "fold") {
        for _ in 0..<10 {
          // Another thread may take a file away between the listing and the opening, which is no failure.
          let index = try? host.load(shown).index
          let differences = index.flatMap { try? shown.differences($0) }
          if differences != [] { problems.add(1) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(problems.value == 0)
  }

  @Test("a table of another writer or repository counts for nothing")
  func foreign() throws {
    var world = IndexWorld(seed: 10)
    for _ in 0..<10 { world.change() }
    try host.load(world)
    let other = FoldHost(folder: host.folder)
    for file in host.files {
      let name = file.replacing(host.writer.hex, with: other.writer.hex)
      try Files.write("\(host.folder)/\(name)", try Files.read("\(host.folder)/\(file)"))
    }
    #expect(try other.open(world).folded.isEmpty)
    #expect(try !host.open(world).folded.isEmpty)
  }

  @Test("few tables stay, however many runs there were")
  func few() throws {
    var world = IndexWorld(seed: 11)
    for _ in 0..<200 {
      world.addObject([world.addPack(blobs: 100)])
      #expect(try host.load(world).read == 1)
      #expect(host.files.count <= 4)
    }
    #expect(try world.differences(try host.load(world).index) == [])
  }

  @Test("a full disk is a failure of local state, and leaves what was there")
  func fullDisk() throws {
    guard let disk = try SmallDisk(megabytes: 2) else { return }
    var world = IndexWorld(seed: 12)
    world.addObject([world.addPack(blobs: 50)])
    let host = FoldHost(folder: "\(disk.path)/index")
    try host.load(world)
    let small = world
    world.addObject((0..<30).map { _ in world.addPack(blobs: 2000) })
    #expect(code { try host.load(world) } == .stateFailed)
    #expect(try small.differences(try host.load(small).index) == [])
    #expect(!Files.names(in: host.folder).contains { $0.hasSuffix(".part") })
  }
}
