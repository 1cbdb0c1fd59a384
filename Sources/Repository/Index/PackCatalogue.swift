import Bytes
import Cryptography
import Format

/// The packs that a table's rows speak of, their keys, and the index objects that said so.
struct PackCatalogue: Sendable {
  /// An index object whose content the table holds.
  struct Source: Sendable, Equatable {
    let name: Name
    /// Who signed it: looked at again each time, for a key may have been closed since.
    let signer: PublicKey
    let history: IndexHistory
    /// It also speaks of packs whose rows came from another object. If that one goes, this one must be read again.
    let repeats: Bool
  }

  /// A pack; whether it may be relied on is for the store's listing to say.
  struct Pack: Sendable, Equatable {
    let name: Name
    let size: UInt64
    let regionLength: UInt64
    let regionDigest: Name
    /// Position in `sources` of the object that its rows come from; `none` if it is the pack itself.
    let source: UInt32
    let blobs: UInt32
    /// Where in `keyNumbers` its keys begin, and how many it has.
    let firstKey: UInt32
    let keyCount: UInt16
  }

  static let none = UInt32.max
  /// Wraps of a key that are kept besides the first: a bit that flipped while one was made must not cost a whole run.
  private static let spares = 3

  private(set) var sources: [Source] = []
  private(set) var packs: [Pack] = []
  private(set) var keys: [DirectoryKey] = []
  private(set) var spareKeys: [Name: [DirectoryKey]] = [:]
  /// For each pack, in its own order, positions in `keys`.
  private(set) var keyNumbers: [UInt32] = []
  private var keyPositions: [Name: UInt32] = [:]
  private var sourcePositions: [Name: UInt32] = [:]

  init() {}

  /// The positions in `keys` of a pack's keys.
  func keyNumbers(of pack: Pack) -> ArraySlice<UInt32> {
    keyNumbers[Int(pack.firstKey)..<(Int(pack.firstKey) + Int(pack.keyCount))]
  }

  /// Adds a pack; returns its number.
  ///
  /// - Parameter keepsWraps: a writer opens no session key, and does without the wraps
  mutating func add(_ pack: IndexedPack, source: UInt32, keepsWraps: Bool) -> UInt32 {
    let positions = pack.directory.keys.map { key in
      position(of: keepsWraps ? key : DirectoryKey(kind: key.kind, epoch: key.epoch, id: key.id, wrap: []))
    }
    return append(
      pack.name, pack.size, pack.directory.regionLength, pack.directory.regionDigest, source,
      blobs: UInt32(pack.directory.entries.count), keys: positions)
  }

  /// Adds what counts of another catalogue.
  ///
  /// - Parameters:
  ///   - other: the catalogue of a table that is merged into this one
  ///   - isLive: whether a source, by its number, still counts
  ///   - counts: whether a pack, by its number, does
  /// - Returns: the packs' new numbers, `none` for those that do not count
  mutating func take(
    _ other: PackCatalogue, isLive: (Int) -> Bool, counts: (Int) -> Bool
  ) -> [UInt32] {
    let sourceNumbers = other.sources.indices.map { isLive($0) ? note(other.sources[$0]) : PackCatalogue.none }
    let positions = other.keys.map { position(of: $0) }
    return other.packs.indices.map { number in
      guard counts(number) else { return PackCatalogue.none }
      let pack = other.packs[number]
      return append(
        pack.name, pack.size, pack.regionLength, pack.regionDigest,
        pack.source == PackCatalogue.none ? PackCatalogue.none : sourceNumbers[Int(pack.source)], blobs: pack.blobs,
        keys: other.keyNumbers(of: pack).map { positions[Int($0)] })
    }
  }

  /// Adds an index object, or adds to what is known of it; returns its number.
  mutating func note(_ source: Source) -> UInt32 {
    guard let number = sourcePositions[source.name] else {
      sources.append(source)
      sourcePositions[source.name] = UInt32(sources.count - 1)
      return UInt32(sources.count - 1)
    }
    if source.repeats { sources[Int(number)] = source }
    return number
  }

