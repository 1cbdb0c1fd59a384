import Glibc

/// The gear table and the decision key of one writer, expanded from its 32-byte chunking secret, in memory that is
/// kept out of core dumps and, where the limits of the process allow it, out of swap; wiped when the last owner goes.
///
/// Immutable after `init`, hence `@unchecked Sendable`.
final class ChunkSecret: @unchecked Sendable {
  /// The length of a chunking secret in bytes: the key of the table, then the key of the decisions.
  static let count = 32
  private static let size = 4096

  private let page: UnsafeMutableRawPointer
  /// 256 words: what each byte value adds to the gear value.
  let gear: UnsafePointer<UInt64>

  init(_ secret: UnsafeRawBufferPointer) {
    precondition(secret.count == ChunkSecret.count, "a chunking secret has 32 bytes")
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let page = mmap(nil, ChunkSecret.size, PROT_READ | PROT_WRITE, flags, -1, 0), page != MAP_FAILED
    else { fatalError("out of memory: \(ChunkSecret.size) bytes") }
    mlock(page, ChunkSecret.size)
    madvise(page, ChunkSecret.size, MADV_DONTDUMP)
    self.page = page
    let words = page.bindMemory(to: UInt64.self, capacity: 258)
    gear = UnsafePointer(words)
    GearTable.fill(words, key: SipHash(first: secret.word(0), second: secret.word(8)))
    words[256] = secret.word(16)
    words[257] = secret.word(24)
  }

  deinit {
    explicit_bzero(page, ChunkSecret.size)
    munmap(page, ChunkSecret.size)
  }

  /// The keyed function that decides whether a candidate becomes a cut.
  var decision: SipHash { SipHash(first: gear[256], second: gear[257]) }
}

extension UnsafeRawBufferPointer {
  fileprivate func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
