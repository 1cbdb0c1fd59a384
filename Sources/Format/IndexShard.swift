package import Bytes

/// A pack as an index lists it.
package struct IndexedPack: Sendable, Equatable {
  package let name: Name
  /// Bytes of the whole pack.
  package let size: UInt64
  package let directory: PackDirectory

  package init(name: Name, size: UInt64, directory: PackDirectory) {
    self.name = name
    self.size = size
    self.directory = directory
  }
}

/// What an index says of the run that wrote it: lets a writer that lost its local state find its place in the history.
package struct IndexHistory: Sendable, Equatable {
  /// The installation that ran, zero if no run wrote this index.
  package let installation: Identifier
  /// The sequence of the snapshot that the run means to write.
  package let sequence: UInt64
  /// The snapshots that were heads when the run began.
  package let parents: [Name]

  package init(installation: Identifier, sequence: UInt64, parents: [Name]) {
    self.installation = installation
    self.sequence = sequence
    self.parents = parents
  }
}

/// An index object: the directories of many packs (FORMAT.md, section 7). A hint, never the truth: the listing decides.
package struct IndexShard: Sendable, Equatable {
  package let history: IndexHistory
  /// Index objects whose content this one repeats.
  package let superseded: [Name]
  package let packs: [IndexedPack]

  package init(history: IndexHistory, superseded: [Name] = [], packs: [IndexedPack]) {
    self.history = history
    self.superseded = superseded
    self.packs = packs
  }

  /// The body, padded.
  package var body: [UInt8] {
    var writer = ByteWriter()
    writer.identifier(history.installation)
    writer.integer(history.sequence)
    writer.integer(UInt16(history.parents.count))
    for parent in history.parents { writer.name(parent) }
    writer.integer(UInt32(superseded.count))
    for name in superseded { writer.name(name) }
    writer.integer(UInt32(packs.count))
    for pack in packs {
      writer.name(pack.name)
      writer.integer(pack.size)
      writer.long(pack.directory.content)
    }
    return Padding.pad(writer.bytes, with: 0)
  }

  /// Reads an index body.
  package init(_ bytes: some Collection<UInt8>) throws(Failure) {
    var reader = ByteReader(bytes, of: "index")
    let installation = try reader.identifier()
    let sequence = try reader.integer(UInt64.self)
    let parents = try IndexShard.names(Int(try reader.integer(UInt16.self)), from: &reader)
    history = IndexHistory(installation: installation, sequence: sequence, parents: parents)
    superseded = try IndexShard.names(Int(try reader.integer(UInt32.self)), from: &reader)
    var packs: [IndexedPack] = []
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let name = try reader.name()
      let size = try reader.integer(UInt64.self)
      guard size <= UInt64(Limits.object) else { throw reader.mismatch("a pack of \(size) bytes") }
      let directory = try PackDirectory(try reader.long(limit: Limits.directory))
      packs.append(IndexedPack(name: name, size: size, directory: directory))
    }
    self.packs = packs
    let padding = try reader.take(reader.remaining)
    guard padding.allSatisfy({ $0 == 0 }) else { throw reader.mismatch("padding") }
  }

  private static func names(_ count: Int, from reader: inout ByteReader) throws(Failure) -> [Name] {
    guard count * Name.count <= reader.remaining else { throw reader.mismatch("\(count) names") }
    var names: [Name] = []
    for _ in 0..<count { names.append(try reader.name()) }
    return names
  }
}
