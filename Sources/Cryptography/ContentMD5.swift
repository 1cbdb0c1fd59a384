import Crypto

/// MD5 as HTTP's `Content-MD5` and a few headers of S3 want it: base64 of the digest.
///
/// It finds faults on the way and proves nothing. Stores ask for it where an object gets a lock.
package enum ContentMD5 {
  /// The value of the header for a body of these bytes.
  package static func text(of bytes: UnsafeRawBufferPointer) -> String {
    var state = Insecure.MD5()
    state.update(bufferPointer: bytes)
    return String(decoding: Base64.encode(Array(state.finalize()), padded: true), as: UTF8.self)
  }
}

extension Secret {
  /// The bytes in base64, for a header. The text lies in plain memory: it is for what has to be sent anyway.
  package func base64() -> String {
    withBytes { String(decoding: Base64.encode($0, padded: true), as: UTF8.self) }
  }
}