  private mutating func append(
    _ name: Name, _ size: UInt64, _ regionLength: UInt64, _ regionDigest: Name, _ source: UInt32, blobs: UInt32,
    keys: [UInt32]
  ) -> UInt32 {
    packs.append(
      Pack(
        name: name, size: size, regionLength: regionLength, regionDigest: regionDigest, source: source, blobs: blobs,
        firstKey: UInt32(keyNumbers.count), keyCount: UInt16(keys.count)))
    keyNumbers += keys
    return UInt32(packs.count - 1)
  }

  /// The position of a key; further wraps of one that is there are kept as spares.
  private mutating func position(of key: DirectoryKey) -> UInt32 {
    if let known = keyPositions[key.id] {
      if !key.wrap.isEmpty, spareKeys[key.id, default: []].count < PackCatalogue.spares {
        spareKeys[key.id, default: []].append(key)
      }
      return known
    }
    keys.append(key)
    let position = UInt32(keys.count - 1)
    keyPositions[key.id] = position
    return position
  }
}

extension PackCatalogue {
  /// The bytes as a table carries them; wraps are left out.
  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 64 + sources.count * 128 + keys.count * 40 + packs.count * 104)
    writer.integer(UInt32(sources.count))
    for source in sources {
      writer.name(source.name)
      writer.name(source.signer.name)
      writer.integer(UInt8(source.repeats ? 1 : 0))
      writer.identifier(source.history.installation)
      writer.integer(source.history.sequence)
      writer.integer(UInt32(source.history.parents.count))
      for parent in source.history.parents { writer.name(parent) }
    }
    writer.integer(UInt32(keys.count))
    for key in keys {
      writer.integer(key.kind.rawValue)
      writer.integer(key.epoch)
      writer.name(key.id)
    }
    writer.integer(UInt32(packs.count))
    for pack in packs {
      writer.name(pack.name)
      writer.integer(pack.size)
      writer.integer(pack.regionLength)
      writer.name(pack.regionDigest)
      writer.integer(pack.source)
      writer.integer(pack.blobs)
      writer.integer(pack.keyCount)
      for number in keyNumbers(of: pack) { writer.integer(number) }
    }
    return writer.bytes
  }

  /// Reads the bytes of a table's catalogue, which were verified; contradictions throw `damaged` all the same.
  init(_ bytes: [UInt8]) throws(Failure) {
    var reader = ByteReader(bytes, of: "index table")
    for _ in 0..<(try reader.integer(UInt32.self)) { _ = note(try PackCatalogue.source(from: &reader)) }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      guard let kind = Wrap.Kind(rawValue: try reader.integer(UInt8.self)) else { throw reader.mismatch("key kind") }
      _ = position(
        of: DirectoryKey(kind: kind, epoch: try reader.integer(UInt32.self), id: try reader.name(), wrap: []))
    }
    for _ in 0..<(try reader.integer(UInt32.self)) { try readPack(from: &reader) }
    try reader.end()
  }

  private static func source(from reader: inout ByteReader) throws(Failure) -> Source {
    let name = try reader.name()
    let signer = PublicKey(try reader.name())
    let repeats = try reader.integer(UInt8.self) != 0
    let installation = try reader.identifier()
    let sequence = try reader.integer(UInt64.self)
    var parents: [Name] = []
    for _ in 0..<(try reader.integer(UInt32.self)) { parents.append(try reader.name()) }
    return Source(
      name: name, signer: signer,
      history: IndexHistory(installation: installation, sequence: sequence, parents: parents), repeats: repeats)
  }

  private mutating func readPack(from reader: inout ByteReader) throws(Failure) {
    let name = try reader.name()
    let size = try reader.integer(UInt64.self)
    let regionLength = try reader.integer(UInt64.self)
    let regionDigest = try reader.name()
    let source = try reader.integer(UInt32.self)
    let blobs = try reader.integer(UInt32.self)
    var numbers: [UInt32] = []
    for _ in 0..<(try reader.integer(UInt16.self)) {
      let number = try reader.integer(UInt32.self)
      guard Int(number) < keys.count else { throw reader.mismatch("key \(number)") }
      numbers.append(number)
    }
    guard source == PackCatalogue.none || Int(source) < sources.count else { throw reader.mismatch("source \(source)") }
    _ = append(name, size, regionLength, regionDigest, source, blobs: blobs, keys: numbers)
  }
}
