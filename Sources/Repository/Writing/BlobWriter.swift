package import Bytes
import Compression
import Cryptography
package import Format
import Glibc

/// A blob that was handed to a session: what a recipe needs of it.
package struct WrittenBlob: Sendable, Equatable {
  package let name: Name
  package let length: UInt64
  /// False if the store, or another thread of this run, had it already.
  package let isNew: Bool
  /// Bytes that its content takes in a pack; zero if it was there.
  package let sealedLength: UInt64
  /// True if it was stored as a difference from an older chunk.
  package let isDelta: Bool
  /// Its entry in the reference cache, for the roll; nil if it has none.
  package let reference: ReferenceRow?
}

/// One worker's tools for the fused job of a chunk: name, look up, claim, compress, seal, open and compare, append.
///
/// Belongs to one thread. Its buffers are made once.
package final class BlobWriter {
  private let session: BackupSession
  private let encoder: BlobEncoder
  private let tools: ReferenceTools?
  private var sealed: Buffer
  private var opened: Buffer

  init(_ session: BackupSession, policy: CompressionPolicy) throws(Failure) {
    self.session = session
    tools = session.reference.map { ReferenceTools($0) }
    encoder = try BlobEncoder(policy, tools: tools)
    sealed = Buffer(capacity: Limits.chunk + SessionKey.overhead)
    opened = Buffer(capacity: Limits.chunk)
  }

  /// Stores a blob unless it is there already.
  ///
  /// - Parameters:
  ///   - plain: at most 4 MiB
  ///   - kind: decides the naming key and the session key
  package func write(_ plain: UnsafeRawBufferPointer, _ kind: BlobKind) throws(Failure) -> WrittenBlob {
    try write(plain, named: session.naming(of: kind).name(of: plain), kind, nil)
  }

  /// Stores chunks that lie one behind the other, named side by side.
  ///
  /// - Parameter cut: their lengths, in all as many bytes as there are
  package func write(_ bytes: UnsafeRawBufferPointer, cut: [CutChunk]) throws(Failure) -> [WrittenBlob] {
    var parts: [UnsafeRawBufferPointer] = []
    var start = 0
    for chunk in cut {
      parts.append(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + chunk.length)]))
      start += chunk.length
    }
    let names = session.naming(of: .data).names(of: parts)
    var written: [WrittenBlob] = []
    for (number, part) in parts.enumerated() {
      written.append(try write(part, named: names[number], .data, cut[number].hint))
    }
    return written
  }

  /// - Parameter hint: what the reference cache has for it
  private func write(
    _ plain: UnsafeRawBufferPointer, named name: Name, _ kind: BlobKind, _ hint: BaseHint?
  ) throws(Failure) -> WrittenBlob {
    switch session.claim(name) {
    case .underWay: return present(name, plain, nil)
    case .stored:
      return present(name, plain, try hint.flatMap { (hint) throws(Failure) in try remember(name, plain, hint) })
    case .new: return try store(name, plain, kind, hint)
    }
  }

  private func present(_ name: Name, _ plain: UnsafeRawBufferPointer, _ row: ReferenceRow?) -> WrittenBlob {
    WrittenBlob(
      name: name, length: UInt64(plain.count), isNew: false, sealedLength: 0, isDelta: false, reference: row)
  }

  /// The entry of a chunk that the store has: the one that there is, or a new one that only the cache gets.
  private func remember(
    _ name: Name, _ plain: UnsafeRawBufferPointer, _ hint: BaseHint
  ) throws(Failure) -> ReferenceRow? {
    guard let tools else { return nil }
    if let row = tools.kept(name, hint) { return row }
    // Once a run: content that repeats itself needs one entry.
    guard session.claimEntry(name) else { return nil }
    return addToCache(name, plain, try encoder.encodeFull(plain), hint)
  }

  private func addToCache(
    _ name: Name, _ plain: UnsafeRawBufferPointer, _ encoding: BlobEncoding, _ hint: BaseHint
  ) -> ReferenceRow? {
    encoder.withContent { content in
      tools?.add(name, plain, content, flags: encoding.flags, print: hint.print, base: encoding.base)
    }
  }

  private func store(
    _ name: Name, _ plain: UnsafeRawBufferPointer, _ kind: BlobKind, _ hint: BaseHint?
  ) throws(Failure) -> WrittenBlob {
    let (encoding, depth) = try encode(plain, hint)
    let contentLength = encoder.withContent(\.count)
    let entry = DirectoryEntry(
      name: name, kind: kind, flags: encoding.flags, depth: depth, key: SessionSecrets.position(of: kind),
      plainLength: UInt32(plain.count), sealedLength: UInt32(contentLength + SessionKey.overhead), offset: 0,
      base: encoding.base?.name ?? .zero)
    let key = session.secrets.key(for: kind)
    let address = BlobAddress(entry, key: key.id, repository: session.access.repository.id)
    sealed.count = encoder.withContent { content in
      address.additionalData.withUnsafeBytes { bound in
        sealed.withCapacity { key.seal(content, additional: bound, into: $0) }
      }
    }
    try compare(plain, encoding, address, key)
    try sealed.withBytes { (bytes) throws(Failure) in try session.packs.append(bytes, entry) }
    return WrittenBlob(
      name: name, length: UInt64(plain.count), isNew: true, sealedLength: UInt64(entry.sealedLength),
      isDelta: encoding.base != nil, reference: hint.flatMap { addToCache(name, plain, encoding, $0) })
  }

  /// Encodes a chunk against a base that the store still has whole, or by itself; with its depth.
  private func encode(
    _ plain: UnsafeRawBufferPointer, _ hint: BaseHint?
  ) throws(Failure) -> (encoding: BlobEncoding, depth: UInt8) {
    guard let base = hint?.base, let chain = session.baseChain(of: base.name),
      let encoding = try encoder.encodeDelta(plain, on: base)
    else { return (try encoder.encodeFull(plain), 0) }
    session.rely(on: chain)
    return (encoding, chain[0].depth + 1)
  }

  /// Opens what was just sealed and compares it with the chunk: bad memory and codec bugs end here, not in a restore.
  private func compare(
    _ plain: UnsafeRawBufferPointer, _ encoding: BlobEncoding, _ address: BlobAddress, _ key: SessionKey
  ) throws(Failure) {
    opened.count = try sealed.withBytes { (bytes) throws(Failure) in
      try opened.withCapacity { (room) throws(Failure) in
        try SealedBlob.open(bytes, address: address, key: key, into: room)
      }
    }
    let isEqual = try opened.withBytes { (content) throws(Failure) in
      try encoder.decodes(content, encoding, to: plain)
    }
    guard isEqual else {
      throw Failure(
        .defect, "a chunk did not survive sealing: this machine's memory or a library is faulty",
        next: "Test the memory of this host before you trust it with backups.")
    }
  }
}
