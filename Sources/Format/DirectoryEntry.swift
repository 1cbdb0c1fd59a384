package import Bytes

/// What a blob is.
package enum BlobKind: UInt8, Sendable {
  /// A chunk of a dump: sealed with the session's blob key, which only restorers open.
  case data = 1
  /// A list of names: sealed with the session's list key, which keepers open too.
  case list = 2
}

/// How a blob's plain bytes became its content.
package struct BlobFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// One zstd frame; without it the bytes are raw.
  package static let zstd = BlobFlags(rawValue: 1)
  /// The frame was made with a base as raw-content prefix.
  package static let delta = BlobFlags(rawValue: 2)
}

/// One blob as its pack's directory lists it (FORMAT.md, section 6).
package struct DirectoryEntry: Sendable, Equatable {
  package let name: Name
  package let kind: BlobKind
  package let flags: BlobFlags
  /// 0 for a full blob; a delta has its base's depth + 1.
  package let depth: UInt8
  /// Position in the directory's list of keys.
  package let key: UInt8
  /// Bytes of the plain blob.
  package let plainLength: UInt32
  /// Bytes in the pack: nonce, ciphertext and tag.
  package let sealedLength: UInt32
  /// Where the blob begins in the pack.
  package let offset: UInt32
  /// The base of a delta, zero for a full blob.
  package let base: Name

  package init(
    name: Name, kind: BlobKind, flags: BlobFlags, depth: UInt8 = 0, key: UInt8, plainLength: UInt32,
    sealedLength: UInt32, offset: UInt32, base: Name = .zero
  ) {
    self.name = name
    self.kind = kind
    self.flags = flags
    self.depth = depth
    self.key = key
    self.plainLength = plainLength
    self.sealedLength = sealedLength
    self.offset = offset
    self.base = base
  }

  /// The same blob at another place.
  package func moved(to offset: UInt32) -> DirectoryEntry {
    DirectoryEntry(
      name: name, kind: kind, flags: flags, depth: depth, key: key, plainLength: plainLength,
      sealedLength: sealedLength, offset: offset, base: base)
  }

  /// The bytes of the entry without a base; a delta has 32 more.
  static let length = 48

  func write(to writer: inout ByteWriter) {
    writer.name(name)
    writer.integer(kind.rawValue)
    writer.integer(flags.rawValue)
    writer.integer(depth)
    writer.integer(key)
    writer.integer(plainLength)
    writer.integer(sealedLength)
    writer.integer(offset)
    if flags.contains(.delta) { writer.name(base) }
  }

  init(from reader: inout ByteReader, keys: [DirectoryKey]) throws(Failure) {
    name = try reader.name()
    guard let kind = BlobKind(rawValue: try reader.integer(UInt8.self)) else { throw reader.mismatch("blob kind") }
    self.kind = kind
    flags = BlobFlags(rawValue: try reader.integer(UInt8.self))
    depth = try reader.integer(UInt8.self)
    key = try reader.integer(UInt8.self)
    plainLength = try reader.integer(UInt32.self)
    sealedLength = try reader.integer(UInt32.self)
    offset = try reader.integer(UInt32.self)
    base = flags.contains(.delta) ? try reader.name() : .zero
    if let problem = problem(keys: keys) { throw reader.mismatch(problem) }
  }

  /// What contradicts the format, or nil.
  private func problem(keys: [DirectoryKey]) -> String? {
    if name == .zero { return "a blob without a name" }
    if flags.rawValue > 3 || flags == .delta { return "blob flags \(flags.rawValue)" }
    if flags.contains(.delta) != (depth > 0) || depth > Limits.deltaDepth { return "delta depth \(depth)" }
    if Int(key) >= keys.count { return "key number \(key)" }
    if keys[Int(key)].kind != (kind == .data ? .blobKey : .listKey) { return "a \(kind) blob under the wrong key" }
    if Int(plainLength) > Limits.chunk { return "plain length \(plainLength)" }
    if Int(sealedLength) < 40 || Int(sealedLength) > Limits.chunk + 1024 { return "sealed length \(sealedLength)" }
    if flags.isEmpty && sealedLength != plainLength + 40 { return "length of a raw blob" }
    return nil
  }
}
