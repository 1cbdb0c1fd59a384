package import Bytes

/// What a sealed blob is bound to: everything its directory says of it but the offset, so that a keeper can move
/// blobs between packs without opening them, and nobody can pass one blob off as another.
package struct BlobAddress: Sendable {
  private static let domain = Array("lifeboat-1 blob\0".utf8)
  /// The additional data of the blob's seal: 140 bytes.
  package let additionalData: [UInt8]

  /// - Parameters:
  ///   - entry: what the directory says; offset and key number are not bound
  ///   - key: the id of the session key that seals the blob
  ///   - repository: the repository that the blob belongs to
  package init(_ entry: DirectoryEntry, key: Name, repository: Identifier) {
    var writer = ByteWriter(capacity: 140)
    writer.raw(BlobAddress.domain)
    writer.identifier(repository)
    writer.name(entry.name)
    writer.integer(entry.kind.rawValue)
    writer.integer(entry.flags.rawValue)
    writer.integer(entry.depth)
    writer.integer(UInt8(0))
    writer.integer(entry.plainLength)
    writer.integer(entry.sealedLength)
    writer.name(key)
    writer.name(entry.base)
    additionalData = writer.bytes
  }
}
