import Bytes
import Compression
import Cryptography
import Format

/// One thread's tools to open a sealed frame, decode it upon its base, and compare the name of what comes out.
///
/// Nothing is allocated in the steady state but the additional data of a seal (140 bytes) and zstd's handle for a base.
final class BlobDecoder {
  private let source: BlobSource
  private let decompressor = Decompressor()
  /// What a seal holds; its pages are touched as far as frames are long.
  private var content = Buffer(capacity: Limits.chunk + 4096)
  /// Session keys by their position in the index: a look-up in shared state for every frame would be contended.
  private var keys: [Int: SessionKey] = [:]

  init(_ source: BlobSource) { self.source = source }

  /// Opens a sealed frame and decodes it; says nothing of whether the bytes are the right ones.
  ///
  /// - Parameters:
  ///   - sealed: the blob as it lies in its pack
  ///   - location: what the index says of it
  ///   - prefix: the plain bytes of its base, in memory apart from `target`; nil for a full blob
  ///   - target: exactly `plainLength` bytes
  func decode(
    _ sealed: UnsafeRawBufferPointer, _ location: BlobLocation, prefix: UnsafeRawBufferPointer?,
    into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    guard location.flags.contains(.zstd) else {
      // A sealed blob is longer than its content by a constant, so this fills `target` exactly or does not open.
      guard sealed.count == target.count + SessionKey.overhead else {
        throw Failure(.damaged, "a raw blob of \(sealed.count) bytes where \(target.count) belong")
      }
      _ = try openSeal(sealed, location, into: target)
      return
    }
    content.count = 0
    content.count = try content.withCapacity { (room) throws(Failure) in
      try openSeal(sealed, location, into: room)
    }
    try content.withBytes { (frame) throws(Failure) in
      try decompressor.decompress(frame, prefix: prefix, into: target)
    }
  }

  /// Opens the seal alone: true bytes of the session that named them, whatever they decode to.
  func checkSeal(_ sealed: UnsafeRawBufferPointer, _ location: BlobLocation) throws(Failure) {
    _ = try content.withCapacity { (room) throws(Failure) in try openSeal(sealed, location, into: room) }
  }

  /// A wrong base decodes without an error, and a compromised session could name anything: the name decides.
  func checkName(_ location: BlobLocation, _ plain: UnsafeRawBufferPointer) throws(Failure) {
    let naming = location.kind == .list ? source.listNaming : source.chunkNaming
    guard let naming else { throw source.repository.wrongRole(to: "open dump contents", needs: [.restorer]) }
    guard naming.name(of: plain) == location.name else {
      throw Failure(
        .damaged, "the chunk \(location.name.hex.prefix(16)) decodes to other bytes than its name says",
        next: "Run lifeboat check to see what it costs.")
    }
  }

  /// The names of chunks, side by side.
  func names(of chunks: [UnsafeRawBufferPointer]) throws(Failure) -> [Name] {
    guard let naming = source.chunkNaming else {
      throw source.repository.wrongRole(to: "open dump contents", needs: [.restorer])
    }
    return naming.names(of: chunks)
  }

  private func openSeal(
    _ sealed: UnsafeRawBufferPointer, _ location: BlobLocation, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    let key: SessionKey
    if let known = keys[location.key] {
      key = known
    } else {
      key = try source.sessionKey(location.key)
      keys[location.key] = key
    }
    let entry = source.namespace.index.entry(at: location)
    let address = BlobAddress(entry, key: key.id, repository: source.repository.id)
    return try SealedBlob.open(sealed, address: address, key: key, into: target)
  }
}

extension BlobLocation {
  /// Tells places apart: pack and offset in one number.
  var place: UInt64 { UInt64(pack) << 32 | UInt64(offset) }

  /// The bytes of its pack that it takes.
  var extent: Range<UInt64> { UInt64(offset)..<(UInt64(offset) + UInt64(sealedLength)) }
}
