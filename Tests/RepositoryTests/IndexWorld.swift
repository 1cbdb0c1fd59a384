import Bytes
import Cryptography
import Format
import Repository
import TestKit

/// Packs and index objects as a store may show them, and what an index must say of them: a dictionary, read anew.
struct IndexWorld {
  /// An index object.
  struct Object {
    let name: Name
    let signer: PublicKey
    let shard: IndexShard
  }

  /// Everything that an index says of one copy of a blob.
  struct Copy: Hashable {
    let name: Name
    let pack: Name
    let offset: UInt32
    let sealedLength: UInt32
    let plainLength: UInt32
    let kind: BlobKind
    let flags: UInt8
    let depth: UInt8
    let base: Name
    let key: Name
    let epoch: UInt32
  }

  private(set) var random: RandomSource
  /// The objects that are listed.
  var objects: [Object] = []
  /// Every pack that was ever made.
  private(set) var packs: [IndexedPack] = []
  var states: [Name: PackState] = [:]
  var distrusted: Set<PublicKey> = []
  private let signers: [PublicKey]
  private let keys: [DirectoryKey]
  private var names: [Name] = []

  init(seed: UInt64) {
    var random = RandomSource(seed: seed)
    signers = (0..<3).map { _ in PublicKey(IndexWorld.name(&random)) }
    keys = (0..<6).map { number in
      DirectoryKey(
        kind: number % 2 == 0 ? .blobKey : .listKey, epoch: UInt32(1 + number / 4), id: IndexWorld.name(&random),
        wrap: [1, 2, 3])
    }
    self.random = random
  }

  static func name(_ random: inout RandomSource) -> Name { random.bytes(32).withUnsafeBytes { Name($0) } }

  // MARK: - Changes

  /// Makes a pack of some blobs, new ones and ones that other packs have.
  @discardableResult
  mutating func addPack(blobs: Int) -> IndexedPack {
    let start = 2 * random.number(in: 0...2)
    let entries = (0..<blobs).map { entry($0) }
    let directory = PackDirectory(
      regionLength: 1 << 20, regionDigest: IndexWorld.name(&random), keys: Array(keys[start..<(start + 2)]),
      entries: entries)
    let pack = IndexedPack(name: IndexWorld.name(&random), size: 1 << 21, directory: directory)
    packs.append(pack)
    states[pack.name] = PackState(listedSize: pack.size, isTombstoned: false)
    return pack
  }

  private mutating func entry(_ number: Int) -> DirectoryEntry {
    let isOld = !names.isEmpty && random.number(in: 0...4) == 0
    let name = isOld ? names[random.number(in: 0...(names.count - 1))] : IndexWorld.name(&random)
    names.append(name)
    let depth = UInt8(max(0, random.number(in: -4...8)))
    let isList = random.number(in: 0...9) == 0
    return DirectoryEntry(
      name: name, kind: isList ? .list : .data, flags: depth > 0 ? [.zstd, .delta] : .zstd, depth: depth,
      key: isList ? 1 : 0, plainLength: UInt32(random.number(in: 0...Limits.chunk)),
      sealedLength: UInt32(random.number(in: 40...(Limits.chunk + 1024))), offset: UInt32(number) << 10,
      base: depth > 0 ? IndexWorld.name(&random) : .zero)
  }

  /// Lists an index object of these packs.
  mutating func addObject(_ packs: [IndexedPack]) {
    let history = IndexHistory(
      installation: .random(), sequence: UInt64(objects.count + 1), parents: [IndexWorld.name(&random)])
    objects.append(
      Object(
        name: IndexWorld.name(&random), signer: signers[random.number(in: 0...2)],
        shard: IndexShard(history: history, packs: packs)))
  }

  /// One of many things that happen to a store between two runs.
  mutating func change() {
    switch random.number(in: 0...9) {
    case 0...3:
      let fresh = (0..<random.number(in: 0...3)).map { _ in addPack(blobs: random.number(in: 0...60)) }
      addObject(fresh)
    case 4, 5:
      // An object that repeats what others say, with something new.
      let old = packs.filter { _ in random.number(in: 0...3) == 0 }
      addObject(old + [addPack(blobs: 3)])
    case 6 where !objects.isEmpty: objects.remove(at: random.number(in: 0...(objects.count - 1)))
    case 7:
      distrusted = random.number(in: 0...2) == 0 ? [signers[0]] : []
    case 8 where !packs.isEmpty:
      let pack = packs[random.number(in: 0...(packs.count - 1))]
      let sizes: [UInt64?] = [nil, 5, pack.size, pack.size]
      states[pack.name] = PackState(
        listedSize: sizes[random.number(in: 0...3)], isTombstoned: random.number(in: 0...3) == 0)
    default: break
    }
  }

  // MARK: - What must be

  var trusted: [Object] { objects.filter { !distrusted.contains($0.signer) } }

  func state(_ pack: Name) -> PackState { states[pack] ?? PackState(listedSize: nil, isTombstoned: false) }

