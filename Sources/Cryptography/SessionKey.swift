package import Bytes
import CSodium

/// The key of one session, under which its blobs are sealed: XChaCha20-Poly1305 with a fresh random nonce each time.
///
/// A nonce has 24 bytes, so random ones do not meet; a key lives for one session, so no run can reuse another's.
package struct SessionKey: Sendable {
  /// The length of the key in bytes.
  package static let count = 32
  /// How many bytes a sealed blob is longer than the plain one: nonce 24, tag 16.
  package static let overhead = nonceCount + tagCount

  private static let nonceCount = 24
  private static let tagCount = 16

  /// The 32 bytes, to be wrapped for those who may open the blobs.
  package let secret: Secret
  /// A keyed hash of nothing but the key: names the key whoever it is wrapped for, and commits to it.
  package let id: Name

  /// A fresh random key.
  package init() {
    self.init(checked: Secret(random: SessionKey.count))
  }

  /// Takes an unwrapped key of 32 bytes; throws `keyInvalid` for any other length.
  package init(_ secret: Secret) throws(Failure) {
    try secret.require(SessionKey.count, "a session key")
    self.init(checked: secret)
  }

  private init(checked secret: Secret) {
    self.secret = secret
    id = Array("lifeboat-1 session key".utf8).withUnsafeBytes { KeyedHash.name(of: $0, key: secret) }
  }

  /// Seals `plain` and binds it to `additional`: writes nonce, ciphertext and tag to the front of `target`.
  ///
  /// - Parameter target: room for `plain.count + SessionKey.overhead` bytes, apart from `plain`
  /// - Returns: how many bytes were written
  package func seal(
    _ plain: UnsafeRawBufferPointer, additional: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    let size = plain.count + SessionKey.overhead
    precondition(target.count >= size)
    Randomness.fill(UnsafeMutableRawBufferPointer(rebasing: target[..<SessionKey.nonceCount]))
    let bytes = target.bindMemory(to: UInt8.self)
    let status = secret.withPointer { key in
      crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes.baseAddress! + SessionKey.nonceCount, nil, plain.bindMemory(to: UInt8.self).baseAddress,
        UInt64(plain.count), additional.bindMemory(to: UInt8.self).baseAddress, UInt64(additional.count), nil,
        bytes.baseAddress!, key)
    }
    precondition(status == 0)
    return size
  }

  /// Opens what `seal` wrote, with the same `additional` bytes; throws `damaged` if anything differs, and then leaves
  /// no plain bytes behind.
  ///
  /// - Parameter target: room for `sealed.count - SessionKey.overhead` bytes, apart from `sealed`
  /// - Returns: how many bytes were written
  package func open(
    _ sealed: UnsafeRawBufferPointer, additional: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    guard let nonce = sealed.bindMemory(to: UInt8.self).baseAddress, sealed.count >= SessionKey.overhead else {
      throw Failure(.damaged, "sealed blob of \(sealed.count) bytes is shorter than its nonce and tag")
    }
    let size = sealed.count - SessionKey.overhead
    precondition(target.count >= size)
    let status = secret.withPointer { key in
      crypto_aead_xchacha20poly1305_ietf_decrypt(
        target.bindMemory(to: UInt8.self).baseAddress, nil, nil, nonce + SessionKey.nonceCount,
        UInt64(sealed.count - SessionKey.nonceCount), additional.bindMemory(to: UInt8.self).baseAddress,
        UInt64(additional.count), nonce, key)
    }
    guard status == 0 else {
      throw Failure(
        .damaged, "sealed blob does not open: its bytes, its description or its key are not the ones it was sealed with"
      )
    }
    return size
  }
}
