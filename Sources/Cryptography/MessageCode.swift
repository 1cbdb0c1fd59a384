import CSodium

/// HMAC-SHA-256 (RFC 2104) of whole messages: what signatures of S3 requests are made of.
package enum MessageCode {
  /// The 32 bytes of the code.
  package static func code(of message: [UInt8], under key: Secret) -> [UInt8] {
    var code = HMAC(key: key)
    message.withUnsafeBytes { code.update($0) }
    var bytes = [UInt8](repeating: 0, count: 32)
    bytes.withUnsafeMutableBytes { code.finish(into: $0) }
    return bytes
  }

  /// The code where it is a key in turn: it lies in no memory that is not wiped.
  package static func secretCode(of message: [UInt8], under key: Secret) -> Secret {
    Secret(count: 32) { target in
      var code = HMAC(key: key)
      message.withUnsafeBytes { code.update($0) }
      code.finish(into: target)
    }
  }
}

/// HMAC-SHA-256 (RFC 2104) of bytes that come in pieces.
struct HMAC: ~Copyable {
  private var state = crypto_auth_hmacsha256_state()

  init(key: Secret) {
    let count = key.count
    self = key.withPointer { HMAC(keyBase: $0, count: count) }
  }

  init(keyBase: UnsafePointer<UInt8>, count: Int) {
    Sodium.start()
    crypto_auth_hmacsha256_init(&state, keyBase, count)
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    crypto_auth_hmacsha256_update(&state, base, UInt64(bytes.count))
  }

  /// Writes the 32 bytes of the code to the front of `target`, and ends: the state is wiped.
  mutating func finish(into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count >= 32)
    crypto_auth_hmacsha256_final(&state, target.bindMemory(to: UInt8.self).baseAddress!)
    sodium_memzero(&state, MemoryLayout.size(ofValue: state))
  }
}
