package import Bytes
import Crypto

/// The name of an object: the SHA-256 of its bytes, so that `sha256sum` alone can verify a store.
///
/// swift-crypto's, for it uses the processor's SHA instructions; libsodium's is portable C.
package struct ObjectDigest: Sendable {
  private var state = SHA256()

  /// A digest of nothing yet.
  package init() {}

  /// Takes in the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state.update(bufferPointer: bytes)
  }

  /// Takes in the next bytes.
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
  }

  /// The name of all bytes taken in so far.
  package func finish() -> Name {
    state.finalize().withUnsafeBytes { Name($0) }
  }

  /// The name of these bytes.
  package static func name(of bytes: UnsafeRawBufferPointer) -> Name {
    var digest = ObjectDigest()
    digest.update(bytes)
    return digest.finish()
  }

  /// The name of these bytes.
  package static func name(of bytes: [UInt8]) -> Name {
    bytes.withUnsafeBytes { name(of: $0) }
  }
}
