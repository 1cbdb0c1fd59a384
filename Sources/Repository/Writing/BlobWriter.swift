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
}

/// One worker's tools for the fused job of a chunk: name, look up, claim, compress, seal, open and compare, append.
///
/// Belongs to one thread. Its buffers are made once.
package final class BlobWriter {
  private let session: BackupSession
  private let compressor: Compressor
  private let decompressor = Decompressor()
  private var content: Buffer
  private var sealed: Buffer
  private var opened: Buffer
  private var decoded: Buffer

  init(_ session: BackupSession, level: Int32) throws(Failure) {
    self.session = session
    compressor = try Compressor(level: level)
    content = Buffer(capacity: Limits.chunk)
    sealed = Buffer(capacity: Limits.chunk + SessionKey.overhead)
    opened = Buffer(capacity: Limits.chunk)
    decoded = Buffer(capacity: Limits.chunk)
  }

  /// Stores a blob unless it is there already.
  ///
  /// - Parameters:
  ///   - plain: at most 4 MiB
  ///   - kind: decides the naming key and the session key
  package func write(_ plain: UnsafeRawBufferPointer, _ kind: BlobKind) throws(Failure) -> WrittenBlob {
    let name = session.naming(of: kind).name(of: plain)
    guard session.claim(name) else {
      return WrittenBlob(name: name, length: UInt64(plain.count), isNew: false, sealedLength: 0)
    }
    let flags = try compress(plain)
    let entry = DirectoryEntry(
      name: name, kind: kind, flags: flags, key: SessionSecrets.position(of: kind), plainLength: UInt32(plain.count),
      sealedLength: UInt32(content.count + SessionKey.overhead), offset: 0)
    let key = session.secrets.key(for: kind)
    let address = BlobAddress(entry, key: key.id, repository: session.access.repository.id)
    sealed.count = content.withBytes { plain in
      address.additionalData.withUnsafeBytes { bound in
        sealed.withCapacity { key.seal(plain, additional: bound, into: $0) }
      }
    }
    try compare(plain, entry, address, key)
    try sealed.withBytes { (bytes) throws(Failure) in try session.packs.append(bytes, entry) }
    return WrittenBlob(
      name: name, length: UInt64(plain.count), isNew: true, sealedLength: UInt64(entry.sealedLength))
  }

  /// Fills `content`; raw where a frame would not be smaller.
  private func compress(_ plain: UnsafeRawBufferPointer) throws(Failure) -> BlobFlags {
    let count = try content.withCapacity { (room) throws(Failure) in
      try compressor.compress(plain, into: UnsafeMutableRawBufferPointer(rebasing: room[..<plain.count]))
    }
    if let count, count < plain.count {
      content.count = count
      return .zstd
    }
    content.replace(with: plain)
    return []
  }

  /// Opens what was just sealed and compares it with the chunk: bad memory and codec bugs end here, not in a restore.
  private func compare(
    _ plain: UnsafeRawBufferPointer, _ entry: DirectoryEntry, _ address: BlobAddress, _ key: SessionKey
  ) throws(Failure) {
    opened.count = try sealed.withBytes { (bytes) throws(Failure) in
      try opened.withCapacity { (room) throws(Failure) in
        try SealedBlob.open(bytes, address: address, key: key, into: room)
      }
    }
    let isEqual: Bool
    if entry.flags.contains(.zstd) {
      try opened.withBytes { (frame) throws(Failure) in
        try decoded.withCapacity { (room) throws(Failure) in
          try decompressor.decompress(frame, into: UnsafeMutableRawBufferPointer(rebasing: room[..<plain.count]))
        }
      }
      decoded.count = plain.count
      isEqual = decoded.withBytes { BlobWriter.areEqual($0, plain) }
    } else {
      isEqual = opened.withBytes { BlobWriter.areEqual($0, plain) }
    }
    guard isEqual else {
      throw Failure(
        .defect, "a chunk did not survive sealing: this machine's memory or a library is faulty",
        next: "Test the memory of this host before you trust it with backups.")
    }
  }

  /// Compares word by word: `elementsEqual` goes byte by byte, which was a seventh of a run.
  private static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count else { return false }
    guard let left = one.baseAddress, let right = other.baseAddress else { return true }
    return memcmp(left, right, one.count) == 0
  }
}
