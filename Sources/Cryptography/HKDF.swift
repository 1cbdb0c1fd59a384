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
