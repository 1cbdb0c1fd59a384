import Bytes
import Compression
import Cryptography
import Format
import Pipeline
import Repository
import Store

/// Builds repository objects by hand from the layouts alone, right or wrong as a test wants them.
struct Forge {
  let access: WriterAccess
  let blobKey = SessionKey()
  let listKey = SessionKey()
  private let chunkNaming: NamingKey
  private let listNaming: NamingKey

  init(_ access: WriterAccess) throws {
    self.access = access
    chunkNaming = try NamingKey(KeyDerivation.derive(from: access.secrets.content, label: "chunk names"))
    listNaming = try NamingKey(KeyDerivation.derive(from: access.secrets.lists, label: "list names"))
  }

  /// A sealed blob with its entry.
  struct Blob {
    let entry: DirectoryEntry
    let sealed: [UInt8]
    let plain: [UInt8]

    var name: Name { entry.name }
  }

  func name(_ plain: [UInt8], _ kind: BlobKind) -> Name {
    (kind == .data ? chunkNaming : listNaming).name(of: plain)
  }

  /// Seals a blob; a delta is made on `prefix` and says that its base is `base`.
  func blob(
    _ plain: [UInt8], _ kind: BlobKind = .data, prefix: [UInt8]? = nil, base: Name = .zero, depth: UInt8 = 0,
    name stated: Name? = nil
  ) throws -> Blob {
    let compressor = try Compressor(level: 1)
    var frame = [UInt8](repeating: 0, count: Compressor.bound(plain.count))
    let count = try frame.withUnsafeMutableBytes { room in
      try plain.withUnsafeBytes { plain in
        try (prefix ?? []).withUnsafeBytes { prefixBytes in
          try compressor.compress(plain, prefix: prefix == nil ? nil : prefixBytes, into: room)
        }
      }
    }
    frame.removeLast(frame.count - (count ?? 0))
    let key = kind == .data ? blobKey : listKey
    let entry = DirectoryEntry(
      name: stated ?? name(plain, kind), kind: kind, flags: prefix == nil ? .zstd : [.zstd, .delta], depth: depth,
      key: kind == .data ? 0 : 1, plainLength: UInt32(plain.count),
      sealedLength: UInt32(frame.count + SessionKey.overhead), offset: 0, base: base)
    let address = BlobAddress(entry, key: key.id, repository: access.repository.id)
    var sealed = [UInt8](repeating: 0, count: frame.count + SessionKey.overhead)
    let written = sealed.withUnsafeMutableBytes { room in
      frame.withUnsafeBytes { frame in
        address.additionalData.withUnsafeBytes { key.seal(frame, additional: $0, into: room) }
      }
    }
    precondition(written == sealed.count)
    return Blob(entry: entry, sealed: sealed, plain: plain)
  }

  /// The session's keys with fresh wraps.
  func keys() throws -> [DirectoryKey] {
    let authority = access.repository.authority
    func wrap(_ key: SessionKey, _ kind: Wrap.Kind, _ recipients: [AgeRecipient]) throws -> DirectoryKey {
      let place = Wrap.Place(kind: kind, epoch: 1, repository: access.repository.id, writer: access.id)
      return DirectoryKey(kind: kind, epoch: 1, id: key.id, wrap: try Wrap.seal(key.secret, at: place, to: recipients))
    }
    return [
      try wrap(blobKey, .blobKey, try authority.dataRecipients()),
      try wrap(listKey, .listKey, try authority.metaRecipients()),
    ]
  }

  /// Who signs, and what the envelope says of where it belongs.
  struct Signature {
    var signer: SigningKey
    var repository: Identifier
    var writer: Identifier
  }

  var signature: Signature {
    Signature(signer: access.repository.key.signing, repository: access.repository.id, writer: access.id)
  }

