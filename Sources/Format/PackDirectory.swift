package import Bytes

/// A session key as a directory lists it: its id, and the wrap that restorers (blob key) or keepers (list key) open.
package struct DirectoryKey: Sendable, Equatable {
  package let kind: Wrap.Kind
  package let epoch: UInt32
  package let id: Name
  package let wrap: [UInt8]

  package init(kind: Wrap.Kind, epoch: UInt32, id: Name, wrap: [UInt8]) {
    self.kind = kind
    self.epoch = epoch
    self.id = id
    self.wrap = wrap
  }
}

/// The directory of a pack: which blobs lie where, under which keys (FORMAT.md, section 6).
package struct PackDirectory: Sendable, Equatable {
  /// Bytes of blobs and padding in front of the directory.
  package let regionLength: UInt64
  /// SHA-256 of those bytes: binds the directory to them for readers that cannot open the blobs.
  package let regionDigest: Name
  package let keys: [DirectoryKey]
  package let entries: [DirectoryEntry]

  package init(regionLength: UInt64, regionDigest: Name, keys: [DirectoryKey], entries: [DirectoryEntry]) {
    self.regionLength = regionLength
    self.regionDigest = regionDigest
    self.keys = keys
    self.entries = entries
  }

  /// The bytes without padding, as an index repeats them.
  package var content: [UInt8] {
    var writer = ByteWriter(capacity: PackDirectory.contentLength(keys: keys, entries: entries.count, deltas: 0))
    writer.integer(regionLength)
    writer.name(regionDigest)
    writer.integer(UInt16(keys.count))
    for key in keys {
      writer.integer(key.kind.rawValue)
      writer.integer(key.epoch)
      writer.name(key.id)
      writer.short(key.wrap)
    }
    writer.integer(UInt32(entries.count))
    for entry in entries { entry.write(to: &writer) }
    return writer.bytes
  }

  /// The length of `content` for so many entries, `deltas` of them with a base.
  package static func contentLength(keys: [DirectoryKey], entries: Int, deltas: Int) -> Int {
    46 + keys.reduce(0) { $0 + 39 + $1.wrap.count } + entries * DirectoryEntry.length + deltas * Name.count
  }

  /// Reads a directory; what stands behind its content must be zero bytes.
  package init(_ bytes: some Collection<UInt8>) throws(Failure) {
    var reader = ByteReader(bytes, of: "pack directory")
    regionLength = try reader.integer(UInt64.self)
    guard regionLength <= UInt64(Limits.object) else { throw reader.mismatch("blob region of \(regionLength) bytes") }
    regionDigest = try reader.name()
    keys = try PackDirectory.keys(from: &reader)
    entries = try PackDirectory.entries(from: &reader, keys: keys, regionLength: regionLength)
    let padding = try reader.take(reader.remaining)
    guard padding.allSatisfy({ $0 == 0 }) else { throw reader.mismatch("padding") }
  }

  private static func keys(from reader: inout ByteReader) throws(Failure) -> [DirectoryKey] {
    var keys: [DirectoryKey] = []
    for _ in 0..<(try reader.integer(UInt16.self)) {
      guard let kind = Wrap.Kind(rawValue: try reader.integer(UInt8.self)), kind == .blobKey || kind == .listKey else {
        throw reader.mismatch("key kind")
      }
      keys.append(
        DirectoryKey(
          kind: kind, epoch: try reader.integer(UInt32.self), id: try reader.name(), wrap: try reader.short()))
    }
    guard keys.count <= 256 else { throw reader.mismatch("\(keys.count) keys") }
    return keys
  }

  private static func entries(
    from reader: inout ByteReader, keys: [DirectoryKey], regionLength: UInt64
  ) throws(Failure) -> [DirectoryEntry] {
    let count = Int(try reader.integer(UInt32.self))
    guard count * DirectoryEntry.length <= reader.remaining else { throw reader.mismatch("\(count) entries") }
    var entries: [DirectoryEntry] = []
    entries.reserveCapacity(count)
    var end: UInt64 = 0
    for _ in 0..<count {
      let entry = try DirectoryEntry(from: &reader, keys: keys)
      guard UInt64(entry.offset) == end else { throw reader.mismatch("offset \(entry.offset)") }
      end += UInt64(entry.sealedLength)
      guard end <= regionLength else { throw reader.mismatch("a blob beyond the blob region") }
      entries.append(entry)
    }
    return entries
  }
}