  /// What an index must say: every copy in a pack that an object speaks of which is listed and trusted.
  func model() -> [Name: Set<Copy>] {
    var model: [Name: Set<Copy>] = [:]
    var seen: Set<Name> = []
    for pack in trusted.flatMap(\.shard.packs) where seen.insert(pack.name).inserted {
      for entry in pack.directory.entries { model[entry.name, default: []].insert(copy(entry, pack)) }
    }
    return model
  }

  private func copy(_ entry: DirectoryEntry, _ pack: IndexedPack) -> Copy {
    let key = pack.directory.keys[Int(entry.key)]
    return Copy(
      name: entry.name, pack: pack.name, offset: entry.offset, sealedLength: entry.sealedLength,
      plainLength: entry.plainLength, kind: entry.kind, flags: entry.flags.rawValue, depth: entry.depth,
      base: entry.base, key: key.id, epoch: key.epoch)
  }

  static func copy(_ location: BlobLocation, _ index: BlobIndex) -> Copy {
    let entry = index.entry(at: location)
    let key = index.keys[location.key]
    return Copy(
      name: location.name, pack: index.packs[location.pack].name, offset: location.offset,
      sealedLength: location.sealedLength, plainLength: location.plainLength, kind: location.kind,
      flags: location.flags.rawValue, depth: location.depth, base: index.base(of: location) ?? .zero, key: key.id,
      epoch: key.epoch
    )
    .checked(entry)
  }

  /// What differs from the model; empty if the index is right in everything.
  func differences(_ index: BlobIndex) throws -> [String] {
    let model = model()
    var differences: [String] = []
    for (name, expected) in model {
      let found = index.copies(of: name)
      if Set(found.map { IndexWorld.copy($0, index) }) != expected || found.count != expected.count {
        differences.append("\(name): \(found.count) copies and not \(expected.count)")
      }
      if found.map(\.depth) != found.map(\.depth).sorted() { differences.append("\(name): depths") }
      for epoch in [UInt32(1), 2] where !isRight(index.usable(name, epoch: epoch), expected, epoch, index) {
        differences.append("\(name): usable in epoch \(epoch)")
      }
    }
    for name in names where model[name] == nil && !index.copies(of: name).isEmpty {
      differences.append("\(name): is gone and found")
    }
    var rows: [Copy] = []
    try index.forEach { rows.append(IndexWorld.copy($0, index)) }
    let total = model.values.reduce(0) { $0 + $1.count }
    if Set(rows) != Set(model.values.joined()) || rows.count != total {
      differences.append("the rows one by one")
    }
    if rows.map(\.name) != rows.map(\.name).sorted() { differences.append("the order") }
    if index.count != total { differences.append("\(index.count) blobs and not \(total)") }
    return differences
  }

  /// True for the least deep copy that may be relied on, or nil if there is none.
  func isRight(_ location: BlobLocation?, _ expected: Set<Copy>, _ epoch: UInt32, _ index: BlobIndex) -> Bool {
    let usable = expected.filter { copy in
      let state = state(copy.pack)
      return copy.epoch == epoch && state.listedSize == 1 << 21 && !state.isTombstoned
    }
    guard let location else { return usable.isEmpty }
    let found = IndexWorld.copy(location, index)
    return usable.contains(found) && usable.allSatisfy { $0.depth >= found.depth }
  }

  var allNames: [Name] { names }
}

extension IndexWorld.Copy {
  /// Holds what a directory entry made of the location says against the location.
  fileprivate func checked(_ entry: DirectoryEntry) -> IndexWorld.Copy {
    precondition(
      entry.name == name && entry.offset == offset && entry.base == base && entry.depth == depth && entry.kind == kind)
    return self
  }
}

/// One host's folded index of a world.
struct FoldHost {
  let folder: String
  let repository = Identifier.random()
  let writer = Identifier.random()

  func open(_ world: IndexWorld, rowsInMemory: Int = 400_000) throws -> IndexFold {
    let listed = Set(world.objects.map(\.name))
    return try IndexFold(
      try IndexFolder(folder, repository: repository, writer: writer), rowsInMemory: rowsInMemory
    ) { listed.contains($0) && !world.distrusted.contains($1) }
  }

  /// Opens, reads what is new, and finishes; returns how many objects were read too.
  @discardableResult
  func load(_ world: IndexWorld, rowsInMemory: Int = 400_000) throws -> (index: BlobIndex, read: Int) {
    var fold = try open(world, rowsInMemory: rowsInMemory)
    let read = try FoldHost.read(world, &fold)
    return (try fold.finish(world.state), read)
  }

  @discardableResult
  static func read(_ world: IndexWorld, _ fold: inout IndexFold) throws -> Int {
    let new = world.trusted.filter { [folded = fold.folded] in !folded.contains($0.name) }
    for object in new { try fold.add(object.shard, object.name, signer: object.signer) }
    return new.count
  }

  /// The tables' files.
  var files: [String] { Files.names(in: folder).filter { $0.hasSuffix(".blobs") } }
}