  func envelope(_ kind: Envelope.Kind, _ body: [UInt8], _ signature: Signature? = nil) -> [UInt8] {
    let signature = signature ?? self.signature
    let header = Envelope.Header(
      kind: kind, repository: signature.repository, writer: signature.writer, authority: 0, time: WallClock.now())
    return Envelope.seal(header, body: body, by: signature.signer)
  }

  /// A pack of these blobs, and what an index would say of it.
  func pack(
    _ blobs: [Blob], _ signature: Signature? = nil, keys: [DirectoryKey]? = nil
  ) throws -> (pack: IndexedPack, bytes: [UInt8]) {
    var region: [UInt8] = []
    var entries: [DirectoryEntry] = []
    for blob in blobs {
      entries.append(blob.entry.moved(to: UInt32(region.count)))
      region += blob.sealed
    }
    let directory = PackDirectory(
      regionLength: UInt64(region.count), regionDigest: ObjectDigest.name(of: region), keys: try keys ?? self.keys(),
      entries: entries)
    let body = Padding.pad(directory.content, with: 0)
    let sealed = try Age.seal(envelope(.directory, body, signature), to: try access.metaAndOwnRecipients())
    let bytes = region + sealed + PackTrailer(directoryLength: UInt32(sealed.count)).bytes
    return (IndexedPack(name: ObjectDigest.name(of: bytes), size: UInt64(bytes.count), directory: directory), bytes)
  }

  /// Puts a pack of these blobs; returns its path.
  @discardableResult
  func putPack(_ blobs: [Blob], _ signature: Signature? = nil, keys: [DirectoryKey]? = nil) throws -> String {
    let (pack, bytes) = try pack(blobs, signature, keys: keys)
    let path = ObjectPath.pack(writer: access.id, pack.name).path
    try access.repository.objects.store.put(try StorePath(checking: path), bytes)
    return path
  }

  /// Puts a sealed envelope of any kind into the writer's folder; returns its path.
  @discardableResult
  func put(
    _ kind: Envelope.Kind, _ body: [UInt8], _ signature: Signature? = nil, at place: (Name) -> ObjectPath
  ) throws -> String {
    let bytes = try Age.seal(envelope(kind, body, signature), to: try access.metaAndOwnRecipients())
    let path = place(ObjectDigest.name(of: bytes)).path
    try access.repository.objects.store.put(try StorePath(checking: path), bytes)
    return path
  }

  /// The body of a snapshot of one stream.
  func snapshotBody(
    component: String = "orders", catalogue: Snapshot.Catalogue, sequence: UInt64 = 1, parents: [Name] = [],
    installation: Identifier = .random()
  ) -> [UInt8] {
    Snapshot(
      installation: installation, sequence: sequence, parents: parents,
      authority: access.repository.authority.head, enrolment: access.enrolled.name, component: component, started: 0,
      finished: 0, epoch: 1, verdict: .complete, reasons: [],
      engine: Snapshot.Engine(kind: "test", version: "1", identity: "forged"), profile: "{}", catalogue: catalogue,
      index: [], keys: [], sealed: Base64([]), statistics: Snapshot.Statistics()
    ).body
  }

  /// Puts packs and a snapshot of one stream made of these chunks, each in a pack of its own; returns its name.
  func putSnapshot(of chunks: [Blob], extra: [Blob] = []) throws -> Name {
    let (catalogue, lists) = try lists(of: chunks)
    for blob in chunks + extra { try putPack([blob]) }
    try putPack(lists)
    let body = snapshotBody(catalogue: catalogue)
    let path = try put(.snapshot, body) { .snapshot(writer: access.id, $0) }
    guard let object = ObjectPath(path) else { throw Failure(.defect, "a path that is none") }
    return object.name
  }
}

extension CheckReport {
  /// What was found of one object.
  func problems(at path: String) -> [CheckProblem] { problems.filter { $0.path == path } }

  /// Damage.
  var damage: [CheckProblem] { problems(.damage) }
}

/// The code of the failure that `body` throws; nil if it throws none.
func code(_ body: () throws -> Void) -> Failure.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? Failure)?.code
  }
}
