package import Bytes
import Compression
import Cryptography
package import Format
import Store

/// What is the same for all threads that read one writer's blobs: index, keys, naming.
package struct BlobSource: Sendable {
  package let namespace: Namespace
  let repository: OpenRepository
  let keys: SessionKeys
  let chunkNaming: NamingKey?
  let listNaming: NamingKey

  /// For restorers: data and lists.
  package init(_ access: RestorerAccess, namespace: Namespace) throws(Failure) {
    let content = try access.contentSecret(of: namespace.writer)
    try self.init(
      access.meta, namespace: namespace, identities: access.identities + access.meta.identities,
      chunkNaming: try NamingKey(KeyDerivation.derive(from: content, label: "chunk names")))
  }

  /// For keepers: lists alone.
  package init(_ access: MetaAccess, namespace: Namespace) throws(Failure) {
    try self.init(access, namespace: namespace, identities: access.identities, chunkNaming: nil)
  }

  private init(
    _ access: MetaAccess, namespace: Namespace, identities: [AgeIdentity], chunkNaming: NamingKey?
  ) throws(Failure) {
    self.namespace = namespace
    repository = access.repository
    keys = SessionKeys(
      repository: access.repository.id, writer: namespace.writer.id, identities: identities,
      purpose: access.repository.wrongRole(to: "open dump contents", needs: [.restorer]))
    self.chunkNaming = chunkNaming
    let lists = try access.listSecret(of: namespace.writer)
    listNaming = try NamingKey(KeyDerivation.derive(from: lists, label: "list names"))
  }

  /// True if blobs of the kind can be opened with the keys at hand.
  func opens(_ kind: BlobKind) -> Bool { kind == .list || chunkNaming != nil }

  /// A session key by its position in the index; every wrap that the index knows is tried.
  func sessionKey(_ number: Int) throws(Failure) -> SessionKey {
    let first = namespace.index.keys[number]
    do throws(Failure) {
      return try keys.key(first)
    } catch {
      for spare in namespace.index.spareKeys[first.id] ?? [] {
        if let key = try? keys.key(spare) { return key }
      }
      throw error
    }
  }

  /// The path of a pack.
  package func path(ofPack pack: Int) -> ObjectPath {
    .pack(writer: namespace.writer.id, namespace.index.packs[pack].name)
  }

  /// All copies of a blob that lie in listed packs, lowest depth first.
  ///
  /// - Throws: `damaged` if there is none.
  package func copies(of name: Name, _ kind: BlobKind) throws(Failure) -> [BlobLocation] {
    let copies = namespace.index.copies(of: name).filter { $0.kind == kind && namespace.index.packs[$0.pack].isListed }
    guard !copies.isEmpty else {
      throw Failure(
        .damaged, "no pack holds the \(kind == .data ? "chunk" : "list") \(name.hex.prefix(16))",
        at: ObjectPath.folder("packs", of: namespace.writer.id), next: "Run lifeboat check to see what is lost.")
    }
    return copies
  }
}

