import CSodium

/// HKDF with SHA-256 (RFC 5869) over libsodium's HMAC.
package enum HKDF {
  /// The length of a SHA-256 digest in bytes.
  private static let block = 32

  /// Extract and expand: `count` bytes, at most 8 160, from input key material.
  ///
  /// - Parameters:
  ///   - material: the input key material
  ///   - salt: not secret; may be empty
  ///   - info: what the result is for; may be empty
  package static func derive(from material: Secret, salt: [UInt8], info: [UInt8], count: Int = 32) -> Secret {
    precondition(count <= 255 * block)
    let extracted = Secret(count: block) { target in
      var code = HMAC(keyBase: salt, count: salt.count)
      material.withBytes { code.update($0) }
      code.finish(into: target)
    }
    return Secret(count: count) { expand(extracted, info: info, into: $0) }
  }

  private static func expand(_ key: Secret, info: [UInt8], into target: UnsafeMutableRawBufferPointer) {
    var previous = [UInt8](repeating: 0, count: block)
    defer { Sodium.wipe(&previous) }
    var counter: UInt8 = 0
    var offset = 0
    while offset < target.count {
      var code = HMAC(key: key)
      if counter > 0 { previous.withUnsafeBytes { code.update($0) } }
      counter += 1
      info.withUnsafeBytes { code.update($0) }
      withUnsafeBytes(of: counter) { code.update($0) }
      previous.withUnsafeMutableBytes { code.finish(into: $0) }
      let size = min(block, target.count - offset)
      target[offset..<(offset + size)].copyBytes(from: previous[..<size])
      offset += size
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
