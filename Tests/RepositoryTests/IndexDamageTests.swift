import Bytes
import Format
import Glibc
import Repository
import TestKit
import Testing

@Suite("A damaged table of the index")
struct IndexDamageTests {
  private let folder = TemporaryFolder()
  private let host: FoldHost
  private let world: IndexWorld
  private let model: [Name: Set<IndexWorld.Copy>]
  private let asked: [Name]

  /// One table, kept a second time beside.
  init() throws {
    host = FoldHost(folder: folder.path("index"))
    var world = IndexWorld(seed: 1)
    for _ in 0..<4 { world.addObject([world.addPack(blobs: 30)]) }
    try host.load(world)
    self.world = world
    model = world.model()
    var strangers = RandomSource(seed: 3)
    asked =
      model.keys.sorted().enumerated().filter { $0.offset % 4 == 0 }.map(\.element)
      + (0..<8).map { _ in IndexWorld.name(&strangers) }
    #expect(host.files.count == 1)
    for file in host.files { link("\(host.folder)/\(file)", folder.path("whole")) }
  }

  /// Puts the table back as it was, under a fresh name and in bytes of its own.
  private func restore() throws -> String {
    for file in host.files { unlink("\(host.folder)/\(file)") }
    let path = "\(host.folder)/\(host.writer.hex)-\(Identifier.random().hex).blobs"
    try Files.write(path, try Files.read(folder.path("whole")))
    return path
  }

  private func flip(_ path: String, _ place: Int) throws {
    let file = try Descriptor.open(path, O_RDWR)
    var byte: UInt8 = 0
    guard pread(file.number, &byte, 1, off_t(place)) == 1 else { throw Failure(.defect, "no such byte") }
    byte ^= 1 << UInt8(place % 8)
    guard pwrite(file.number, &byte, 1, off_t(place)) == 1 else { throw Failure(.defect, "not written") }
  }

  /// False for any answer that is neither right nor "nothing there, and I am damaged".
  private func isHonest(_ index: BlobIndex) -> Bool {
    var isShort = false
    for name in asked {
      let expected = model[name] ?? []
      let found = Set(index.copies(of: name).map { IndexWorld.copy($0, index) })
      if !found.isSubset(of: expected) { return false }
      if found != expected { isShort = true }
      for epoch in [UInt32(1), 2] {
        guard let location = index.usable(name, epoch: epoch) else {
          isShort = isShort || !world.isRight(nil, expected, epoch, index)
          continue
        }
        if !expected.contains(IndexWorld.copy(location, index)) { return false }
      }
    }
    return !isShort || code { try index.checkSound() } == .stateFailed
  }

  @Test("never says anything wrong, whichever byte flips before it is opened")
  func everyByte() throws {
    let size = try Files.read(folder.path("whole")).count
    #expect(size < 40_000)
    var path = try restore()
    for place in 0..<size {
      try flip(path, place)
      let fold = try host.open(world)
      if fold.folded.isEmpty {
        // Found out at once, and taken away.
        #expect(!Files.exists(path))
        path = try restore()
        continue
      }
      var opened = fold
      let index = try opened.finish(world.state)
      #expect(isHonest(index), "byte \(place)")
      if Files.exists(path) { try flip(path, place) } else { path = try restore() }
    }
  }

  @Test("never says anything wrong, whichever byte flips while it is open")
  func whileOpen() throws {
    let size = try Files.read(folder.path("whole")).count
    var path = try restore()
    var fold = try host.open(world)
    var index = try fold.finish(world.state)
    for place in 0..<size {
      try flip(path, place)
      #expect(isHonest(index), "byte \(place)")
      if Files.exists(path) {
        try flip(path, place)
      } else {
        path = try restore()
        fold = try host.open(world)
        index = try fold.finish(world.state)
      }
    }
    #expect(isHonest(index))
  }

  @Test("is hardly ever read for a blob that it does not hold")
  func filter() throws {
    let path = try restore()
    let rows = 4096..<(4096 + 2048 * 3)
    for place in stride(from: rows.lowerBound, to: rows.upperBound, by: 64) { try flip(path, place) }
    let spoiled = try Files.read(path)
    var strangers = RandomSource(seed: 5)
    var read = 0
    for _ in 0..<200 {
      // Whoever reads a page finds it spoiled, and the table is taken away.
      if !Files.exists(path) {
        read += 1
        try Files.write(path, spoiled)
      }
      var fold = try host.open(world)
      let index = try fold.finish(world.state)
      #expect(index.usable(IndexWorld.name(&strangers), epoch: 1) == nil)
    }
    #expect(read < 20)
    var fold = try host.open(world)
    #expect(try fold.finish(world.state).copies(of: asked[0]).isEmpty)
    #expect(!Files.exists(path))
  }

  @Test("is refused when it ends early or goes on, wherever")
  func truncated() throws {
    let whole = try Files.read(folder.path("whole"))
    for length in stride(from: 0, to: whole.count, by: 61) {
      let path = try restore()
      try Files.write(path, whole.prefix(length))
      #expect(try host.open(world).folded.isEmpty, "\(length)")
      #expect(!Files.exists(path))
    }
    try Files.write(try restore(), whole + [0])
    #expect(try host.open(world).folded.isEmpty)
  }

  @Test("that is cut off while it is open is an error and not the end of the process")
  func cutOff() throws {
    let path = try restore()
    var fold = try host.open(world)
    let index = try fold.finish(world.state)
    truncate(path, 8192)
    #expect(isHonest(index))
    #expect(code { try index.forEach { _ in } } == .stateFailed)
    #expect(code { try index.checkSound() } == .stateFailed)
    // What was folded is read again, and all is well.
    #expect(try world.differences(try host.load(world).index) == [])
  }

  @Test("that is removed while it is open goes on to serve")
  func vanished() throws {
    let path = try restore()
    var fold = try host.open(world)
    let index = try fold.finish(world.state)
    unlink(path)
    #expect(try world.differences(index) == [])
  }

  @Test("that is found out while it is merged is made anew from the store")
  func merged() throws {
    let whole = try Files.read(folder.path("whole"))
    var world = world
    world.addObject([world.addPack(blobs: 5)])
    for place in [8192 + 100, 8192 + 5000] where place < whole.count {
      let path = try restore()
      try flip(path, place)
      var fold = try host.open(world)
      _ = try FoldHost.read(world, &fold)
      #expect(code { _ = try fold.finish(world.state) } == .stateFailed)
      #expect(fold.isDamaged)
      #expect(try world.differences(try host.load(world).index) == [])
    }
  }
}