/// One thread's tools to fetch, open, decompress and verify blobs.
package final class BlobReader {
  private let source: BlobSource
  private let decompressor = Decompressor()
  private var sealed = Buffer(capacity: Limits.chunk + 4096)
  private var content = Buffer(capacity: Limits.chunk + 4096)

  package init(_ source: BlobSource) { self.source = source }

  /// Reads a list: tries every copy, verifies name and shape.
  package func list(_ name: Name, level: UInt8) throws(Failure) -> ListBlob {
    let bytes = try whole(name, .list)
    let list = try ListBlob(bytes)
    guard list.level == level else { throw Failure(.damaged, "a list of level \(list.level) where \(level) belongs") }
    return list
  }

  /// Reads a blob into memory of its own; tries every copy.
  package func whole(_ name: Name, _ kind: BlobKind) throws(Failure) -> [UInt8] {
    try whole(name, kind, below: Int(Limits.deltaDepth) + 1)
  }

  /// Reads this one copy of a blob and compares its name, whatever other copies there are.
  package func verify(_ location: BlobLocation) throws(Failure) { _ = try copy(at: location) }

  /// - Parameter depth: only copies that are less deep; a delta's base always has one
  private func whole(_ name: Name, _ kind: BlobKind, below depth: Int) throws(Failure) -> [UInt8] {
    var first: Failure?
    for location in try source.copies(of: name, kind) where Int(location.depth) < depth {
      do throws(Failure) {
        return try copy(at: location)
      } catch {
        guard error.code.isAboutTheObject else { throw error }
        first = first ?? error
      }
    }
    throw first ?? Failure(.damaged, "a chain of deltas that runs in a circle")
  }

  private func copy(at location: BlobLocation) throws(Failure) -> [UInt8] {
    var target = Buffer(capacity: Int(location.plainLength))
    try fetch(location)
    // Reading a delta's base uses this reader's own buffers, so the delta is set aside first.
    let delta = location.flags.contains(.delta) ? sealed.withBytes { Array($0) } : []
    try target.withCapacity { (room) throws(Failure) in
      if location.flags.contains(.delta) {
        try delta.withUnsafeBufferPointer { (bytes) throws(Failure) in
          try open(UnsafeRawBufferPointer(bytes), location, into: fit(room, location))
        }
      } else {
        try sealed.withBytes { (bytes) throws(Failure) in try open(bytes, location, into: fit(room, location)) }
      }
    }
    target.count = Int(location.plainLength)
    return target.withBytes { Array($0) }
  }

  /// Opens one sealed blob, decompresses it into `target`, and compares its name.
  ///
  /// - Parameters:
  ///   - bytes: the sealed blob, in memory that is not this reader's
  ///   - location: what the index says of it
  ///   - target: exactly `plainLength` bytes
  package func open(
    _ bytes: UnsafeRawBufferPointer, _ location: BlobLocation, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    do throws(Failure) {
      let key = try source.sessionKey(location.key)
      let entry = source.namespace.index.entry(at: location)
      let address = BlobAddress(entry, key: key.id, repository: source.repository.id)
      if location.flags.contains(.delta) {
        try openDelta(bytes, location, base: entry.base, address: address, key: key, into: target)
      } else {
        content.count = try content.withCapacity { (room) throws(Failure) in
          try SealedBlob.open(bytes, address: address, key: key, into: room)
        }
        try decode(location, prefix: nil, into: target)
      }
      try checkName(location, UnsafeRawBufferPointer(target))
    } catch {
      throw error.place.isEmpty ? error.within(source.path(ofPack: location.pack).path) : error
    }
  }

  private func openDelta(
    _ bytes: UnsafeRawBufferPointer, _ location: BlobLocation, base: Name, address: BlobAddress, key: SessionKey,
    into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    // Depths fall from delta to base, so the way down ends, however the entries point.
    let prefix = try whole(base, location.kind, below: Int(location.depth))
    content.count = try content.withCapacity { (room) throws(Failure) in
      try SealedBlob.open(bytes, address: address, key: key, into: room)
    }
    try prefix.withUnsafeBufferPointer { (prefix) throws(Failure) in
      try decode(location, prefix: UnsafeRawBufferPointer(prefix), into: target)
    }
  }

  private func decode(
    _ location: BlobLocation, prefix: UnsafeRawBufferPointer?, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    try content.withBytes { (frame) throws(Failure) in
      if location.flags.contains(.zstd) {
        try decompressor.decompress(frame, prefix: prefix, into: target)
      } else if frame.count == target.count {
        target.copyMemory(from: frame)
      } else {
        throw Failure(.damaged, "a raw blob of \(frame.count) bytes where \(target.count) belong")
      }
    }
  }

  /// A wrong base decodes without an error, and a compromised session could name anything: the name decides.
  private func checkName(_ location: BlobLocation, _ plain: UnsafeRawBufferPointer) throws(Failure) {
    let naming = location.kind == .list ? source.listNaming : source.chunkNaming
    guard let naming else { throw source.repository.wrongRole(to: "open dump contents", needs: [.restorer]) }
    guard naming.name(of: plain) == location.name else {
      throw Failure(
        .damaged, "the chunk \(location.name.hex.prefix(16)) decodes to other bytes than its name says",
        next: "Run lifeboat check to see what it costs.")
    }
  }

  private func fetch(_ location: BlobLocation) throws(Failure) {
    let path = try StorePath(checking: source.path(ofPack: location.pack).path)
    let start = UInt64(location.offset)
    let length = Int(location.sealedLength)
    let store = source.repository.objects.store
    sealed.count = try sealed.withCapacity { (room) throws(Failure) in
      let part = UnsafeMutableRawBufferPointer(rebasing: room[..<length])
      return try store.read(path, start..<(start + UInt64(length)), into: part)
    }
    guard sealed.count == length else { throw Failure(.damaged, "the pack ends early", at: path.text) }
  }

  private func fit(_ room: UnsafeMutableRawBufferPointer, _ location: BlobLocation) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: room[..<Int(location.plainLength)])
  }
}
