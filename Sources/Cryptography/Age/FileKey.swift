import CSodium

/// The 16 bytes from which all keys of one age file follow, and how they are wrapped.
enum FileKey {
  static let count = 16
  /// The length of a wrapped file key: ciphertext and tag.
  static let wrappedCount = count + 16

  /// Seals a file key with ChaCha20-Poly1305 under a wrap key of 32 bytes that is used this once: the nonce is zero.
  static func wrap(_ fileKey: Secret, under wrapKey: Secret) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: wrappedCount) { buffer, written in
      written = wrappedCount
      let nonce = [UInt8](repeating: 0, count: 12)
      let status = fileKey.withPointer { plain in
        wrapKey.withPointer { key in
          crypto_aead_chacha20poly1305_ietf_encrypt(
            buffer.baseAddress!, nil, plain, UInt64(count), nil, 0, nil, nonce, key)
        }
      }
      precondition(status == 0)
    }
  }

  /// Opens a wrapped file key of exactly `wrappedCount` bytes; nil if it is wrapped under another key.
  static func unwrap(_ body: [UInt8], under wrapKey: Secret) -> Secret? {
    precondition(body.count == wrappedCount)
    let nonce = [UInt8](repeating: 0, count: 12)
    var status: Int32 = -1
    let fileKey = Secret(count: count) { target in
      status = wrapKey.withPointer { key in
        crypto_aead_chacha20poly1305_ietf_decrypt(
          target.bindMemory(to: UInt8.self).baseAddress, nil, nil, body, UInt64(body.count), nil, 0, nonce, key)
      }
    }
    return status == 0 ? fileKey : nil
  }
}
